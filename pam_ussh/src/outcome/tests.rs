use ussh_cert::Refusal;

use super::*;

#[test]
fn the_codes_are_those_of_the_contract() {
    let refused = |why: Why| Outcome::refused(vec![(None, why)]);
    let expired = refused(Refusal::Expired(5).into());
    let untrusted = refused(Refusal::CaUntrusted.into());
    let rows = [
        (Outcome::NotInGroup("g".into()), [PamError::IGNORE, PamError::IGNORE, PamError::IGNORE]),
        (expired, [PamError::CRED_EXPIRED, PamError::CRED_EXPIRED, PamError::PERM_DENIED]),
        (untrusted, [PamError::AUTH_ERR, PamError::PERM_DENIED, PamError::PERM_DENIED]),
        (Outcome::refused(Vec::new()), [PamError::AUTH_ERR, PamError::PERM_DENIED, PamError::PERM_DENIED]),
        (Outcome::NoCertificate(Shown::PlainKey), [PamError::AUTH_ERR, PamError::PERM_DENIED, PamError::PERM_DENIED]),
        (Outcome::NotJudged(Shown::Nothing), [PamError::IGNORE, PamError::IGNORE, PamError::IGNORE]),
        (NoAgent::NotSet.into(), [PamError::AUTHINFO_UNAVAIL, PamError::AUTHINFO_UNAVAIL, PamError::PERM_DENIED]),
        (Outcome::Misconfigured("x".into()), [PamError::SERVICE_ERR, PamError::SERVICE_ERR, PamError::PERM_DENIED]),
        (Outcome::UnknownUser("x".into()), [PamError::USER_UNKNOWN, PamError::USER_UNKNOWN, PamError::PERM_DENIED]),
        (Outcome::Privileges("x".into()), [PamError::ABORT, PamError::ABORT, PamError::PERM_DENIED]),
    ];
    for (outcome, codes) in rows {
        assert_eq!([Stack::Auth, Stack::Account, Stack::Session].map(|stack| outcome.code(stack)), codes, "{outcome:?}");
    }
}

#[test]
fn the_nearest_certificate_gives_the_reason() {
    let all = |whys: Vec<Why>| {
        let certificates = whys.into_iter().map(|why| (None, why)).collect();
        Outcome::refused(certificates).sentence("sudo", false).unwrap()
    };
    let untrusted = Why::from(Refusal::CaUntrusted);
    let expired = Why::from(Refusal::Expired(180));
    assert_eq!(
        all(vec![untrusted.clone(), expired.clone(), Refusal::Malformed.into()]),
        "Your certificate expired 3 minutes ago. Get a new one, then run sudo again."
    );
    assert!(all(vec![expired, Why::AgentRefused, untrusted]).contains("refused to sign"));
}

#[test]
fn an_empty_agent_has_a_sentence_and_a_reason_of_its_own() {
    let outcome = Outcome::refused(Vec::new());
    assert_eq!(
        outcome.sentence("su", false).unwrap(),
        "Your ssh-agent holds no certificate. Add one with ssh-add, then run su again."
    );
    assert_eq!(outcome.log_line(" user=\"x\""), "refused user=\"x\" reason=no-certificate");
}

#[test]
fn after_the_first_eight_the_log_only_counts() {
    let many = (0..20).map(|_| (None, Refusal::CaUntrusted.into())).collect();
    let line = Outcome::refused(many).log_line("");
    assert_eq!(line.matches("also=").count(), 7, "{line}");
    assert!(line.ends_with("more=12"), "{line}");
}

#[test]
fn nobody_can_push_a_line_out_of_the_log() {
    let path = "\u{1}".repeat(130_000);
    let why = NoAgent::Unreachable("No such file".to_owned()).at(path.as_ref());
    let label = Refusal::SignatureAlgorithm(vec![1; 200_000]);
    let refused = Outcome::refused(vec![(None, label.into()), (None, Refusal::Unsupported(vec![1; 200_000]).into())]);
    for outcome in [Outcome::from(why), refused, Outcome::UnknownUser("\u{1}".repeat(100_000))] {
        assert!(outcome.log_line("").len() < 4_000, "{}", outcome.log_line("").len());
        assert!(outcome.sentence("sudo", false).unwrap().len() < 4_000);
    }
}
