//! Inside sshd, as far as libpam shows it: what becomes of whom, in all three stacks.

use std::fs;

use tests::pam::{Answer, Certificate, Host, Key, Room};

use crate::usual::reason;

/// A room whose sshd has seen alice's certificate, and no agent.
pub(crate) struct Sshd {
    room: Room,
    ca: Key,
    key: Key,
}

/// Codes of auth, account and open_session, and the reasons that they logged.
pub(crate) type Codes<'a> = [&'a str; 3];

pub(crate) const ACCEPTED: Codes<'_> = ["SUCCESS", "SUCCESS", "SUCCESS"];
pub(crate) const REFUSED: Codes<'_> = ["AUTH_ERR", "PERM_DENIED", "PERM_DENIED"];
pub(crate) const EXPIRED: Codes<'_> = ["CRED_EXPIRED", "CRED_EXPIRED", "PERM_DENIED"];
const IGNORED: Codes<'_> = ["IGNORE", "IGNORE", "IGNORE"];
pub(crate) const MISCONFIGURED: Codes<'_> = ["SERVICE_ERR", "SERVICE_ERR", "PERM_DENIED"];
/// Nobody has shown anything yet, and in the session stack that is the end of it.
pub(crate) const NOTHING: Codes<'_> = ["IGNORE", "IGNORE", "PERM_DENIED"];

const CONNECTION: &str = "putenv=SSH_CONNECTION=192.0.2.7 50000 198.51.100.1 22";

impl Sshd {
    pub(crate) fn new() -> Sshd {
        let room = Room::new();
        let (ca, key) = (room.key("ca", "ed25519"), room.key("id", "ed25519"));
        room.trust(&ca);
        Sshd { room, ca, key }
    }

    /// `publickey TYPE BASE64`, as sshd writes it.
    pub(crate) fn line(&self, certificate: &Certificate) -> String {
        let path = self.room.certify(&self.ca, &self.key, certificate);
        format!("publickey {}", two_words(&fs::read_to_string(path).expect("a certificate")))
    }

    pub(crate) fn plain_line(&self, name: &str) -> String {
        format!("publickey {}", two_words(&self.room.key(name, "ed25519").public()))
    }

    fn host(&self, options: &str) -> Host<'_> {
        let host = Host::sudo(&self.room, options).without_env("SSH_AUTH_SOCK");
        host.service("sshd").with("as=root").with(CONNECTION)
    }

    pub(crate) fn listing(&self, options: &str, value: impl AsRef<[u8]>) -> Host<'_> {
        // Longer than an argument may be, and not always text.
        self.room.write("auth_info", value);
        self.host(options).with("putenv_file=SSH_AUTH_INFO_0=/etc/auth_info")
    }

    /// Asks all three stacks in one transaction.
    fn ask(&self, options: &str, value: impl AsRef<[u8]>) -> Answer {
        self.listing(options, value).call("authenticate,acct_mgmt,open_session")
    }

    #[track_caller]
    pub(crate) fn expect(&self, options: &str, value: impl AsRef<[u8]>, codes: Codes<'_>, why: &str) {
        let answer = self.ask(options, &value);
        let shown = value.as_ref()[..value.as_ref().len().min(100)].escape_ascii();
        assert_eq!((&answer.codes()[..], &*reason(&answer)), (&codes[..], why), "{options} {shown} {:?}", answer.log);
    }
}

fn two_words(line: &str) -> String {
    line.split(' ').take(2).collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

#[test]
fn every_outcome_has_its_code_in_every_stack() {
    let sshd = Sshd::new();
    let good = sshd.line(&Certificate::default());
    sshd.expect("", &good, ACCEPTED, "");
    sshd.expect("group=bob", &good, IGNORED, "not-in-group");
    sshd.expect("group=nosuchgroup", &good, MISCONFIGURED, "configuration");
    sshd.expect("ca_file=/etc/ssh/nonexistent", &good, MISCONFIGURED, "configuration");
    sshd.expect("no_such_option", &good, MISCONFIGURED, "configuration");
    for (certificate, codes, why) in [
        (Certificate::valid("-2h:-1h"), EXPIRED, "expired"),
        (Certificate::valid("+1h:+2h"), REFUSED, "not-yet-valid"),
        (Certificate::of("bob"), REFUSED, "not-for-user"),
        (Certificate::of(""), REFUSED, "no-principals"),
        (Certificate::with("-h"), REFUSED, "not-a-user-certificate"),
        (Certificate::with("-O critical:launch@example.org=now"), REFUSED, "unknown-critical-option"),
        (Certificate::with("-O source-address=192.0.2.0/24"), ACCEPTED, ""),
        (Certificate::with("-O source-address=192.0.3.0/24"), REFUSED, "not-from-here"),
        (Certificate::with("-O force-command=id"), ACCEPTED, ""),
    ] {
        sshd.expect("", sshd.line(&certificate), codes, why);
    }
    let answer = sshd.listing("", &good).with("user=nosuchuser").call("authenticate,acct_mgmt,open_session");
    assert_eq!(answer.codes(), ["USER_UNKNOWN", "USER_UNKNOWN", "PERM_DENIED"]);
    sshd.room.trust(&sshd.room.key("other-ca", "ed25519"));
    sshd.expect("", &good, REFUSED, "ca-untrusted");
}

#[test]
fn what_lists_no_certificate_is_left_to_auth_info() {
    let sshd = Sshd::new();
    let plain = sshd.plain_line("plain");
    let key = plain.strip_prefix("publickey ").expect("a key").to_owned();
    let other = "keyboard-interactive/pam\n";
    let hostbased = format!("hostbased {key} client user \"alice\", client host \"client\"\n");
    let half = ["AUTH_ERR", "PERM_DENIED", "PERM_DENIED"];
    for (value, unset, required) in [
        ("", NOTHING, NOTHING),
        ("\n", NOTHING, NOTHING),
        (other, NOTHING, half),
        (&hostbased, NOTHING, half),
        (&plain, REFUSED, REFUSED),
        (&format!("{other}{plain}\n"), REFUSED, REFUSED),
    ] {
        sshd.expect("", value, unset, "no-certificate");
        sshd.expect("auth_info=require", value, required, "no-certificate");
        sshd.expect("auth_info=optional", value, IGNORED, "no-certificate");
    }
}

#[test]
fn without_the_variable_nobody_says_that_this_is_sshd() {
    let sshd = Sshd::new();
    let answer = sshd.host("").call("authenticate,acct_mgmt,open_session");
    assert_eq!(answer.codes(), ["IGNORE", "AUTHINFO_UNAVAIL", "PERM_DENIED"]);
    let answer = sshd.host("auth_info=optional").call("authenticate,acct_mgmt,open_session");
    assert_eq!(answer.codes(), ["IGNORE", "AUTHINFO_UNAVAIL", "PERM_DENIED"]);
}

#[test]
fn the_variable_is_believed_in_roots_own_process_and_in_sshds_services_only() {
    let sshd = Sshd::new();
    let good = sshd.line(&Certificate::default());
    let ask = |host: Host<'_>| host.call("authenticate,acct_mgmt,open_session").codes().join(" ");
    assert_eq!(ask(sshd.listing("", &good)), "SUCCESS SUCCESS SUCCESS");
    // A setuid program that calls itself sshd was started by somebody.
    let unavailable = "AUTHINFO_UNAVAIL AUTHINFO_UNAVAIL PERM_DENIED";
    assert_eq!(ask(sshd.listing("", &good).with("as=alice")), unavailable);
    assert_eq!(ask(sshd.listing("", &good).with("unprivileged=alice")), unavailable);
    for service in ["sudo", "login", "sshd2", "cron"] {
        assert_eq!(ask(sshd.listing("", &good).service(service)), "AUTHINFO_UNAVAIL AUTHINFO_UNAVAIL IGNORE", "{service}");
    }
    assert_eq!(ask(sshd.listing("sshd_services=other,ours", &good).service("ours")), "SUCCESS SUCCESS SUCCESS");
    // libpam knows no capitals: this is what a program that starts "OurSSHD" is called.
    assert_eq!(ask(sshd.listing("sshd_services=OurSSHD", &good).service("oursshd")), "SUCCESS SUCCESS SUCCESS");
    assert_eq!(ask(sshd.listing("sshd_services=ours", &good)), "AUTHINFO_UNAVAIL AUTHINFO_UNAVAIL IGNORE");
}

#[test]
fn addresses_are_those_of_ssh_connection_and_of_nobody_else() {
    let sshd = Sshd::new();
    let bound = sshd.line(&Certificate::with("-O source-address=192.0.2.0/24,2001:db8::/32,fe80::/10"));
    let at = |connection: &str, rhost: Option<&str>| {
        let host = sshd.listing("source_address=ignore", &bound).with(&format!("putenv=SSH_CONNECTION={connection}"));
        let host = rhost.map(|rhost| format!("rhost={rhost}")).iter().fold(host, |host, rhost| host.with(rhost));
        let answer = host.call("open_session");
        (answer.code().to_owned(), reason(&answer))
    };
    let accepted = ("SUCCESS".to_owned(), String::new());
    let refused = |why: &str| ("PERM_DENIED".to_owned(), why.to_owned());
    assert_eq!(at("192.0.2.200 1 10.0.0.1 22", None), accepted);
    assert_eq!(at("192.0.2.200 1 10.0.0.1 22", Some("192.0.2.200")), accepted);
    assert_eq!(at("192.0.2.200 1 10.0.0.1 22", Some("client.example.org")), accepted);
    assert_eq!(at("::ffff:192.0.2.1 1 10.0.0.1 22", Some("192.0.2.1")), accepted);
    assert_eq!(at("2001:db8::7 1 ::1 22", None), accepted);
    assert_eq!(at("192.0.3.1 1 192.0.2.1 22", None), refused("not-from-here"), "its own address does not count");
    assert_eq!(at("192.0.2.200 1 10.0.0.1 22", Some("192.0.3.1")), refused("source-address"), "somebody changed it");
    for none in [
        "",
        "UNKNOWN 65535 UNKNOWN 65535",
        "localhost 1 2 3",
        " 192.0.2.1 1 2 3",
        "192.0.2.1\t1",
        "192.0.2.1/24 1",
        "fe80::1%eth0 1 fe80::2%eth0 22",
        "3221225985 1 2 3",
    ] {
        assert_eq!(at(none, None), refused("source-address"), "{none}");
    }
    let answer = sshd.listing("", &bound).with("putenv=SSH_CONNECTION").call("open_session");
    assert_eq!((answer.code(), &*reason(&answer)), ("PERM_DENIED", "source-address"));
    assert!(answer.log_text().contains(" peer=unknown "), "{:?}", answer.log);
}

#[test]
fn nothing_is_left_behind_in_sshd() {
    let sshd = Sshd::new();
    let good = sshd.line(&Certificate::default());
    let plain = sshd.plain_line("plain");
    for value in [good.clone(), plain, "publickey x".to_owned(), String::new(), good.repeat(100)] {
        let answer = sshd.listing("", &value).call("authenticate,acct_mgmt,setcred,open_session,close_session");
        for call in &answer.calls {
            assert_eq!(call.before, call.after, "{}", call.hook);
        }
        assert_eq!(answer.left_before, answer.left_after);
        assert!(answer.mapped_after_end.iter().all(|mapped| !mapped), "the module stays loaded");
        assert_eq!(answer.terminal, "", "something was printed past the conversation");
    }
}

#[test]
fn one_line_is_logged_for_each_decision() {
    let sshd = Sshd::new();
    for (value, verdict) in
        [(sshd.line(&Certificate::default()), "accepted"), (sshd.plain_line("plain"), "refused"), (String::new(), "")]
    {
        let answer = sshd.ask("", &value);
        let ours: Vec<_> = answer.log.iter().filter(|line| line.contains("pam_ussh(sshd:")).collect();
        assert_eq!(ours.len(), 3, "{:?}", answer.log);
        for (line, stack) in ours.iter().zip(["auth", "account", "session"]) {
            assert!(line.contains(&format!("pam_ussh(sshd:{stack}): {verdict}")), "{line}");
            assert!(line.contains(" user=\"alice\" sshd=") && line.contains(" peer=192.0.2.7 "), "{line}");
        }
    }
}
