use super::*;
use crate::testing::{Fields, NOW, blob, key, option, string};
use base64ct::{Base64, Encoding};

/// A CA file with this key in it.
fn ca_keys(ca: &ssh_key::PrivateKey) -> CaKeys {
    CaKeys::parse(format!("ssh-ed25519 {}", Base64::encode_string(&blob(ca))).as_bytes()).0
}

/// What the rules borrow, so that a test can change one thing.
struct Setting {
    ca_keys: CaKeys,
    username: Option<&'static str>,
    list: Option<Vec<String>>,
    file: Option<&'static str>,
    ca_algorithms: AlgorithmSet,
    algorithms: AlgorithmSet,
    max_validity: Option<u64>,
    require_sk: bool,
    restriction: Restriction,
    source: Source,
}

impl Setting {
    fn new() -> Self {
        Self {
            ca_keys: ca_keys(&key(2)),
            username: Some("alice"),
            list: None,
            file: None,
            ca_algorithms: AlgorithmSet::default(),
            algorithms: AlgorithmSet::default(),
            max_validity: None,
            require_sk: false,
            restriction: Restriction::Refuse,
            source: Source::Refuse,
        }
    }

    fn check_at(&self, fields: &Fields, now: u64) -> Result<Vec<u8>, Refusal> {
        self.check_bytes(&fields.signed(), now)
    }

    fn check(&self, fields: &Fields) -> Result<Vec<u8>, Refusal> {
        self.check_at(fields, NOW)
    }

    fn check_bytes(&self, bytes: &[u8], now: u64) -> Result<Vec<u8>, Refusal> {
        let certificate = Certificate::parse(bytes).map_err(Refusal::from)?;
        let rules = Rules {
            ca_keys: &self.ca_keys,
            username: self.username,
            authorized_principals: self.list.as_deref(),
            authorized_principals_file: self.file.map(str::as_bytes),
            ca_signature_algorithms: &self.ca_algorithms,
            accepted_algorithms: &self.algorithms,
            required_rsa_size: 2048,
            max_validity: self.max_validity,
            require_sk: self.require_sk,
            require_verify: false,
            source_address: self.source,
            force_command: self.restriction,
            revocation: None,
            local_time: |civil| civil.utc(),
        };
        check(&certificate, &rules, now).map(|accepted| accepted.principal().to_vec())
    }
}

/// The certificate of this test, good but for what `change` does, is refused so; without the change it is accepted.
fn refused(change: impl FnOnce(&mut Fields)) -> Refusal {
    let setting = Setting::new();
    let mut fields = Fields::good();
    assert_eq!(setting.check(&fields), Ok(b"alice".to_vec()));
    change(&mut fields);
    setting.check(&fields).unwrap_err()
}

#[test]
fn refuses_a_host_certificate() {
    assert_eq!(refused(|fields| fields.certificate_type = 2), Refusal::NotAUserCertificate);
}

#[test]
fn refuses_a_certificate_type_that_is_neither_user_nor_host() {
    assert_eq!(refused(|fields| fields.certificate_type = 0), Refusal::Malformed);
    assert_eq!(refused(|fields| fields.certificate_type = 3), Refusal::Malformed);
}

#[test]
fn refuses_a_ca_that_is_not_trusted() {
    assert_eq!(refused(|fields| fields.ca = key(3)), Refusal::CaUntrusted);
}

#[test]
fn refuses_a_certificate_whose_bytes_the_ca_did_not_sign() {
    let good = Fields::good();
    let forged = Fields { principals: vec![b"alice".to_vec(), b"root".to_vec()], ..good.clone() };
    let signature = crate::testing::sign(&good.ca, &good.unsigned());
    let bytes = [forged.unsigned(), string(&signature)].concat();
    assert_eq!(Setting::new().check_bytes(&bytes, NOW), Err(Refusal::CaSignatureInvalid));
}

#[test]
fn refuses_every_single_flipped_byte() {
    let setting = Setting::new();
    let good = Fields::good().signed();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x01;
        assert!(setting.check_bytes(&bytes, NOW).is_err(), "byte {at}");
    }
    for length in 0..good.len() {
        assert!(setting.check_bytes(&good[..length], NOW).is_err(), "cut to {length}");
    }
    assert!(setting.check_bytes(&[good, vec![0]].concat(), NOW).is_err(), "a byte behind the end");
}

#[test]
fn refuses_a_ca_signature_algorithm_that_is_not_allowed() {
    let mut setting = Setting::new();
    setting.ca_algorithms = AlgorithmSet::parse("rsa-sha2-512").unwrap();
    assert_eq!(setting.check(&Fields::good()), Err(Refusal::CaSignatureAlgorithm(b"ssh-ed25519".to_vec())));
}

#[test]
fn refuses_a_ca_signature_with_another_types_label() {
    let good = Fields::good();
    let raw = crate::testing::sign(&good.ca, &good.unsigned()).split_off(4 + "ssh-ed25519".len());
    let relabelled = |label: &[u8]| [good.unsigned(), string(&[string(label), raw.clone()].concat())].concat();
    let setting = Setting::new();
    assert!(setting.check_bytes(&relabelled(b"ssh-ed25519"), NOW).is_ok());
    assert_eq!(setting.check_bytes(&relabelled(b"rsa-sha2-512"), NOW), Err(Refusal::CaSignatureInvalid));
    assert_eq!(setting.check_bytes(&relabelled(b"ssh-rsa"), NOW), Err(Refusal::CaSignatureAlgorithm(b"ssh-rsa".to_vec())));
    assert!(setting.check_bytes(&relabelled(b"-cert-v01@x"), NOW).is_err());
}

#[test]
fn refuses_a_key_type_that_is_not_accepted() {
    let mut setting = Setting::new();
    setting.algorithms = AlgorithmSet::parse("sk-ssh-ed25519@openssh.com").unwrap();
    assert_eq!(setting.check(&Fields::good()), Err(Refusal::KeyAlgorithm("ssh-ed25519")));
}

#[test]
fn refuses_a_software_key_where_a_security_key_is_required() {
    let mut setting = Setting::new();
    setting.require_sk = true;
    assert_eq!(setting.check(&Fields::good()), Err(Refusal::NotASecurityKey));
}

#[test]
fn refuses_types_by_name_before_anything_behind_the_name_is_read() {
    for name in ["ssh-dss-cert-v01@openssh.com", "ssh-rsa-cert-v00@openssh.com", "-cert-v01@x", "webauthn-cert-v01@x"] {
        assert_eq!(
            Setting::new().check_bytes(&string(name.as_bytes()), NOW),
            Err(Refusal::Unsupported(name.as_bytes().to_vec()))
        );
    }
}

#[test]
fn refuses_a_certificate_without_principals_whatever_the_rules() {
    assert_eq!(refused(|fields| fields.principals.clear()), Refusal::NoPrincipals);
    let mut setting = Setting::new();
    setting.username = None;
    setting.list = Some(vec!["ops".to_owned()]);
    let mut fields = Fields::good();
    fields.principals.clear();
    assert_eq!(setting.check(&fields), Err(Refusal::NoPrincipals));
}

#[test]
fn refuses_more_than_256_principals() {
    let many = |count: usize| {
        let mut fields = Fields::good();
        fields.principals = (0..count).map(|n| if n == 0 { b"alice".to_vec() } else { b"x".to_vec() }).collect();
        Setting::new().check(&fields)
    };
    assert!(many(256).is_ok());
    assert_eq!(many(257), Err(Refusal::Malformed));
}

#[test]
fn principals_match_to_the_letter() {
    for principal in ["Alice", "alic", "alicex", "*", "ali*", "", " alice"] {
        assert_eq!(
            refused(|fields| fields.principals = vec![principal.as_bytes().to_vec()]),
            Refusal::NotForUser("alice".to_owned()),
            "{principal:?}"
        );
    }
}

#[test]
fn the_user_and_one_of_the_lists_must_both_be_named() {
    let mut setting = Setting::new();
    setting.list = Some(vec!["ops".to_owned()]);
    let with = |principals: &[&str]| Fields {
        principals: principals.iter().map(|p| p.as_bytes().to_vec()).collect(),
        ..Fields::good()
    };
    assert_eq!(setting.check(&with(&["alice", "ops"])), Ok(b"ops".to_vec()));
    assert_eq!(setting.check(&with(&["alice"])), Err(Refusal::NoAuthorizedPrincipal));
    assert_eq!(setting.check(&with(&["ops"])), Err(Refusal::NotForUser("alice".to_owned())));
    setting.username = None;
    assert_eq!(setting.check(&with(&["ops"])), Ok(b"ops".to_vec()));
    setting.file = Some("dev");
    assert_eq!(setting.check(&with(&["dev"])), Ok(b"dev".to_vec()), "both lists count together");
    assert_eq!(setting.check(&with(&["alice"])), Err(Refusal::NoAuthorizedPrincipal));
}

#[test]
fn rules_that_name_nobody_let_nobody_in() {
    let mut setting = Setting::new();
    setting.username = None;
    assert_eq!(setting.check(&Fields::good()), Err(Refusal::NoAuthorizedPrincipal));
    setting.list = Some(Vec::new());
    assert_eq!(setting.check(&Fields::good()), Err(Refusal::NoAuthorizedPrincipal));
    setting.file = Some("");
    assert_eq!(setting.check(&Fields::good()), Err(Refusal::NoAuthorizedPrincipal));
}

#[test]
fn refuses_critical_options_that_it_does_not_know_or_cannot_read() {
    assert_eq!(refused(|fields| fields.critical_options = option("new", b"")), Refusal::UnknownCriticalOption(b"new".to_vec()));
    assert_eq!(
        refused(|fields| fields.critical_options = option("source-address", &string(b"10.0.0.1/8"))),
        Refusal::MalformedOption(b"source-address".to_vec())
    );
    let twice = option("force-command", &string(b"a")).repeat(2);
    assert_eq!(refused(|fields| fields.critical_options = twice), Refusal::RepeatedOption(b"force-command".to_vec()));
    assert_eq!(refused(|fields| fields.critical_options = b"x".to_vec()), Refusal::Malformed);
    assert_eq!(
        refused(|fields| fields.extensions = option("permit-pty", b"x")),
        Refusal::MalformedOption(b"permit-pty".to_vec())
    );
}

#[test]
fn restrictions_that_cannot_be_checked_refuse_or_are_ignored_as_the_rules_say() {
    let bound = |name, value: &[u8]| Fields { critical_options: option(name, &string(value)), ..Fields::good() };
    let mut setting = Setting::new();
    assert_eq!(setting.check(&bound("source-address", b"10.0.0.0/8")), Err(Refusal::SourceAddress));
    assert_eq!(setting.check(&bound("force-command", b"id")), Err(Refusal::ForceCommand));
    (setting.restriction, setting.source) = (Restriction::Ignore, Source::Ignore);
    assert!(setting.check(&bound("source-address", b"10.0.0.0/8")).is_ok());
    assert!(setting.check(&bound("force-command", b"id")).is_ok());
    assert!(setting.check(&bound("source-address", b"rubbish")).is_err(), "its syntax is still checked");
}

#[test]
fn a_principals_line_denies_what_its_options_deny() {
    let mut setting = Setting::new();
    setting.username = None;
    let mut line = |text: &'static str, restriction| {
        setting.file = Some(text);
        setting.restriction = restriction;
        setting.source = if restriction == Restriction::Refuse { Source::Refuse } else { Source::Ignore };
        let fields = Fields { critical_options: option("force-command", &string(b"id")), ..Fields::good() };
        setting.check(&if text.contains("command") { fields } else { Fields::good() })
    };
    assert_eq!(line("alice", Restriction::Refuse), Ok(b"alice".to_vec()));
    assert_eq!(line("cert-authority alice", Restriction::Refuse), Err(Refusal::PrincipalsLineDenies("cert-authority")));
    assert_eq!(line("principals=\"alice\" alice", Restriction::Refuse), Err(Refusal::PrincipalsLineDenies("principals")));
    assert_eq!(line("from=\"10.0.0.1\" alice", Restriction::Refuse), Err(Refusal::PrincipalsLineFrom));
    assert_eq!(line("from=\"10.0.0.1\" alice", Restriction::Ignore), Ok(b"alice".to_vec()));
    assert_eq!(line("command=\"id\" alice", Restriction::Refuse), Err(Refusal::ForceCommand));
    assert_eq!(line("command=\"id\" alice", Restriction::Ignore), Ok(b"alice".to_vec()));
    assert_eq!(line("command=\"sh\" alice", Restriction::Ignore), Err(Refusal::ForceCommandConflict));
    // NOW is 2027-01-15T08:00:00Z.
    assert_eq!(line("expiry-time=\"20270115080000Z\" alice", Restriction::Refuse), Ok(b"alice".to_vec()));
    assert_eq!(line("expiry-time=\"20270115075959Z\" alice", Restriction::Refuse), Err(Refusal::PrincipalsLineExpired));
    assert_eq!(line("expiry-time=\"20270115080001\" alice", Restriction::Refuse), Ok(b"alice".to_vec()));
}

#[test]
fn a_command_on_the_line_alone_is_a_restriction_too() {
    let mut setting = Setting::new();
    setting.file = Some("command=\"id\" alice");
    assert_eq!(setting.check(&Fields::good()), Err(Refusal::ForceCommand));
}

#[test]
fn validity_includes_its_first_second_and_excludes_its_last() {
    let setting = Setting::new();
    let fields = Fields { valid_after: 100, valid_before: 200, ..Fields::good() };
    assert_eq!(setting.check_at(&fields, 40), Err(Refusal::NotYetValid(60)));
    assert_eq!(setting.check_at(&fields, 99), Err(Refusal::NotYetValid(1)));
    assert!(setting.check_at(&fields, 100).is_ok());
    assert!(setting.check_at(&fields, 199).is_ok());
    assert_eq!(setting.check_at(&fields, 200), Err(Refusal::Expired(0)));
    assert_eq!(setting.check_at(&fields, 260), Err(Refusal::Expired(60)));
}

#[test]
fn a_certificate_that_never_expires_is_accepted_unless_validity_is_bounded() {
    let fields = Fields { valid_after: 0, valid_before: FOREVER, ..Fields::good() };
    let mut setting = Setting::new();
    assert!(setting.check(&fields).is_ok());
    setting.max_validity = Some(u64::MAX);
    assert_eq!(setting.check(&fields), Err(Refusal::ValidityTooLong(u64::MAX)));
}

#[test]
fn the_whole_validity_counts_not_what_is_left_of_it() {
    let mut setting = Setting::new();
    setting.max_validity = Some(120);
    assert!(setting.check(&Fields::good()).is_ok());
    assert_eq!(setting.check(&Fields { valid_after: NOW - 61, ..Fields::good() }), Err(Refusal::ValidityTooLong(120)));
}

#[test]
fn expired_is_said_only_of_a_certificate_that_a_new_one_would_mend() {
    let old = Fields { valid_before: NOW - 1, ..Fields::good() };
    let setting = Setting::new();
    assert_eq!(setting.check(&old), Err(Refusal::Expired(1)));
    let of_another = Fields { principals: vec![b"bob".to_vec()], ..old.clone() };
    assert_eq!(setting.check(&of_another), Err(Refusal::NotForUser("alice".to_owned())));
    let by_a_stranger = Fields { ca: key(3), ..old };
    assert_eq!(setting.check(&by_a_stranger), Err(Refusal::CaUntrusted));
}

#[test]
fn a_key_id_may_be_any_bytes_but_nul() {
    let with = |key_id: &[u8]| Setting::new().check(&Fields { key_id: key_id.to_vec(), ..Fields::good() });
    assert!(with(b"").is_ok() && with(b"\xff\xfe\n").is_ok());
    assert_eq!(with(b"a\0b"), Err(Refusal::Malformed));
}

#[test]
fn where_the_peer_is_known_restrictions_to_addresses_are_checked() {
    let bound = Fields { critical_options: option("source-address", &string(b"10.0.0.0/8,192.0.2.7")), ..Fields::good() };
    let mut setting = Setting::new();
    let inside: IpAddr = "10.1.2.3".parse().unwrap();
    let outside: IpAddr = "192.0.2.8".parse().unwrap();
    setting.source = Source::Peer(inside);
    assert_eq!(setting.check(&bound), Ok(b"alice".to_vec()));
    setting.source = Source::Peer(outside);
    assert_eq!(setting.check(&Fields::good()), Ok(b"alice".to_vec()));
    assert_eq!(setting.check(&bound), Err(Refusal::NotFromHere(outside)));
    setting.username = None;
    setting.file = Some("from=\"10.0.0.0/8,!10.9.0.0/16\" alice");
    assert_eq!(setting.check(&Fields::good()), Err(Refusal::PrincipalsLineNotFromHere(outside)));
    setting.source = Source::Peer(inside);
    assert_eq!(setting.check(&Fields::good()), Ok(b"alice".to_vec()));
    let negated: IpAddr = "10.9.0.1".parse().unwrap();
    setting.source = Source::Peer(negated);
    assert_eq!(setting.check(&Fields::good()), Err(Refusal::PrincipalsLineNotFromHere(negated)));
}
