//! A YubiKey in a port of the CA's host.

use software_yubikey::{Firmware, YubiKey, attestation_root_pem};
use tests::world::World;

use super::rig::{Finding, doctor};

#[test]
fn what_the_factory_set_is_found_until_the_yubikey_is_made_a_ca_and_old_firmware_for_ever() {
    let world = World::new();
    world.install_ca_tool();
    world.write("/root/root.pem", &attestation_root_pem());
    let ports = world.pcscd();
    let states = || -> Vec<Finding> { doctor(&world).0.into_iter().filter(|finding| finding.check == "yubikey").collect() };
    assert!(states().is_empty(), "nothing is plugged in: {:#?}", states());

    ports.plug(&YubiKey::new(5_001_234, Firmware::V5_4));
    let factory = states();
    for (what, mend) in
        [("PIN", "ca-tool key pin --serial 5001234"), ("PUK", "change-puk"), ("management key", "change-management-key")]
    {
        let words = format!("has the factory's {what}, which everybody knows");
        let finding =
            factory.iter().find(|finding| finding.what.contains(&words)).unwrap_or_else(|| panic!("{what}: {factory:#?}"));
        assert!(
            finding.state == "warning" && finding.mend.as_ref().is_some_and(|command| command.contains(mend)),
            "{finding:?}"
        );
    }

    let init = "ca-tool init --serial 5001234 --reset --yes --algorithm p384 --root root.pem";
    world.shell("root", &format!("{init} --secret-fd new-pin=3 3<<<pin:4711 --secret-fd new-puk=4 4<<<puk:4711")).ok();
    let states = states();
    assert!(
        matches!(states.as_slice(), [one] if one.state == "warning" && one.what.contains("firmware 5.4.3") && one.mend.is_none()),
        "{states:#?}"
    );
}

#[test]
fn that_pcscd_does_not_run_is_said_where_a_ca_is_in_a_yubikey_and_nowhere_else() {
    let world = World::new();
    world.install_ca_tool();
    let said = || doctor(&world).0.into_iter().find(|finding| finding.check == "yubikey");
    assert!(said().is_none(), "{:?}", said());
    world.mkdir("/etc/ussh", "root", 0o755);
    world.write("/etc/ussh/ca.toml", "default_ca = \"main\"\n[ca.main]\nkey = \"yubikey:slot=9c\"\n");
    let finding = said().expect("it is said");
    assert!(finding.state == "warning" && finding.what.contains("pcscd does not run, and ca.toml names"), "{finding:?}");
    assert!(finding.mend.as_ref().is_some_and(|mend| mend.contains("pcscd")), "{finding:?}");
}
