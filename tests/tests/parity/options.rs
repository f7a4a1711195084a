//! Critical options and extensions.

use tests::world::World;

use super::case::{Accepts, Refuses};
use super::draft::string;
use super::rig::Rig;

const INVALID: &str = "Invalid certificate options";

#[test]
fn both_judge_options_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let draft = || rig.draft();

    rig.case("no options at all", draft().change(|draft| draft.extensions.clear())).accepted();
    rig.case("an extension that nobody knows", draft().extension("login@example.com", b"")).accepted();
    rig.case("an extension that nobody knows, with a value", draft().extension("login@example.com", &string(b"alice")))
        .accepted();
    rig.case("an extension twice", draft().extension("permit-pty", b"")).accepted();
    rig.case("extensions out of order", draft().extension("a@example.com", b"")).accepted();
    rig.case("a critical option among the extensions", draft().extension("force-command", &string(b"id"))).accepted();
    rig.case("a known extension with a value", draft().extension("permit-user-rc", b"x")).refused(INVALID, "malformed option");

    let unknown = |name, draft| rig.case(name, draft).refused(INVALID, "unknown critical option");
    unknown("a critical option that nobody knows", draft().critical("new@example.com", b""));
    unknown("a critical option that nobody knows, with a value", draft().critical_string("new@example.com", "x"));
    unknown("a critical option without a name", draft().critical("", b""));
    unknown("a critical option in capitals", draft().critical_string("FORCE-COMMAND", "id"));
    unknown("an extension among the critical options", draft().critical("permit-pty", b""));
    unknown("no-touch-required among the critical options", draft().critical("no-touch-required", b""));

    rig.case("a critical option cut off", draft().change(|draft| draft.critical_tail = string(b"force-command")))
        .unreadable("is malformed");
    rig.case("bytes behind the critical options", draft().change(|draft| draft.critical_tail = vec![0, 0]))
        .unreadable("is malformed");

    let software = rig.case("verify-required with a key that is no security key", draft().critical("verify-required", b""));
    software.in_session(Refuses("verification-not-asked-for")).differs(
        Accepts,
        Refuses("user-not-verified"),
        "such a key cannot show that anybody was verified; sshd looks at this option for security keys only",
    );
    rig.case("verify-required with a value", draft().critical_string("verify-required", "x"))
        .refused(INVALID, "malformed option");

    rig.finish();
}

#[test]
fn both_judge_force_command_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let command =
        |name, value: &[u8]| rig.case(name, rig.draft().critical("force-command", value)).module("force_command=ignore");

    command("a command", &string(b"/usr/bin/id")).accepted();
    command("an empty command", &string(b"")).accepted();
    command("a command that is not UTF-8", &string(b"\xff")).accepted();
    command("a command with bytes behind it", &[string(b"id"), vec![0]].concat()).refused(INVALID, "malformed option");
    command("a command that is not a string", b"id").refused(INVALID, "malformed option");
    command("a command with a NUL behind it", &string(b"id\0")).accepted();
    command("a command with a NUL in it", &string(b"i\0d")).refused(INVALID, "malformed option");
    command("nothing", b"").refused(INVALID, "malformed option");

    let twice = rig.draft().critical_string("force-command", "id").critical_string("force-command", "id");
    rig.case("force-command twice", twice).module("force_command=ignore").refused(INVALID, "more than once");

    rig.case("force-command, under sudo", rig.draft().critical_string("force-command", "id")).in_session(Accepts).differs(
        Accepts,
        Refuses("is bound to one command"),
        "sshd runs that command and no other; sudo's command is another one",
    );
    rig.finish();
}

#[test]
fn both_judge_source_address_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let address =
        |name, list: &str| rig.case(name, rig.draft().critical_string("source-address", list)).module("source_address=ignore");

    address("the peer's address", "127.0.0.1").accepted();
    address("the peer's network", "127.0.0.0/8").accepted();
    address("the peer's network among others", "10.0.0.0/8,127.0.0.0/8,2001:db8::/32").accepted();
    address("every address", "0.0.0.0/0").accepted();

    for (name, list) in [
        ("a name", "localhost"),
        ("a word", "nowhere"),
        ("a mask too long", "127.0.0.0/33"),
        ("a mask that is no number", "127.0.0.0/x"),
        ("a mask too short for the address", "127.0.0.1/8"),
        ("an empty list", ""),
        ("an empty entry", "127.0.0.1,,10.0.0.1"),
        ("a comma at the end", "127.0.0.1,"),
        ("a blank in between", "127.0.0.1, 10.0.0.1"),
        ("a negated address", "!10.0.0.1,127.0.0.1"),
        ("a pattern", "127.0.0.*"),
        ("an address of five numbers", "127.0.0.0.1"),
        ("an address and a port", "127.0.0.1:22"),
        ("a bad entry behind a good one", "127.0.0.1,nowhere"),
        ("brackets", "[::1]"),
        ("an address with a zone", "fe80::1%lo"),
    ] {
        address(name, list).refused("Failed publickey", "malformed option");
    }

    let raw =
        |name, value: &[u8]| rig.case(name, rig.draft().critical("source-address", value)).module("source_address=ignore");
    raw("bytes behind the list", &[string(b"127.0.0.1"), vec![0]].concat()).refused(INVALID, "malformed option");
    let twice = rig.draft().critical_string("source-address", "127.0.0.1").critical_string("source-address", "127.0.0.1");
    rig.case("source-address twice", twice).module("source_address=ignore").refused(INVALID, "more than once");

    for (name, list) in [("three numbers for four", "127.0.1"), ("one number for four", "2130706433"), ("octal", "0177.0.0.1")]
    {
        address(name, list).differs(
            Accepts,
            Refuses("malformed option"),
            "spellings that programs read as different addresses",
        );
    }
    for (name, list) in [("another network", "10.0.0.0/8"), ("another address family", "::1/128")] {
        address(name, list).differs(
            Refuses("Refused by certificate options"),
            Accepts,
            "the administrator said source_address=ignore: sudo has no peer address that can be trusted",
        );
    }
    rig.case("source-address, under sudo", rig.draft().critical_string("source-address", "127.0.0.1"))
        .in_session(Accepts)
        .differs(
            Accepts,
            Refuses("is bound to source addresses"),
            "sshd knows its peer's address; sudo has only what the user says",
        );
    rig.finish();
}
