//! `ca-tool key export`: the CA's public key, as TrustedUserCAKeys and known_hosts want it.

use ::yubikey::piv::SlotId;
use serde::Serialize;
use ssh_key::{HashAlg, PublicKey};

use super::{Slot, Which, print_json};
use crate::backend::yubikey::{self, device::Device};
use crate::error::{OrSay, Result};
use crate::setting::Setting;
use crate::talk;

/// Print a key's public half, for TrustedUserCAKeys or known_hosts
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    slot: Slot,
    #[command(flatten)]
    which: Which,
    /// As a line of known_hosts, for hosts that match PATTERNS [default: *]
    #[arg(long, value_name = "PATTERNS", num_args = 0..=1, default_missing_value = "*", require_equals = true)]
    known_hosts: Option<String>,
}

#[derive(Serialize)]
struct Exported {
    serial: u32,
    slot: String,
    fingerprint: String,
    public_key: String,
    known_hosts: String,
}

pub(super) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let mut device = args.which.open()?;
    let key = yubikey::key_in(&mut device, args.slot.slot)?;
    let public_key = yubikey::public_key(&device, &key)?;
    print(&device, args.slot.slot, &public_key, args.known_hosts.as_deref(), setting)
}

/// Prints the line, or with `--json` all there is to say of the key.
pub(super) fn print(device: &Device, slot: SlotId, key: &PublicKey, patterns: Option<&str>, setting: &Setting) -> Result<()> {
    if setting.json {
        return print_json(&Exported {
            serial: device.serial(),
            slot: yubikey::slot::number(slot),
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
            public_key: trusted_user_ca_keys(key)?,
            known_hosts: known_hosts(key, patterns.unwrap_or("*"))?,
        });
    }
    talk::print(match patterns {
        Some(patterns) => known_hosts(key, patterns)?,
        None => trusted_user_ca_keys(key)?,
    })
}

/// A line of TrustedUserCAKeys (sshd_config(5)): type, base64, `Y` and the serial number.
pub(crate) fn trusted_user_ca_keys(key: &PublicKey) -> Result<String> {
    key.to_openssh().or_say("The public key cannot be written", "This is a defect: please report it.")
}

/// A line of known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
pub(crate) fn known_hosts(key: &PublicKey, patterns: &str) -> Result<String> {
    Ok(format!("@cert-authority {patterns} {}", trusted_user_ca_keys(key)?))
}
