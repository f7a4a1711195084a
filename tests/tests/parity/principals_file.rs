//! AuthorizedPrincipalsFile, line by line. The certificate's principals are `ops` and `dev`, never the user's name.

use std::os::unix::fs::{PermissionsExt as _, chown};

use tests::world::World;

use super::case::{Accepts, Case, Refuses};
use super::rig::{PRINCIPALS_FILE, Rig};

pub const NONE: &str = "Certificate does not contain an authorized principal";
const OPTIONS: &str = "Refused by certificate principals options";

pub fn case<'r, 'w>(rig: &'r Rig<'w>, file: &str) -> Case<'r, 'w> {
    let name = format!("{:?}", file.get(..60).unwrap_or(file));
    rig.case(&name, rig.draft().principals(&["ops", "dev"])).principals_file(file)
}

#[test]
fn both_read_names_comments_and_blanks_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    for file in [
        "ops\n",
        "ops",
        "dev",
        "alice\nbob\nops\n",
        "\n\n  \n\t\nops\n",
        "  \tops \t \n",
        "# who may\nops\n",
        "ops # the operators",
        "ops#the operators",
        "ops\t# the operators",
        "#ops\nops",
        "nonsense\ncommand=\nops",
    ] {
        case(&rig, file).accepted();
    }
    let thousands: String = (0..10_000).map(|n| format!("team{n}\n")).collect();
    case(&rig, &format!("{thousands}ops\n")).accepted();
    case(&rig, &format!("{} ops\n", ["restrict"; 2000].join(","))).accepted();

    for file in [
        "",
        "\n",
        "alice\n",
        "#ops\n",
        "# ops\n",
        "OPS\n",
        "op\n",
        "opsx\n",
        "o*\n",
        "*\n",
        "\"ops\"\n",
        "ops,dev\n",
        "ops\r\n",
        "+ops\n",
    ] {
        case(&rig, file).refused(NONE, "no principal that is authorized here");
    }
    rig.case("a comment that cuts a name short", rig.draft().principals(&["op"])).principals_file("op#s").accepted();
    rig.case("a principal with a blank, which no line can name", rig.draft().principals(&["the ops"]))
        .principals_file("the ops\n")
        .refused(NONE, "no principal that is authorized here");
    rig.case("a principal with a tab, behind a space", rig.draft().principals(&["the\tops"]))
        .principals_file("restrict the\tops\n")
        .accepted();
    rig.case("no principals", rig.draft().principals(&[])).principals_file("ops\n").refused(NONE, "names no principals");
    case(&rig, "ops\0x\n").differs(
        Accepts,
        Refuses("no principal that is authorized here"),
        "sshd stops at a NUL; no name has one",
    );
    rig.finish();
}

#[test]
fn both_read_options_in_front_of_a_principal_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    for file in [
        "restrict ops",
        "restrict\tops",
        "restrict  \t ops",
        "restrict \tops",
        "RESTRICT ops",
        "restrict,no-pty,PTY,x11-forwarding,no-user-rc,agent-forwarding,no-port-forwarding ops",
        "no-touch-required ops",
        "environment=\"NAME=a b\",restrict ops",
        "restrict nonsense ops",
        "restrict, ops",
        ",restrict ops",
        "restrict,,pty ops",
        "restrict, pty ops",
        ", ops",
        "cert-authority alice\nops",
        "nonsense ops\nops",
        "command=\"a\",command=\"b\" ops\nops",
        "expiry-time=\"soon\" ops\nops",
        "expiry-time=\"20000101\" alice\nops",
    ] {
        case(&rig, file).accepted();
    }
    for file in [
        "ops alice",
        "restrict;pty ops",
        "command=\"a\",command=\"a\" ops",
        "command=\"a # b\" ops",
        "command=\"a ops",
        "from=\"127.0.0.1\",from=\"127.0.0.1\" ops",
    ] {
        case(&rig, file).refused(NONE, "no principal that is authorized here");
    }
    rig.finish();
}

#[test]
fn both_obey_options_that_deny() {
    let world = World::new();
    let rig = Rig::new(&world);
    for option in ["cert-authority", "principals=\"ops\"", "principals=\"alice,bob\"", "principals=\"\""] {
        case(&rig, &format!("{option} ops")).refused(OPTIONS, "is denied by");
    }
    case(&rig, "verify-required ops").in_session(Refuses("verification-not-asked-for")).differs(
        Accepts,
        Refuses("user-not-verified"),
        "a key that is no security key cannot show that anybody was verified",
    );
    case(&rig, "cert-authority ops\nops").refused(OPTIONS, "is denied by");
    for time in ["20380101", "203801010000", "20380101000000", "20380101Z", "20380101000000Z"] {
        case(&rig, &format!("expiry-time=\"{time}\" ops")).accepted();
    }
    for time in ["20200101", "20200101Z", "19700102"] {
        case(&rig, &format!("expiry-time=\"{time}\" ops")).refused(OPTIONS, "expiry-time has passed");
    }
    case(&rig, "expiry-time=\"20380101\",expiry-time=\"20200101\" ops").refused(OPTIONS, "expiry-time has passed");

    let from = |from: &str| case(&rig, &format!("from=\"{from}\" ops")).module("source_address=ignore");
    from("127.0.0.1").accepted();
    from("127.0.0.*,10.0.0.0/8").accepted();
    from("!10.0.0.1,*").accepted();
    case(&rig, "from=\"*,!127.1\" ops").refused(OPTIONS, "from");
    from("10.0.0.1").differs(Refuses(OPTIONS), Accepts, "the administrator said source_address=ignore");
    from("").differs(Refuses(OPTIONS), Accepts, "the administrator said source_address=ignore");
    case(&rig, "from=\"127.0.0.1\" ops").in_session(Accepts).differs(
        Accepts,
        Refuses("from"),
        "sudo has no peer address that can be trusted",
    );
    rig.finish();
}

#[test]
fn both_merge_commands_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let merged = |line: &str, certificate: Option<&str>| {
        let draft = rig.draft().principals(&["ops"]);
        let draft = match certificate {
            Some(command) => draft.critical_string("force-command", command),
            None => draft,
        };
        rig.case(&format!("{line} with {certificate:?}"), draft).principals_file(line).module("force_command=ignore")
    };
    merged("command=\"id\" ops", None).accepted();
    merged("command=\"id -u\" ops", None).accepted();
    merged("command=\"say \\\"hi\\\"\" ops", Some("say \"hi\"")).accepted();
    merged("command=\"\" ops", None).accepted();
    merged("ops", Some("id")).accepted();
    merged("command=\"id\" ops", Some("id")).accepted();
    for (line, command) in [("command=\"id\" ops", "ls"), ("command=\"id\" ops", "id "), ("command=\"id\" ops", "")] {
        merged(line, Some(command)).refused("forced command options do not match", "another command than its principals line");
    }
    rig.finish();
}

#[test]
fn both_expand_tokens_in_the_file_s_name_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    world.mkdir("/etc/ssh/principals.d", "root", 0o755);
    for name in ["alice", "1001", "100%"] {
        world.write(&format!("/etc/ssh/principals.d/{name}"), "ops\n");
    }
    world.mkdir("/etc/ssh/principals.d/home/alice", "root", 0o755);
    world.write("/etc/ssh/principals.d/home/alice/principals", "ops\n");
    let path = |path: &str| rig.case(path, rig.draft().principals(&["ops"])).principals_path(path);
    for token in ["%u", "%U", "100%%", "/%h/principals"] {
        path(&format!("/etc/ssh/principals.d/{token}")).accepted();
    }
    path("/etc/ssh/principals.d/%%u").refused(NONE, "principals");
    path("/etc/ssh/no-such-file").refused(NONE, "no-such-file");
    path("/etc/ssh/principals.d").refused(NONE, "principals.d");
    rig.finish();
}

#[test]
fn both_refuse_a_file_that_others_may_write() {
    let world = World::new();
    let rig = Rig::new(&world);
    let ops = || case(&rig, "ops");
    ops().spoil(|world| world.own(PRINCIPALS_FILE, "root", 0o646)).refused(NONE, PRINCIPALS_FILE);
    ops().spoil(|world| world.own(PRINCIPALS_FILE, "root", 0o664)).refused(NONE, PRINCIPALS_FILE);
    ops().spoil(|world| world.own(PRINCIPALS_FILE, "bob", 0o644)).refused(NONE, PRINCIPALS_FILE);
    ops().spoil(|world| world.own(PRINCIPALS_FILE, "alice", 0o644)).differs(
        Accepts,
        Refuses(PRINCIPALS_FILE),
        "whoever owns the file chooses who may become root",
    );
    rig.finish();
}

#[test]
fn both_refuse_a_file_in_a_folder_that_others_may_write() {
    let world = World::new();
    let rig = Rig::new(&world);
    world.mkdir("/etc/ssh/open", "root", 0o777);
    world.write("/etc/ssh/open/principals", "ops\n");
    rig.case("a folder of mode 0777", rig.draft().principals(&["ops"]))
        .principals_path("/etc/ssh/open/principals")
        .refused(NONE, "/etc/ssh/open");
    std::fs::set_permissions(world.path("/etc/ssh/open"), std::fs::Permissions::from_mode(0o755)).unwrap();
    rig.case("the same folder, mode 0755", rig.draft().principals(&["ops"]))
        .principals_path("/etc/ssh/open/principals")
        .accepted();
    chown(world.path("/etc/ssh/open"), Some(world.uid("bob")), None).unwrap();
    rig.case("the same folder, another user's", rig.draft().principals(&["ops"]))
        .principals_path("/etc/ssh/open/principals")
        .refused(NONE, "/etc/ssh/open");
    rig.finish();
}
