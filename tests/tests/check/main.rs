//! `ca-tool check`: what pam_ussh would say to somebody's sudo, in its own words, before they run it.

mod lines;

use tests::setting::{Person, assert_refused, assert_root, sudo};
use tests::world::{Output, Request, World};

const SUDO: &str = "auth sufficient pam_ussh.so\naccount required pam_ussh.so\nsession required pam_permit.so\n";

fn world(sudo: &str) -> World {
    let world = World::new();
    world.install_pam_try();
    world.install_ca_tool();
    world.pam("sudo", sudo);
    world
}

/// alice's own agent: for hers, `check` needs no root.
fn person<'w>(world: &'w World, request: &Request) -> Person<'w> {
    Person::with_agent(world, world.agent_of("alice", "/home/alice/agent"), request)
}

fn check(world: &World, user: &str, words: &[&str]) -> Output {
    let words = [&["ca-tool", "check"], words].concat();
    world.run_with(user, &[("SSH_AUTH_SOCK", "/home/alice/agent")], &words)
}

#[test]
fn a_good_certificate_is_accepted_by_check_and_by_sudo() {
    let world = world(SUDO);
    let person = person(&world, &Request::new("alice@corp").serial(7));
    let answer = check(&world, "alice", &[]);
    let lines: Vec<_> = answer.ok().stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{answer}");
    assert!(lines[0].starts_with("accepted  \"alice@corp\" serial 7, key SHA256:"), "{answer}");
    assert_eq!(lines[1], "pam_ussh accepts alice for sudo.");
    assert_eq!(answer.stderr, "");
    assert_root(&sudo(&world, "alice", person.agent.socket()));
}

#[test]
fn a_refusal_has_the_words_that_sudo_says() {
    let world = world(SUDO);
    let person = person(&world, &Request::new("alice@corp").validity("-2h:-1h"));
    let sentence = "Your certificate \"alice@corp\" expired 1 hour ago. Get a new one, then run sudo again.";
    let answer = check(&world, "alice", &[]);
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.stdout.starts_with("refused   \"alice@corp\" serial 1, ") && answer.stdout.contains(sentence), "{answer}");
    assert!(answer.stderr.contains("pam_ussh refuses sudo to alice (PAM_CRED_EXPIRED)."), "{answer}");
    assert!(answer.stderr.contains(sentence), "{answer}");
    assert_refused(&sudo(&world, "alice", person.agent.socket()), sentence);
}

#[test]
fn each_certificate_has_a_line_and_one_good_one_is_enough() {
    let world = world(SUDO);
    let person = person(&world, &Request::new("old").validity("-2h:-1h"));
    for request in [Request::new("bob").principals("bob"), Request::new("good")] {
        let key = world.key("ed25519");
        person.ca.sign(&key, &request);
        person.agent.add(&key);
    }
    let stranger = world.key("ecdsa");
    world.ca("ed25519").sign(&stranger, &Request::new("stranger"));
    person.agent.add(&stranger);
    let answer = check(&world, "alice", &[]);
    answer.ok();
    for (verdict, id, reason) in [
        ("refused", "old", "expired 1 hour ago"),
        ("refused", "bob", "does not name alice as a principal"),
        ("accepted", "good", ""),
        ("refused", "stranger", "is signed by a CA that this host does not trust"),
    ] {
        let start = format!("{verdict:10}\"{id}\"");
        let line = answer.stdout.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{id}: {answer}"));
        assert!(line.contains(reason), "{line}");
    }
    let json = check(&world, "alice", &["--json"]);
    assert!(json.ok().stdout.contains("\"accepted\":true") && json.stdout.contains("\"key_id\":\"stranger\""), "{json}");
}

#[test]
fn a_key_that_the_agent_will_not_sign_with_is_seen() {
    let world = world(SUDO);
    let person = person(&world, &Request::new("alice@corp"));
    // The certificate alone, bound to logins elsewhere: the agent signs nothing else with it.
    person.agent.ssh_add(&["-q", "-D"]).ok();
    let known_hosts = "/etc/ssh/ssh_known_hosts";
    person.agent.ssh_add(&["-q", "-H", known_hosts, "-h", "localhost", person.key.path()]).ok();
    let answer = check(&world, "alice", &[]);
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.stdout.contains("refused   ") && answer.stdout.contains("refused to sign"), "{answer}");
}

#[test]
fn a_security_key_is_touched_once() {
    let world = world(SUDO);
    let security_key = world.security_key();
    let person = person(&world, &Request::new("plain").principals("bob"));
    let key = world.key("ed25519-sk");
    person.ca.sign(&key, &Request::new("alice@sk"));
    person.agent.add(&key);
    security_key.touches();
    let answer = check(&world, "alice", &[]);
    answer.ok();
    assert!(
        answer.stdout.contains("good      \"alice@sk\"") && answer.stdout.contains("once its security key is touched"),
        "{answer}"
    );
    assert!(answer.stdout.ends_with("pam_ussh accepts alice for sudo.\n"), "{answer}");
    assert_eq!(answer.stderr.matches("Touch your security key for certificate \"alice@sk\"").count(), 1, "{answer}");
    assert_eq!(security_key.touches(), 1, "{answer}");
}

#[test]
fn nothing_to_ask_is_said_in_the_modules_words() {
    let world = world(SUDO);
    let person = person(&world, &Request::new("alice@corp"));
    let answer = world.run_as("alice", &["ca-tool", "check"]);
    assert!(answer.refused().stderr.contains("SSH_AUTH_SOCK is not set. Log in with \"ssh -A\""), "{answer}");
    person.agent.ssh_add(&["-q", "-D"]).ok();
    let answer = check(&world, "alice", &[]);
    assert!(answer.refused().stderr.contains("Your ssh-agent holds no certificate."), "{answer}");
    person.agent.stop();
    let answer = check(&world, "alice", &[]);
    assert!(answer.refused().stderr.contains("Your ssh-agent cannot be asked"), "{answer}");
}

#[test]
fn a_host_that_does_not_ask_is_no_acceptance() {
    let world = world("auth required pam_permit.so\naccount required pam_permit.so\n");
    let _person = person(&world, &Request::new("alice@corp"));
    let answer = check(&world, "alice", &[]);
    assert!(answer.refused().stderr.contains("no line of /etc/pam.d/sudo names it"), "{answer}");
    world.pam("sudo", "auth sufficient pam_ussh.so cafile=/x\naccount required pam_permit.so\n");
    let answer = check(&world, "alice", &[]);
    assert!(answer.refused().stderr.contains("pam_ussh is not set up correctly here"), "{answer}");
}

#[test]
fn what_the_options_say_counts_and_so_does_a_group_that_one_is_not_in() {
    let world = world("account required pam_ussh.so group=ops max_validity=30m quiet\n");
    let _person = person(&world, &Request::new("alice@corp"));
    let answer = check(&world, "alice", &[]);
    assert!(answer.refused().stdout.contains("is valid for"), "quiet hides nothing here: {answer}");
    world.pam("sudo", "auth sufficient pam_ussh.so group=tty\naccount required pam_ussh.so group=tty\n");
    let answer = check(&world, "alice", &[]);
    assert!(answer.ok().stdout.contains("pam_ussh has no say about alice"), "{answer}");
}

#[test]
fn root_asks_for_others_as_their_sudo_would() {
    let world = world(SUDO);
    let _person = person(&world, &Request::new("alice@corp"));
    let answer = check(&world, "bob", &["--user", "alice"]);
    assert!(answer.refused().stderr.contains("Only root can ask what sudo says about alice"), "{answer}");
    check(&world, "root", &["--user", "alice"]).ok();
    assert!(world.module_log().iter().any(|line| line.contains("user=\"alice\" by=\"alice\"")));
    // Not with somebody else's agent.
    let answer = check(&world, "root", &["--user", "bob"]);
    assert!(answer.refused().stderr.contains("Your ssh-agent cannot be asked"), "{answer}");
    assert_eq!(answer.stdout, "", "what alice's agent holds is not bob's to see");
}

/// What root's sudo remembers of a revocation list counts for a person's question, too.
#[test]
fn no_acceptance_is_said_with_a_revocation_list_that_was_rolled_back() {
    let world = world(&SUDO.replace("pam_ussh.so", "pam_ussh.so revoked_keys=/etc/ssh/revoked_keys"));
    let person = person(&world, &Request::new("alice@corp"));
    let put = |version: &str| {
        world.run(&["ssh-keygen", "-q", "-k", "-z", version, "-f", "/etc/ssh/revoked_keys"]).ok();
    };
    put("5");
    check(&world, "alice", &[]).ok();
    assert_root(&sudo(&world, "alice", person.agent.socket()));
    put("4");
    sudo(&world, "alice", person.agent.socket()).refused();
    let answer = check(&world, "alice", &[]);
    assert!(answer.refused().stderr.contains("pam_ussh refuses sudo to alice (PAM_SERVICE_ERR)"), "{answer}");
}

/// There SSH_AUTH_SOCK is gone, and root is who runs it: an answer about root's own sudo would mislead.
#[test]
fn under_sudo_it_says_to_run_it_without() {
    let world = world(SUDO);
    let _person = person(&world, &Request::new("alice@corp"));
    let under_sudo = [("SUDO_USER", "alice")];
    let answer = world.run_with("root", &under_sudo, &["ca-tool", "check"]);
    assert_eq!(answer.code, 2, "{answer}");
    assert!(answer.stderr.contains("it is about alice.\nRun it without sudo."), "{answer}");
    // No agent is asked about a certificate in a file, and that takes root.
    let answer = world.run_with("root", &under_sudo, &["ca-tool", "check", "--service", "sshd", "--certificate", "/root/none"]);
    assert!(!answer.refused().stderr.contains("without sudo"), "{answer}");
    let socket = [("SUDO_USER", "alice"), ("SSH_AUTH_SOCK", "/home/alice/agent")];
    world.run_with("root", &socket, &["ca-tool", "check", "--user", "alice"]).ok();
}

#[test]
fn what_is_asked_for_in_vain_is_said() {
    let world = world(SUDO);
    world.pam("other", "auth required pam_deny.so\naccount required pam_deny.so\n");
    world.pam("sshd", "account required pam_ussh.so\nsession required pam_ussh.so\n");
    let answer = check(&world, "alice", &["--service", "sudoo"]);
    assert!(answer.refused().stderr.contains("no line of /etc/pam.d/other names it.\nIs that the service's name?"), "{answer}");
    let answer = check(&world, "root", &["--service", "sshd", "--user", "alice"]);
    assert!(answer.refused().stderr.contains("--certificate id_ed25519-cert.pub --from"), "{answer}");
}

#[test]
fn su_asks_about_root_with_the_agent_of_who_types_it() {
    let world = world(SUDO);
    world.pam("su", "auth required pam_ussh.so\naccount required pam_ussh.so\nsession required pam_permit.so\n");
    let _person = person(&world, &Request::new("admin").principals("root"));
    assert!(check(&world, "alice", &["--service", "su"]).refused().stderr.contains("Only root can ask"));
    check(&world, "root", &["--service", "su", "--user", "alice"]).ok();
    let log = world.module_log();
    assert!(log.iter().any(|line| line.contains("pam_ussh(su:account): accepted user=\"root\" by=\"alice\"")), "{log:#?}");
    assert_root(&world.run_with("alice", &[("SSH_AUTH_SOCK", "/home/alice/agent")], &["su", "-c", "id -u"]));
}

#[test]
fn a_login_by_certificate_is_judged_as_inside_sshd() {
    let world = world(SUDO);
    world.pam("sshd", "auth required pam_permit.so\naccount required pam_ussh.so\nsession required pam_ussh.so end_session\n");
    let person = person(&world, &Request::new("alice@corp").option("source-address=192.0.2.0/24"));
    let certificate = person.key.certificate();
    let login = |from: &str| {
        check(&world, "root", &["--service", "sshd", "--user", "alice", "--certificate", &certificate, "--from", from])
    };
    let answer = login("192.0.2.7");
    assert!(answer.ok().stdout.ends_with("pam_ussh accepts alice for sshd.\n"), "{answer}");
    let answer = login("198.51.100.1");
    assert!(answer.refused().stderr.contains("then log in again"), "{answer}");
    person.ca.sign(&person.key, &Request::new("bob@corp").principals("bob"));
    assert!(login("192.0.2.7").refused().stdout.contains("does not name alice as a principal"));
}

#[test]
fn a_host_without_ussh_pam_try_says_so() {
    let world = World::new();
    world.install_ca_tool();
    world.write("/root/new", SUDO);
    for words in [vec!["ca-tool", "check"], vec!["ca-tool", "doctor", "--pam", "/root/new", "--user", "alice"]] {
        let answer = world.run(&words);
        assert!(answer.refused().stderr.contains("/usr/libexec/ussh-pam-try is not installed"), "{answer}");
    }
}

#[test]
fn nothing_is_left_behind() {
    let world = world(SUDO);
    let _person = person(&world, &Request::new("alice@corp"));
    check(&world, "alice", &[]).ok();
    assert_eq!(world.run(&["ls", "/tmp"]).ok().stdout, "");
}
