//! Every value that SSH_AUTH_INFO_0 could have, sshd's or not.

use std::time::Duration;

use base64ct::Encoding as _;
use tests::pam::Certificate;

use crate::sshd::{ACCEPTED, EXPIRED, MISCONFIGURED, NOTHING, REFUSED, Sshd};

const MIB: usize = 1024 * 1024;

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
    sshd.expect("", format!("{plain}\n{expired}\n"), EXPIRED, "expired");
    // The nearest reason is told, and the others are in the log.
    let other = sshd.line(&Certificate::of("bob"));
    sshd.expect("", format!("{other}\npublickey x\n"), REFUSED, "not-for-user");
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
        sshd.expect("", format!("{method} {key}\n"), NOTHING, "no-certificate");
    }
    let hidden = format!("hostbased ssh-ed25519 AAAA client user \"x {good}\", client host \"{good}\"\n");
    sshd.expect("", &hidden, NOTHING, "no-certificate");
    sshd.expect("", format!("password\r{good}\n"), NOTHING, "no-certificate");
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
    sshd.expect("", format!("{}\n{good}\n", plain[..63].join("\n")), ACCEPTED, "");
    sshd.expect("", format!("{good}\n{}\n", plain.join("\n")), MISCONFIGURED, "configuration");
    sshd.expect("", format!("{}\n{good}\n", plain.join("\n")), REFUSED, "no-certificate");
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
