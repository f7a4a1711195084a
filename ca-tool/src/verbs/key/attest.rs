//! `ca-tool key attest`: the device's word that it made the key, checked up to Yubico's roots.

use super::{Attested, Root, Slot, Which, print_json};
use crate::attestation::chain::Trust;
use crate::attestation::{self, roots::Roots};
use crate::backend::yubikey;
use crate::error::{Error, Result};
use crate::setting::Setting;
use crate::talk;

/// Check that a key was made on a YubiKey and under which policies it is kept
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    slot: Slot,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    root: Root,
}

pub(super) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let roots: Roots = args.root.roots()?;
    let mut device = args.which.open()?;
    let key = yubikey::key_in(&mut device, args.slot.slot)?;
    let public_key = yubikey::public_key(&device, &key)?;
    let attestation = attestation::attest(&mut device, args.slot.slot, public_key.key_data(), &roots)?;
    let attested = Attested::new(&device, args.slot.slot, &attestation.statement, &attestation.trust);
    if setting.json {
        print_json(&attested)?;
    } else {
        talk::print(attested.line())?;
    }
    demand(&attestation.trust)
}

/// Says whom the attestation is believed from.
///
/// # Errors
/// When it is nobody.
pub(crate) fn demand(trust: &Trust) -> Result<()> {
    match trust {
        Trust::Yubico(root) => {
            talk::say(format_args!("Attested by Yubico ({root}): the key was made on this YubiKey and cannot leave it."));
            Ok(())
        }
        Trust::Named(root) => {
            talk::warn(format_args!("Attested by {root}, which is not Yubico's: it is believed because of --root."));
            Ok(())
        }
        Trust::UnknownIssuer(issuer) => Err(Error::new(
            format!(
                "NOT TRUSTED: the attestation leads to \"{issuer}\", whom nobody here knows. Anyone may have made this key."
            ),
            "If it is a new authority of Yubico's (https://developers.yubico.com/PKI/), name its certificates with --root.",
        )),
        Trust::BadSignature(issuer) => Err(Error::new(
            format!("NOT TRUSTED: the attestation claims to be from \"{issuer}\", but the signature is not theirs."),
            "Do not use this key as a CA.",
        )),
        Trust::Malformed => Err(Error::new(
            "NOT TRUSTED: the attestation is no X.509 certificate.",
            "Do not use this key as a CA; if the YubiKey is new, please report it with its firmware.",
        )),
    }
}
