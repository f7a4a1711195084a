//! Lists of revoked keys: who is refused, in every stack, and in which words.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::pam::{Answer, Certificate, run};

use crate::usual::{ACCEPTED, EXPIRED, Usual, refused};

pub(crate) const OPTION: &str = "revoked_keys=/etc/ssh/revoked_keys";

/// The usual setting, with a certificate that a list can name.
pub(crate) fn usual() -> Usual {
    Usual::with(&Certificate::with("-z 7"))
}

impl Usual {
    /// Writes /etc/ssh/NAME by ssh-keygen, from a specification, for the trusted CA, by renaming as administrators should.
    pub(crate) fn krl(&self, name: &str, version: u64, specification: &str) -> PathBuf {
        let [spec, made] = ["spec", "made.krl"].map(|name| self.room.folder().join(name));
        fs::write(&spec, specification).expect("a specification");
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-k", "-z", &version.to_string(), "-f"]).arg(&made).arg("-s");
        run(command.arg(self.ca.path().with_extension("pub")).arg(&spec));
        self.replace(name, &made)
    }

    /// Renames a file to /etc/ssh/NAME.
    pub(crate) fn replace(&self, name: &str, file: &Path) -> PathBuf {
        let list = self.room.etc(&format!("ssh/{name}"));
        fs::rename(file, &list).expect("a list in place");
        list
    }

    /// sshd's three stacks, for somebody who logged in with the certificate.
    pub(crate) fn sshd(&self, options: &str) -> Answer {
        let certificate = fs::read_to_string(&self.certificate).expect("a certificate");
        let words: Vec<&str> = certificate.split_whitespace().take(2).collect();
        let info = format!("putenv=SSH_AUTH_INFO_0=publickey {}", words.join(" "));
        let host = self.sudo(options).service("sshd").with("as=root").with(&info).without_env("SSH_AUTH_SOCK");
        host.call("authenticate,acct_mgmt,open_session")
    }
}

/// What the module itself logged.
pub(crate) fn logged(answer: &Answer) -> impl Iterator<Item = &String> {
    answer.log.iter().filter(|line| line.contains("pam_ussh("))
}

#[test]
fn who_is_on_no_list_is_accepted_in_all_stacks() {
    let usual = usual();
    let bob = usual.room.key("bob", "ed25519").public();
    usual.krl("revoked_keys", 1, &format!("serial: 1-6\nserial: 8-1000\nid: bob@corp\nkey: {bob}sha256: {bob}sha1: {bob}"));
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
    assert_eq!(usual.sshd(OPTION).codes(), ["SUCCESS"; 3]);
    usual.room.write("ssh/flat", format!("# nobody else\n{bob}"));
    usual.room.write("ssh/empty", "");
    let all = format!("{OPTION} revoked_keys=/etc/ssh/flat revoked_keys=/etc/ssh/empty");
    assert_eq!(usual.verdict(&all), ACCEPTED);
}

#[test]
fn whatever_a_list_revokes_is_refused_in_all_stacks_and_the_person_is_told_what() {
    let usual = usual();
    let (key, ca) = (usual.key.public(), usual.ca.public());
    let by_key = "is for a key that is revoked. Get one for a new key, then";
    let by_ca = "is signed by a CA that is revoked. Get one from a CA that this host trusts, then";
    for (specification, sentence) in [
        ("serial: 7\n", "is revoked by its serial number. Get a new one, then"),
        ("serial: 2-9\n", "is revoked by its serial number. Get a new one, then"),
        ("id: alice@corp\n", "is revoked by its key ID. Get one with another key ID, then"),
        (&format!("key: {key}"), by_key),
        (&format!("sha1: {key}"), by_key),
        (&format!("sha256: {key}"), by_key),
        (&format!("hash: {}\n", usual.key.fingerprint()), by_key),
        (&format!("key: {ca}"), by_ca),
        (&format!("sha1: {ca}"), by_ca),
        (&format!("sha256: {ca}"), by_ca),
    ] {
        usual.krl("revoked_keys", 1, specification);
        assert_refused_everywhere(&usual, sentence);
    }
    for (line, sentence) in [(key, by_key), (ca, by_ca)] {
        // The KRL is forgotten.
        let _ = fs::remove_dir_all(usual.room.var_lib("pam_ussh"));
        usual.room.write("ssh/revoked_keys", format!("# a flat list\n{line}"));
        assert_refused_everywhere(&usual, sentence);
    }
}

#[track_caller]
fn assert_refused_everywhere(usual: &Usual, sentence: &str) {
    assert_eq!(usual.verdict(OPTION), refused("revoked"), "{sentence}");
    let sshd = usual.sshd(OPTION);
    assert_eq!(sshd.codes(), ["AUTH_ERR", "PERM_DENIED", "PERM_DENIED"], "{sentence}");
    for answer in [usual.sudo(OPTION).auth(), sshd] {
        let said = answer.said_text();
        assert!(said.contains(&format!("Your certificate \"alice@corp\" {sentence}")), "{sentence}: {said}");
        let logged = |line: &&String| line.contains("refused") && line.contains("reason=revoked") && line.contains("serial=7");
        assert!(answer.log.iter().any(|line| logged(&line)), "{:?}", answer.log);
    }
}

#[test]
fn a_certificate_without_serial_number_is_not_revoked_by_serial() {
    let usual = Usual::new();
    usual.krl("revoked_keys", 1, "serial: 1-18446744073709551615\n");
    assert_eq!(usual.verdict(OPTION), ACCEPTED);
    usual.krl("revoked_keys", 1, "id: alice@corp\n");
    assert_eq!(usual.verdict(OPTION), refused("revoked"));
}

#[test]
fn revoked_comes_before_expired_and_an_unknown_ca_before_revoked() {
    let usual = usual();
    usual.krl("revoked_keys", 1, "serial: 7\n");
    usual.hold(&Certificate { validity: "-1h:-1m".into(), ..Certificate::with("-z 7") });
    assert_eq!(usual.verdict(""), EXPIRED);
    assert_eq!(usual.verdict(OPTION), refused("revoked"));
    usual.room.trust(&usual.room.key("another-ca", "ed25519"));
    assert_eq!(usual.verdict(OPTION), refused("ca-untrusted"));
}

#[test]
fn of_several_certificates_the_one_that_is_not_revoked_counts() {
    let usual = usual();
    let other = usual.room.key("other", "ed25519");
    for (key, serials) in [(&usual.key, "-z 7"), (&other, "-z 8")] {
        usual.room.certify(&usual.ca, key, &Certificate::with(serials));
        usual.agent.add(key);
    }
    for (specification, verdict) in [("serial: 7", ACCEPTED), ("serial: 8", ACCEPTED), ("serial: 7-8", refused("revoked"))] {
        usual.krl("revoked_keys", 1, &format!("{specification}\n"));
        assert_eq!(usual.verdict(OPTION), verdict, "{specification}");
    }
}

#[test]
fn every_list_counts() {
    let usual = usual();
    usual.krl("one", 1, "serial: 1\n");
    usual.krl("two", 1, "serial: 7\n");
    let [one, two] = ["revoked_keys=/etc/ssh/one", "revoked_keys=/etc/ssh/two"];
    assert_eq!(usual.verdict(one), ACCEPTED);
    for both in [format!("{one} {two}"), format!("{two} {one}")] {
        assert_eq!(usual.verdict(&both), refused("revoked"), "{both}");
    }
}
