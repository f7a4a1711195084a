//! One line a decision for the auditor, one sentence for the person.

use tests::pam::{Answer, Certificate};

use crate::usual::Usual;

/// Facility AUTHPRIV is 10: priorities 80 to 87.
fn decisions(answer: &Answer) -> Vec<&String> {
    let authpriv = |line: &&String| line.split_once('>').is_some_and(|(start, _)| start.starts_with("<8"));
    answer.log.iter().filter(|line| line.contains("pam_ussh(")).filter(authpriv).collect()
}

#[test]
fn an_accepted_certificate_is_one_line_with_all_that_an_auditor_asks_for() {
    let usual = Usual::with(&Certificate::with("-z 4711"));
    for (hook, stack) in [("authenticate", "pam_ussh(sudo:auth)"), ("acct_mgmt", "pam_ussh(sudo:account)")] {
        let answer = usual.sudo("").call(hook);
        assert_eq!(answer.code(), "SUCCESS");
        let lines = decisions(&answer);
        assert_eq!(lines.len(), 1, "{:?}", answer.log);
        for part in [stack, "alice@corp", "4711", &usual.ca.fingerprint(), &usual.key.fingerprint(), "alice"] {
            assert!(lines[0].contains(part), "{part} is missing in {}", lines[0]);
        }
    }
}

#[test]
fn a_refused_certificate_is_one_line_with_its_reason_and_the_person_is_told_in_one_sentence() {
    let usual = Usual::new();
    assert_eq!(usual.sudo("").auth().said_text(), "", "nothing is said when all is well");
    usual.hold(&Certificate::valid("-1h:-1m"));
    let answer = usual.sudo("").auth();
    let lines = decisions(&answer);
    assert_eq!(lines.len(), 1, "{:?}", answer.log);
    assert!(lines[0].contains("expired") && lines[0].contains("alice@corp"), "{}", lines[0]);
    assert_eq!(answer.only().said.len(), 1, "{:?}", answer.only().said);
    assert!(answer.said_text().contains("expired") && answer.said_text().contains("alice@corp"), "{}", answer.said_text());
}

#[test]
fn quiet_says_nothing_to_the_person_and_logs_all_the_same() {
    let usual = Usual::with(&Certificate::of("bob"));
    let loud = usual.sudo("").auth();
    let quiet = usual.sudo("quiet").auth();
    assert_eq!([loud.code(), quiet.code()], ["AUTH_ERR", "AUTH_ERR"]);
    assert_ne!(loud.said_text(), "");
    assert_eq!(quiet.said_text(), "");
    assert_eq!(decisions(&quiet).len(), 1, "{:?}", quiet.log);
}

#[test]
fn debug_logs_more() {
    let usual = Usual::new();
    let [plain, debug] = ["", "debug"].map(|options| usual.sudo(options).auth());
    assert_eq!([plain.code(), debug.code()], ["SUCCESS", "SUCCESS"]);
    assert!(debug.log.len() > plain.log.len(), "{:?}", debug.log);
}

#[test]
fn control_characters_of_a_certificate_reach_neither_log_nor_terminal() {
    let usual =
        Usual::with(&Certificate { id: "evil\n\u{1b}[2Jpam_ussh(sudo:auth): accepted".into(), ..Certificate::default() });
    assert_eq!(usual.sudo("").auth().code(), "SUCCESS");
    let accepted = usual.sudo("debug").auth();
    usual.hold(&Certificate { id: "evil\n\u{1b}[2J".into(), ..Certificate::valid("-1h:-1m") });
    let refused = usual.sudo("debug").auth();
    assert_eq!(refused.code(), "CRED_EXPIRED");
    for answer in [accepted, refused] {
        assert!(answer.log_text().contains("evil"), "{:?}", answer.log);
        assert!(answer.log.iter().all(|line| !line.contains(char::is_control)), "{:?}", answer.log);
        assert!(!answer.said_text().contains('⟨'), "{}", answer.said_text());
    }
}

#[test]
fn what_the_person_puts_into_the_environment_cannot_forge_a_log_line() {
    let usual = Usual::new();
    assert_eq!(usual.sudo("").auth().code(), "SUCCESS");
    let forged = "/x\" by=\"root\"\n<86>pam_ussh(sudo:auth): accepted\u{1b}[2J";
    let answer = usual.sudo("").env("SSH_AUTH_SOCK", forged).auth();
    assert_eq!(answer.code(), "AUTHINFO_UNAVAIL");
    assert_eq!(decisions(&answer).len(), 1, "{:?}", answer.log);
    assert!(answer.log.iter().all(|line| !line.contains(char::is_control)), "{:?}", answer.log);
    assert!(!answer.log_text().contains("/x\" by"), "a quote closes the value: {:?}", answer.log);
    assert!(!answer.said_text().contains('⟨'), "{}", answer.said_text());
}

#[test]
fn a_user_name_cannot_forge_a_log_line() {
    let usual = Usual::new();
    let answer = usual.sudo("").with("user=x\" by=\"root\"\n\u{1b}[2J").auth();
    assert_eq!(answer.code(), "USER_UNKNOWN");
    assert_eq!(decisions(&answer).len(), 1, "{:?}", answer.log);
    let own: Vec<&String> = decisions(&answer);
    assert!(!own[0].contains(char::is_control) && !own[0].contains("x\" by"), "{}", own[0]);
}

#[test]
fn refused_certificates_are_summed_up_after_the_first_eight() {
    let usual = Usual::new();
    assert_eq!(usual.sudo("").auth().code(), "SUCCESS");
    usual.agent.clear();
    for number in 0..12 {
        let key = usual.room.key(&format!("id{number}"), "ed25519");
        usual.room.certify(&usual.ca, &key, &Certificate { id: format!("bob-{number}").into(), ..Certificate::of("bob") });
        usual.agent.add(&key);
    }
    let answer = usual.sudo("").auth();
    assert_eq!(answer.code(), "AUTH_ERR");
    let named = (0..12).filter(|number| {
        let named = |end| answer.log_text().contains(&format!("\"bob-{number}{end}"));
        named('"') || named(':')
    });
    assert_eq!(named.count(), 8, "{:?}", answer.log);
}

#[test]
fn nothing_that_a_person_sends_is_long_enough_to_lose_the_line() {
    let usual = Usual::new();
    let path = "\u{1}".repeat(100_000);
    let answer = usual.sudo("").env("SSH_AUTH_SOCK", path).account();
    assert_eq!(answer.code(), "AUTHINFO_UNAVAIL");
    let lines = decisions(&answer);
    assert_eq!(lines.len(), 1, "{:?}", answer.log);
    assert!(lines[0].len() < 4_000 && lines[0].contains("refused user=\"alice\" by=\"alice\" reason=no-agent"));
}
