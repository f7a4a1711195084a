use ussh_cert::Certificate;
use ussh_cert::krl::{KrlError, Reason, Subject, Verdict};
use ussh_cert::plain_key::NotAKey;
use ussh_cert::revoked_keys::{RevokedKeysError, check};

use super::bytes::{certificate, key, krl, line, section, string};

fn ask(content: &[u8]) -> Result<Verdict, RevokedKeysError> {
    let blob = certificate(5, b"alice");
    let certificate = Certificate::parse(&blob).unwrap();
    check(content, &Subject::certificate(&certificate).unwrap()).map(|(_, verdict)| verdict)
}

fn ed25519(byte: u8) -> String {
    line("ssh-ed25519", &key(byte))
}

#[test]
fn a_flat_list_revokes_the_key_and_what_its_ca_signed() {
    let ask = |content: &str| ask(content.as_bytes()).unwrap();
    assert_eq!(ask(""), Verdict::NotRevoked);
    assert_eq!(ask(&ed25519(3)), Verdict::NotRevoked);
    assert_eq!(ask(&format!("# a comment\n\n \t{}", ed25519(1))), Verdict::Revoked(Reason::Key));
    assert_eq!(ask(&format!("{}{}", ed25519(3), ed25519(2).trim_end())), Verdict::Revoked(Reason::Ca));
    assert_eq!(ask(&ed25519(1).replace('\n', " comment\r\n")), Verdict::Revoked(Reason::Key));
}

#[test]
fn a_line_that_is_no_key_is_an_error_unless_the_answer_stands_before_it() {
    let wrong = [
        "nonsense\n",
        "\r\n",
        "ssh-ed25519 !\n",
        "ssh-ed25519\n",
        "ssh-dss AAAAB3NzaC1kc3M=\n",
        &line("ssh-rsa", &key(3)),
        &line("ssh-ed25519", &key(3)[..50]),
        // Its signature is none.
        &line("ssh-ed25519-cert-v01@openssh.com", &certificate(1, b"alice")),
    ];
    for wrong in wrong {
        let after = format!("\n{}{wrong}", ed25519(3));
        assert!(matches!(ask(after.as_bytes()), Err(RevokedKeysError::Line(3, _))), "{wrong}");
        let found = format!("{}{wrong}", ed25519(1));
        assert_eq!(ask(found.as_bytes()), Ok(Verdict::Revoked(Reason::Key)));
    }
}

#[test]
fn an_rsa_key_too_small_for_sshd_is_passed_over() {
    let small = [string(b"ssh-rsa"), string(&[3]), string(&[0x7f; 127])].concat();
    let list = format!("{}{}", line("ssh-rsa", &small), ed25519(1));
    assert_eq!(ask(list.as_bytes()), Ok(Verdict::Revoked(Reason::Key)));
    assert_eq!(Subject::key(&small).err(), Some(NotAKey::Small));
}

#[test]
fn only_a_wrong_beginning_makes_a_krl_a_flat_list() {
    let revoked = krl(&[section(2, &string(&key(2)))]);
    assert_eq!(ask(&revoked), Ok(Verdict::Revoked(Reason::Ca)));
    let cut = &revoked[..revoked.len() - 1];
    assert_eq!(ask(cut), Err(RevokedKeysError::Krl(KrlError::Malformed)));
    assert!(matches!(ask(&revoked[1..]), Err(RevokedKeysError::Line(1, _))));
}
