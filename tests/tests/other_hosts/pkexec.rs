//! pkexec: polkit's helper runs the stacks, started by whichever program shows polkit's questions.

use tests::setting::{Person, assert_logged, assert_refused, assert_root};
use tests::world::{Output, Request, Session, World};

use crate::page::follow;

/// polkit's questions are shown by a pkttyagent of the person's, which has their environment.
const WITH_PKTTYAGENT: &str = "fifo=$(mktemp -u); mkfifo $fifo
pkttyagent --process $$ --notify-fd 4 4>$fifo & agent=$!
cat $fifo # until it is registered
pkexec --disable-internal-agent id -u; code=$?
kill $agent; (exit $code)";

/// polkit's question throws away what was typed before it had set the terminal. This tells when it has.
const TELL_WHEN_READY: &str = "(until stty -a </dev/tty | grep -q -e -echoe; do sleep 0.05; done; echo ready >/dev/tty) &\n";

const KEEP: &str = "polkit.addRule(function(action, subject) {
    if (action.id == \"org.freedesktop.policykit.exec\") return polkit.Result.AUTH_SELF_KEEP;
});";

/// polkitd starts with the rule: nobody has to wait until it has seen a new one.
fn world_with_polkit(rule: &str) -> World {
    let world = World::new();
    world.polkit(rule);
    follow(&world, "polkit-1");
    world
}

fn alice_of<'w>(world: &'w World, person: &Person<'w>) -> Session<'w> {
    world.ssh("alice").agent(&person.agent).tty().open()
}

#[test]
fn an_agent_of_polkits_that_the_person_started_reaches_their_ssh_agent() {
    let world = world_with_polkit("");
    let person = Person::new(&world, &Request::new("alice@corp").principals("root"));
    let mut alice = alice_of(&world, &person);
    assert_root(&alice.run(WITH_PKTTYAGENT));
    let accepted = "pam_ussh(polkit-1:auth): accepted user=\"root\" by=\"alice\"";
    assert_logged(&world, &["polkit-agent-helper-1", accepted, "principal=\"root\""]);
}

#[test]
fn the_certificate_must_name_whom_polkit_wants_to_hear() {
    let world = world_with_polkit("");
    let person = Person::new(&world, &Request::new("alice@corp").principals("alice"));
    let mut alice = alice_of(&world, &person);
    let running = alice.start(&format!("{TELL_WHEN_READY}{WITH_PKTTYAGENT}"));
    alice.wait_for("Authenticating as: root");
    alice.wait_for("does not name root as a principal. Get one that names you, then run ");
    // The page's other way in.
    alice.wait_for("Password: ");
    alice.wait_for("ready");
    alice.type_line("root-password");
    assert_root(&alice.finish(running));
    assert_logged(&world, &["pam_ussh(polkit-1:auth): refused", "reason=not-for-user", "user=\"root\"", "by=\"alice\""]);
}

#[test]
fn the_agent_inside_pkexec_has_forgotten_the_environment() {
    let world = world_with_polkit("");
    let person = Person::new(&world, &Request::new("alice@corp").principals("root"));
    let mut alice = alice_of(&world, &person);
    let with_the_module = world.read("/etc/pam.d/polkit-1");
    let version = world.run(&["pkexec", "--version"]).ok().stdout.clone();
    // Debian 12's; not 126, Debian 13's.
    let fails_with_the_right_password = version.trim_end() == "pkexec version 122";
    let without = with_the_module.replace("pam_ussh.so", "pam_debug.so auth=auth_err");
    for (lines, is_asked) in [(with_the_module, true), (without, false)] {
        world.pam("polkit-1", &lines);
        let running = alice.start(&format!("{TELL_WHEN_READY}pkexec id -u"));
        if is_asked {
            alice.wait_for("Your ssh-agent cannot be asked: SSH_AUTH_SOCK is not set.");
        }
        alice.wait_for("Password: ");
        alice.wait_for("ready");
        alice.type_line("root-password");
        let answer = alice.finish(running);
        if fails_with_the_right_password {
            assert_refused(&answer, "No session for cookie")
        } else {
            assert_root(&answer)
        }
        let log = world.module_log();
        assert_eq!(log.iter().filter(|line| line.contains("reason=no-agent")).count(), usize::from(is_asked), "{log:#?}");
    }
}

#[test]
fn what_polkit_keeps_is_not_asked_again() {
    let world = world_with_polkit(KEEP);
    let person = Person::new(&world, &Request::new("alice@corp").principals("alice"));
    let mut alice = alice_of(&world, &person);
    let twice = WITH_PKTTYAGENT.replace("code=$?", "touch asked; until [ -e go ]; do sleep 0.05; done; pkexec id -u; code=$?");
    let running = alice.start(&format!("cd; {twice}"));
    world.run(&["bash", "-c", "until [ -e /home/alice/asked ]; do sleep 0.05; done"]).ok();
    assert_logged(&world, &["pam_ussh(polkit-1:auth): accepted user=\"alice\""]);
    person.agent.ssh_add(&["-q", "-D"]).ok();
    world.write("/home/alice/go", "");
    let answer: Output = alice.finish(running);
    assert_eq!(answer.ok().stdout, "0\n0\n");
    assert_eq!(world.module_log(), [""; 0]);
}

/// polkit 127 and newer: a service of root's runs the helper, without the person's environment.
#[test]
fn a_helper_that_systemd_starts_has_no_agent() {
    let world = world_with_polkit("");
    let person = Person::new(&world, &Request::new("alice@corp").principals("alice,root"));
    world.pam("polkit-1", "auth required pam_ussh.so\naccount required pam_ussh.so\n");
    for user in ["root", "alice"] {
        let helper = format!("echo cookie | /usr/lib/polkit-1/polkit-agent-helper-1 {user}");
        let answer = world.run(&["bash", "-c", &helper]);
        assert_eq!(answer.code, 1, "{answer}");
        assert_logged(&world, &["pam_ussh(polkit-1:auth): refused", "reason=no-agent", "SSH_AUTH_SOCK is not set"]);
    }
    // The same person, by a helper of theirs, gets past the stacks.
    let mut alice = alice_of(&world, &person);
    assert_root(&alice.run(WITH_PKTTYAGENT));
}
