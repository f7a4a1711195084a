//! `ca-tool init`: makes a YubiKey a CA.
//!
//! The order is such that an interruption leaves nothing half-done that looks done: secrets are shown before they are set;
//! PUK, PIN and management key are changed before there is a key; and the lines for the servers are printed last, when the key is
//! there and attested. Started again, it goes on where it stopped.

mod access;
mod question;
mod reset;
mod shown;
mod wizard;

use std::path::PathBuf;

use ::yubikey::piv::SlotId;
use serde::Serialize;
use ssh_key::HashAlg;

use super::key::generate::{self, Algorithm, Kind, Pin, Touch};
use super::key::{Attested, Root, Which, attest, export, print_json, slot_id};
use crate::attestation;
use crate::backend::yubikey;
use crate::backend::yubikey::device::Device;
use crate::error::Result;
use crate::setting::Setting;
use crate::talk;

/// Make a YubiKey a CA: new PIN, PUK and management key, and a key that is made on the device
///
/// On a terminal and without options it asks for everything. With options it asks for PINs only.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// PIV slot for the key: 9a, 9c, 9d, 9e, 82 to 95 [default: 9c]
    #[arg(long, value_name = "SLOT", value_parser = slot_id)]
    slot: Option<SlotId>,
    /// Type of the key; ed25519, rsa3072 and rsa4096 need firmware 5.7 [default: p384]
    #[arg(long, value_enum)]
    algorithm: Option<Algorithm>,
    /// When the PIN is wanted: before each signature, once a session, or never [default: always]
    #[arg(long, value_enum)]
    pin_policy: Option<Pin>,
    /// When a touch is wanted: for each signature, once in 15 seconds, or never [default: always]
    #[arg(long, value_enum)]
    touch_policy: Option<Touch>,
    /// Draw PIN and PUK at random, and show them once on the terminal
    #[arg(long)]
    generate_secrets: bool,
    /// Draw PIN and PUK at random, and write them to a new file instead of showing them
    #[arg(long, value_name = "FILE")]
    secrets_file: Option<PathBuf>,
    /// Overwrite the key that the slot holds
    #[arg(long)]
    force: bool,
    /// Reset PIV first: destroys all its keys and certificates, and brings back the factory's PIN and PUK
    #[arg(long)]
    reset: bool,
    /// Do not ask whether the reset is meant
    #[arg(long, requires = "reset")]
    yes: bool,
    #[command(flatten)]
    root: Root,
}

/// What is to be made: typed as options, or answered to the wizard.
struct Plan {
    slot: SlotId,
    kind: Kind,
    secrets: NewSecrets,
}

/// Where new PINs and PUKs come from.
enum NewSecrets {
    Asked,
    Shown,
    Written(PathBuf),
}

/// What `--json` prints.
#[derive(Serialize)]
struct Made {
    #[serde(flatten)]
    attested: Attested,
    fingerprint: String,
    public_key: String,
    known_hosts: String,
}

pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let roots = args.root.roots()?;
    let asked = args.is_bare() && !setting.json && question::somebody_is_there();
    let mut device = if asked { wizard::device(&args.which)? } else { args.which.open()? };
    let plan = if asked { wizard::plan(&device)? } else { args.plan() };

    generate::refuse_firmware(&device, plan.kind.algorithm)?;
    plan.secrets.refuse_no_place()?;
    if args.reset {
        reset::reset(&mut device, args.yes)?;
    }
    generate::refuse_overwriting(&mut device, plan.slot, args.force)?;
    access::secure(&mut device, &plan.secrets, setting)?;
    generate::generate(&mut device, plan.slot, plan.kind)?;
    report(&mut device, plan.slot, &roots, setting)
}

impl Args {
    /// Without options but those that say which YubiKey and whom to believe.
    fn is_bare(&self) -> bool {
        let kind = self.algorithm.is_none() && self.pin_policy.is_none() && self.touch_policy.is_none();
        let secrets = !self.generate_secrets && self.secrets_file.is_none();
        self.slot.is_none() && kind && secrets && !self.force && !self.reset
    }

    fn plan(&self) -> Plan {
        Plan {
            slot: self.slot.unwrap_or(SlotId::Signature),
            kind: Kind {
                algorithm: self.algorithm.unwrap_or(Algorithm::P384),
                pin_policy: self.pin_policy.unwrap_or(Pin::Always),
                touch_policy: self.touch_policy.unwrap_or(Touch::Always),
            },
            secrets: match (&self.secrets_file, self.generate_secrets) {
                (Some(file), _) => NewSecrets::Written(file.clone()),
                (None, true) => NewSecrets::Shown,
                (None, false) => NewSecrets::Asked,
            },
        }
    }
}

/// Attests the new key and prints what servers and clients need of it.
fn report(device: &mut Device, slot: SlotId, roots: &attestation::roots::Roots, setting: &Setting) -> Result<()> {
    let key = yubikey::key_in(device, slot)?;
    let public_key = yubikey::public_key(device, &key)?;
    let attestation = attestation::attest(device, slot, public_key.key_data(), roots)?;
    attest::demand(&attestation.trust)?;
    let made = Made {
        attested: Attested::new(device, slot, &attestation.statement, &attestation.trust),
        fingerprint: public_key.fingerprint(HashAlg::Sha256).to_string(),
        public_key: export::trusted_user_ca_keys(&public_key)?,
        known_hosts: export::known_hosts(&public_key, "*")?,
    };
    if setting.json {
        return print_json(&made);
    }
    talk::print(format_args!("# {}, {}", made.attested.line(), made.fingerprint))?;
    talk::print(&made.public_key)?;
    talk::print(&made.known_hosts)?;
    talk::say("The second line is for TrustedUserCAKeys on servers, the third for known_hosts on clients (* is every host).");
    talk::say(format_args!(
        "Sign with it: ca-tool sign -s 'yubikey:slot={};serial={}' -I ID -n USER KEY.pub",
        yubikey::slot::number(slot),
        device.serial()
    ));
    Ok(())
}
