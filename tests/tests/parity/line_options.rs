//! Every spelling of an option in front of a principal that somebody might write.

use tests::world::World;

use super::case::{Accepts, Refuses};
use super::principals_file::{NONE, case};
use super::rig::Rig;

const GOOD: &[&str] = &[
    "expiry-time=\"20380101z\"",
    "expiry-time=\"20380101UTC\"",
    "expiry-time=\"20380101utc\"",
    "expiry-time=\"20380101235960\"",
    "expiry-time=\"99991231\"",
    "permitopen=\"*:80\"",
    "permitopen=\"*:*\"",
    "permitopen=\"host:*\"",
    "permitopen=\"[::1]:80\"",
    "permitopen=\"host:080\"",
    "permitopen=\"[host]:80\"",
    "permitopen=\"host:+80\"",
    "permitopen=\"ho st:80\"",
    "permitopen=\"[]:80\"",
    "permitopen=\"host:80\",permitopen=\"host:80\"",
    "permitlisten=\"*:80\"",
    "permitlisten=\"80\"",
    "permitlisten=\"*\"",
    "permitlisten=\"[::]:80\"",
    "tunnel=\"0\"",
    "tunnel=\"ANY\"",
    "tunnel=\"2147483645\"",
    "tunnel=\"+1\"",
    "tunnel=\"01\"",
    "environment=\"A=\"",
    "environment=\"A_1=x\"",
    "environment=\"1A=x\"",
    "environment=\"A=b\",environment=\"A=c\"",
    "command=\"\\\"\"",
    "command=\"a\\b\"",
    "command=\"a\" ",
    "Command=\"a\"",
    "command=\"\u{e9}\"",
    "no-pty,no-pty",
    "x11-Forwarding",
    "no-verify-required",
    "touch-required",
    "restrict,restrict",
    "agent-forwarding,port-forwarding,user-rc",
];

const BAD: &[&str] = &[
    "nonsense",
    "no-restrict",
    "tunnel=\"x\"",
    "tunnel=1",
    "permitopen=\"host\"",
    "permitopen=\"host:0\"",
    "permitlisten=\"host:x\"",
    "environment=\"NAME\"",
    "environment=\"a-b=c\"",
    "expiry-time=\"soon\"",
    "expiry-time=\"20301301\"",
    "expiry-time=20300101",
    "command=a",
    "command",
    "expiry-time=\"203801012400\"",
    "expiry-time=\"00000101\"",
    "expiry-time=\"19691231\"",
    "expiry-time=\"19700101\"",
    "expiry-time=\"19700101Z\"",
    "expiry-time=\"20380100\"",
    "expiry-time=\"20380001\"",
    "expiry-time=\"+0380101\"",
    "expiry-time=\"2038010112\"",
    "expiry-time=\"20380101T12\"",
    "expiry-time=\"20380101T120000\"",
    "expiry-time=\"2038-01-01\"",
    "expiry-time=\"\"",
    "expiry-time=\"Z\"",
    "permitopen=\"host:80-90\"",
    "permitopen=\"::1:80\"",
    "permitopen=\"host:65536\"",
    "permitopen=\"host:ssh\"",
    "permitopen=\"80\"",
    "permitopen=\"\"",
    "permitopen=\"host:80:90\"",
    "permitopen=\"[::1:80\"",
    "permitlisten=\"localhost:0\"",
    "permitlisten=\"0\"",
    "permitlisten=\"\"",
    "permitlisten=\"host/80\"",
    "permitlisten=\"-1\"",
    "tunnel=\"0:1\"",
    "tunnel=\"any:1\"",
    "tunnel=\"2147483647\"",
    "tunnel=\"2147483646\"",
    "tunnel=\"-1\"",
    "tunnel=\"\"",
    "environment=\"=x\"",
    "environment=\"\u{e9}=x\"",
    "environment=\"A\"",
    "environment=\"A.B=x\"",
    "command=\"\\\\\"",
    "command=\"a\"x",
    "command =\"a\"",
    "command= \"a\"",
    "command='a'",
    "no-no-pty",
    "nopty",
    "no-cert-authority",
    "permitopen",
    "tunnel",
    "environment",
    "from",
    "principals",
    "expiry-time",
    "pty=\"x\"",
    "\"restrict\"",
    "restrict\"",
    "=",
    "=\"x\"",
];

/// sshd reads these because of how it is written: by strptime(3), which takes blanks and a second 61 and leaves 30
/// February to mktime(3), and by a host that may be empty or end at a slash.
const READ_BY_SSHD_ALONE: &[&str] = &[
    "expiry-time=\"20380230\"",
    "expiry-time=\"20380101235961\"",
    "expiry-time=\"2038 101\"",
    "permitopen=\":80\"",
    "permitopen=\"host/80\"",
    "permitopen=\"host: 80\"",
    "tunnel=\" 1\"",
];

#[test]
fn both_know_the_same_options() {
    let world = World::new();
    let rig = Rig::new(&world);
    let line = |option: &str| case(&rig, &format!("{option} ops")).module("force_command=ignore source_address=ignore");
    for option in GOOD {
        line(option).accepted();
    }
    for option in BAD {
        line(option).refused(NONE, "no principal that is authorized here");
    }
    for option in READ_BY_SSHD_ALONE {
        line(option).differs(
            Accepts,
            Refuses("no principal that is authorized here"),
            "not what sshd(8) describes; whoever wrote it meant something else",
        );
    }
    rig.finish();
}
