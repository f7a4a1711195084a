//! Inside sshd, as far as libpam shows it: every value that SSH_AUTH_INFO_0 could have, in all three stacks.

use std::fs;
use std::time::Duration;

use base64ct::Encoding as _;
use tests::pam::{Answer, Certificate, Host, Key, Room};

use crate::usual::reason;

/// A room whose sshd has seen alice's certificate, and no agent.
struct Sshd {
    room: Room,
    ca: Key,
    key: Key,
}

/// Codes of auth, account and open_session, and the reasons that they logged.
type Codes<'a> = [&'a str; 3];

const ACCEPTED: Codes<'_> = ["SUCCESS", "SUCCESS", "SUCCESS"];
const REFUSED: Codes<'_> = ["AUTH_ERR", "PERM_DENIED", "PERM_DENIED"];
const EXPIRED: Codes<'_> = ["CRED_EXPIRED", "CRED_EXPIRED", "PERM_DENIED"];
const IGNORED: Codes<'_> = ["IGNORE", "IGNORE", "IGNORE"];
const MISCONFIGURED: Codes<'_> = ["SERVICE_ERR", "SERVICE_ERR", "PERM_DENIED"];
/// Nobody has shown anything yet, and in the session stack that is the end of it.
const NOTHING: Codes<'_> = ["IGNORE", "IGNORE", "PERM_DENIED"];

const MIB: usize = 1024 * 1024;

const CONNECTION: &str = "putenv=SSH_CONNECTION=192.0.2.7 50000 198.51.100.1 22";

impl Sshd {
    fn new() -> Sshd {
        let room = Room::new();
        let (ca, key) = (room.key("ca", "ed25519"), room.key("id", "ed25519"));
        room.trust(&ca);
        Sshd { room, ca, key }
    }

    /// `publickey TYPE BASE64`, as sshd writes it.
    fn line(&self, certificate: &Certificate) -> String {
        let path = self.room.certify(&self.ca, &self.key, certificate);
        format!("publickey {}", two_words(&fs::read_to_string(path).expect("a certificate")))
    }

    fn plain_line(&self, name: &str) -> String {
        format!("publickey {}", two_words(&self.room.key(name, "ed25519").public()))
    }

    fn host(&self, options: &str) -> Host<'_> {
        let host = Host::sudo(&self.room, options).without_env("SSH_AUTH_SOCK");
        host.service("sshd").with("as=root").with(CONNECTION)
    }

    fn listing(&self, options: &str, value: impl AsRef<[u8]>) -> Host<'_> {
        // Longer than an argument may be, and not always text.
        self.room.write("auth_info", value);
        self.host(options).with("putenv_file=SSH_AUTH_INFO_0=/etc/auth_info")
    }

    /// Asks all three stacks in one transaction.
    fn ask(&self, options: &str, value: impl AsRef<[u8]>) -> Answer {
        self.listing(options, value).call("authenticate,acct_mgmt,open_session")
    }

    #[track_caller]
    fn expect(&self, options: &str, value: impl AsRef<[u8]>, codes: Codes<'_>, why: &str) {
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
        sshd.expect("", &sshd.line(&certificate), codes, why);
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
fn one_good_certificate_among_the_lines_is_enough_wherever_it_stands() {
    let sshd = Sshd::new();
    let (good, plain) = (sshd.line(&Certificate::default()), sshd.plain_line("plain"));
    let expired = sshd.line(&Certificate::valid("-2h:-1h"));
    for value in [
        format!("{good}\n"),
        format!("{plain}\n{good}\n"),
        format!("{good}\n{plain}\n"),
        format!("keyboard-interactive/pam\n{expired}\n{good}\n"),
        format!("{good} signature count = 5\n"),
        format!("publickey\n{good}\n"),
        format!("publickey ssh-ed25519-cert-v01@openssh.com AAAA\n{good}"),
    ] {
        sshd.expect("", &value, ACCEPTED, "");
    }
    sshd.expect("", &format!("{plain}\n{expired}\n"), EXPIRED, "expired");
    // The nearest reason is told, and the others are in the log.
    let other = sshd.line(&Certificate::of("bob"));
    sshd.expect("", &format!("{other}\npublickey x\n"), REFUSED, "not-for-user");
}

#[test]
fn a_line_that_only_looks_like_sshds_lists_nothing() {
    let sshd = Sshd::new();
    let good = sshd.line(&Certificate::default());
    let key = good.strip_prefix("publickey ").expect("a key");
    sshd.expect("", &good, ACCEPTED, "");
    for method in [
        "hostbased",
        "publickey/x",
        "Publickey",
        "PUBLICKEY",
        " publickey",
        "\tpublickey",
        "publickey\t",
        "\u{a0}publickey",
        "gssapi-with-mic publickey",
        "keyboard-interactive/pam",
        "password",
        "\u{feff}publickey",
        "publickey\r",
    ] {
        sshd.expect("", &format!("{method} {key}\n"), NOTHING, "no-certificate");
    }
    let hidden = format!("hostbased ssh-ed25519 AAAA client user \"x {good}\", client host \"{good}\"\n");
    sshd.expect("", &hidden, NOTHING, "no-certificate");
    sshd.expect("", &format!("password\r{good}\n"), NOTHING, "no-certificate");
    for value in [
        format!("publickey  {key}"),
        format!("publickey\u{b}{key}").replace('\u{b}', " \t"),
        good.replace(' ', "\t").replacen('\t', " ", 1),
        good.replace("ssh-ed25519-cert", "ssh-rsa-cert"),
        good.replace("ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519"),
        good.to_uppercase().replace("PUBLICKEY", "publickey"),
        format!("{good}="),
        format!("{good}\r\n"),
        good.replace("AAAA", "AAA-"),
        "publickey".to_owned(),
        "publickey ".to_owned(),
    ] {
        sshd.expect("", &value, REFUSED, "malformed");
        // Where something is listed that might be a certificate, `optional` does not help.
        sshd.expect("auth_info=optional", &value, REFUSED, "malformed");
    }
}

#[test]
fn a_line_cut_anywhere_is_never_accepted() {
    let sshd = Sshd::new();
    let good = sshd.line(&Certificate::default());
    sshd.expect("", &good, ACCEPTED, "");
    for length in 0..good.len() {
        let answer = sshd.listing("", &good[..length]).call("authenticate,open_session");
        let refused = [["IGNORE", "PERM_DENIED"], ["AUTH_ERR", "PERM_DENIED"]];
        assert!(refused.iter().any(|codes| answer.codes() == codes), "{length}: {:?} {:?}", answer.codes(), answer.log);
        // As soon as it is the method's own line, nothing is left to the rest of the stack.
        assert_eq!(answer.codes()[0] == "AUTH_ERR", length >= "publickey".len(), "{length} {:?}", answer.log);
    }
}

#[test]
fn a_key_that_is_changed_in_one_byte_is_never_accepted() {
    let sshd = Sshd::new();
    let good = sshd.line(&Certificate::default());
    let start = good.rfind(' ').expect("a key") + 1;
    for at in (start..good.len()).step_by(7) {
        let other = if &good[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &good[..at], &good[at + 1..]);
        let answer = sshd.listing("", &changed).call("authenticate,open_session");
        assert_eq!(answer.codes()[1], "PERM_DENIED", "{at} {:?}", answer.log);
        assert_ne!(answer.codes()[0], "SUCCESS", "{at} {:?}", answer.log);
    }
}

#[test]
fn huge_values_take_little_time_and_memory() {
    let sshd = Sshd::new();
    let (good, plain) = (sshd.line(&Certificate::default()), sshd.plain_line("plain"));
    let numbered = |n: u32| {
        let blob = [&[0, 0, 0, 1, b'a'], &n.to_be_bytes()[..]].concat();
        format!("publickey a {}\n", base64ct::Base64::encode_string(&blob))
    };
    for (name, value, code) in [
        ("one line, no key", format!("publickey a {}", "A".repeat(MIB)), "PERM_DENIED"),
        ("one long word", "x".repeat(MIB), "PERM_DENIED"),
        ("one certificate, and what follows it", format!("{good} {}", "x".repeat(MIB)), "SUCCESS"),
        ("a good line again and again", format!("{good}\n").repeat(MIB / good.len()), "SUCCESS"),
        ("a plain key again and again", format!("{plain}\n").repeat(MIB / plain.len()), "PERM_DENIED"),
        ("different keys", (0..50_000).map(numbered).collect(), "PERM_DENIED"),
        ("unreadable lines", "publickey x y\n".repeat(MIB / 14), "PERM_DENIED"),
        ("other methods", "password\n".repeat(MIB / 9), "PERM_DENIED"),
        ("blank lines", "\n".repeat(MIB), "PERM_DENIED"),
        ("a good line at the end", "password\n".repeat(MIB / 9) + &good, "SUCCESS"),
    ] {
        let answer = sshd.listing("", &value).call("open_session");
        let call = answer.only();
        assert_eq!(call.code, code, "{name} {:?}", answer.log);
        assert!(call.growth_kib < 8 * 1024, "{name}: {} KiB", call.growth_kib);
        // Measured at some 10 milliseconds; what is quadratic takes minutes.
        assert!(call.elapsed < Duration::from_secs(10), "{name}: {:?}", call.elapsed);
        assert!(answer.log.iter().all(|line| line.len() < 4096), "{name}");
        println!("{name}: {:?}, {} KiB", call.elapsed, call.growth_kib);
    }
}

#[test]
fn more_than_64_keys_are_nobodys_login() {
    let sshd = Sshd::new();
    let plain: Vec<String> = (0..64).map(|n| sshd.plain_line(&format!("plain-{n}"))).collect();
    let good = sshd.line(&Certificate::default());
    sshd.expect("", &format!("{}\n{good}\n", plain[..63].join("\n")), ACCEPTED, "");
    sshd.expect("", &format!("{good}\n{}\n", plain.join("\n")), MISCONFIGURED, "configuration");
    sshd.expect("", &format!("{}\n{good}\n", plain.join("\n")), REFUSED, "no-certificate");
}

#[test]
fn a_value_that_is_not_utf8_is_read_as_bytes() {
    let sshd = Sshd::new();
    let good = sshd.line(&Certificate::default());
    // What stands on other lines, or behind the key, does not matter.
    sshd.expect("", [b"h\xf6\n", good.as_bytes(), b" \xfc\n"].concat(), ACCEPTED, "");
    sshd.expect("", [good.as_bytes(), b"\xfc"].concat(), REFUSED, "malformed");
    sshd.expect("", [b"\xff", good.as_bytes()].concat(), NOTHING, "no-certificate");
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
