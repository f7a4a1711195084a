//! YubiKeys that are plugged in, and the service that they are reached by.

use std::fs;
use std::path::Path;

use super::finding::Findings;
use crate::setting::Setting;
use crate::talk::counted;
use crate::verbs::key::list::{self, YubiKey};

const CHECK: &str = "yubikey";
const PCSCD: &str = "/run/pcscd/pcscd.comm";

/// Yubico's vendor number.
const YUBICO: &str = "1050";

pub(super) fn look(setting: &Setting, found: &mut Findings) {
    if !Path::new(PCSCD).exists() {
        let why = match () {
            () if setting.names_a_yubikey() => "ca.toml names a CA in a YubiKey",
            () if is_plugged_in() => "a YubiKey is plugged in",
            () => return, // Hosts need none.
        };
        let is_installed = Path::new("/usr/sbin/pcscd").exists();
        let mend = if is_installed { "systemctl start pcscd.socket" } else { "apt-get install pcscd # dnf install pcsc-lite" };
        return found.warning(CHECK, format!("pcscd does not run, and {why}."), Some(mend.to_owned()));
    }
    match list::all() {
        Err(error) => found.warning(CHECK, error.to_string(), Some("systemctl restart pcscd".to_owned())),
        Ok(listed) => {
            for reader in listed {
                match reader.yubikey {
                    Some(yubikey) => judge(&yubikey, found),
                    None => found.ok(CHECK, format!("{}: {}.", reader.reader, reader.problem.unwrap_or("empty".to_owned()))),
                }
            }
        }
    }
}

/// On the USB of this machine, as the kernel sees it.
fn is_plugged_in() -> bool {
    let devices = fs::read_dir("/sys/bus/usb/devices").into_iter().flatten().flatten();
    let vendors = devices.filter_map(|device| fs::read_to_string(device.path().join("idVendor")).ok());
    vendors.map(|vendor| vendor.trim().to_owned()).any(|vendor| vendor == YUBICO)
}

fn judge(yubikey: &YubiKey, found: &mut Findings) {
    let before = found.0.len();
    let name = format!("YubiKey {}", yubikey.serial);
    let serial = yubikey.serial;
    let is_ca = !yubikey.slots.is_empty();
    let mut known = |what: &str, command: String| {
        let what = format!("{name} has the factory's {what}, which everybody knows.");
        match is_ca {
            true => found.problem(CHECK, what, Some(command)),
            false => found.warning(CHECK, what, Some(command)),
        }
    };
    if yubikey.default_pin == Some(true) {
        known("PIN", format!("ca-tool key pin --serial {serial}"));
    }
    if yubikey.default_puk == Some(true) {
        known("PUK", format!("ykman --device {serial} piv access change-puk"));
    }
    if yubikey.default_management_key {
        known("management key", format!("ykman --device {serial} piv access change-management-key --generate --protect"));
    }
    if yubikey.pin_tries == 0 {
        found.problem(CHECK, format!("{name} has a blocked PIN."), Some(format!("ca-tool key unblock --serial {serial}")));
    }
    firmware(&name, yubikey, found);
    if found.0.len() == before {
        found.ok(CHECK, format!("{name}: firmware {}, {}.", yubikey.firmware, counted(yubikey.slots.len(), "key")));
    }
}

/// Yubico's advisories: YSA-2017-01 (ROCA) and YSA-2024-03 (EUCLEAK). Firmware cannot be changed.
fn firmware(name: &str, yubikey: &YubiKey, found: &mut Findings) {
    let version = numbers(&yubikey.firmware);
    let made_here = |kind: &str| yubikey.slots.iter().any(|slot| slot.algorithm.to_lowercase().starts_with(kind));
    if (&[4, 2, 6][..]..=&[4, 3, 4][..]).contains(&version.as_slice()) && made_here("rsa") {
        let what = format!(
            "{name} (firmware {}) makes RSA keys that can be computed (YSA-2017-01): make an ECDSA one, and trust that instead.",
            yubikey.firmware
        );
        found.problem(CHECK, what, None);
    }
    if version.as_slice() < &[5, 7][..] && made_here("p") {
        let what = format!(
            "{name} (firmware {}): who has it in a laboratory, with the PIN, can copy its ECDSA keys (YSA-2024-03; 5.7 and newer are safe).",
            yubikey.firmware
        );
        found.warning(CHECK, what, None);
    }
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;
    use crate::verbs::key::list::Slot;

    fn yubikey(firmware: &str, algorithm: &'static str) -> YubiKey {
        let slot = Slot {
            slot: "9c".to_owned(),
            algorithm,
            origin: Some("generated"),
            pin_policy: "once",
            touch_policy: Some("always"),
            fingerprint: None,
            public_key: None,
        };
        YubiKey {
            serial: 1,
            firmware: firmware.to_owned(),
            pin_tries: 3,
            puk_tries: Some(3),
            default_pin: Some(false),
            default_puk: Some(false),
            default_management_key: false,
            management_key: "its own",
            slots: vec![slot],
        }
    }

    fn said(yubikey: &YubiKey) -> Vec<(State, String)> {
        let mut found = Findings::default();
        judge(yubikey, &mut found);
        found.0.into_iter().map(|finding| (finding.state, finding.what)).collect()
    }

    #[test]
    fn what_the_factory_set_is_a_problem_where_a_key_hangs_on_it() {
        assert_eq!(said(&yubikey("5.7.4", "p384")), [(State::Ok, "YubiKey 1: firmware 5.7.4, 1 key.".to_owned())]);
        let mut known = yubikey("5.7.4", "p384");
        (known.default_pin, known.default_puk, known.default_management_key) = (Some(true), Some(true), true);
        assert_eq!(said(&known).iter().filter(|(state, _)| *state == State::Problem).count(), 3);
        known.slots.clear();
        assert_eq!(said(&known).iter().filter(|(state, _)| *state == State::Warning).count(), 3);
    }

    #[test]
    fn a_blocked_pin_is_a_problem() {
        let blocked = YubiKey { pin_tries: 0, ..yubikey("5.7.4", "p384") };
        assert!(matches!(said(&blocked).as_slice(), [(State::Problem, what)] if what.contains("blocked")));
    }

    #[test]
    fn firmware_with_known_faults_counts_for_the_keys_that_have_them() {
        for (firmware, algorithm, state) in [
            ("4.2.6", "rsa2048", State::Problem),
            ("4.3.4", "rsa2048", State::Problem),
            ("4.3.5", "rsa2048", State::Ok),
            ("4.2.5", "rsa2048", State::Ok),
            ("5.4.3", "p256", State::Warning),
            ("5.6.9", "p384", State::Warning),
            ("5.7.0", "p256", State::Ok),
            ("5.4.3", "rsa2048", State::Ok),
        ] {
            assert_eq!(said(&yubikey(firmware, algorithm)).first().unwrap().0, state, "{firmware} {algorithm}");
        }
    }
}
