use super::end_session::Mode;
use super::*;

#[test]
fn an_empty_line_means_the_defaults() {
    let options = Options::parse(&[]).unwrap();
    assert_eq!(options, Options::default());
    assert_eq!(options.ca_file, PathBuf::from("/etc/ssh/trusted_user_ca"));
    assert_eq!((options.timeout.as_secs(), options.sign_timeout.as_secs(), options.required_rsa_size), (5, 30, 2048));
    assert!(options.user_principal);
}

#[test]
fn every_option_is_read() {
    let options = Options::parse(&[
        "ca_file=/etc/ssh/ca",
        "authorized_principals=ops,dev",
        "authorized_principals_file=/etc/ssh/p/%u",
        "user_principal=no",
        "group=wheel",
        "max_validity=1d",
        "ca_signature_algorithms=ssh-ed25519",
        "accepted_algorithms=sk-ssh-ed25519@openssh.com",
        "required_rsa_size=3072",
        "require_sk",
        "require_verify=yes",
        "source_address=ignore",
        "force_command=ignore",
        "timeout=2",
        "sign_timeout=10",
        "sshd_services=sshd,sshd-internal",
        "revoked_keys=/etc/ssh/revoked_keys",
        "revoked_keys=/etc/ssh/more_revoked_keys",
        "krl_max_age=1d",
        "auth_info=optional",
        "end_session=renew",
        "session_warnings=1m,10m,1m",
        "session_check=30s",
        "session_guard=1234",
        "debug",
        "quiet=no",
    ])
    .unwrap();
    assert_eq!(options.authorized_principals, Some(vec!["ops".to_owned(), "dev".to_owned()]));
    assert_eq!(options.authorized_principals_files.len(), 1);
    assert_eq!((options.max_validity, options.required_rsa_size), (Some(86_400), 3072));
    assert_eq!((options.timeout.as_secs(), options.sign_timeout.as_secs()), (2, 10));
    assert_eq!((options.source_address, options.force_command), (Restriction::Ignore, Restriction::Ignore));
    assert_eq!(options.revoked_keys, ["/etc/ssh/revoked_keys", "/etc/ssh/more_revoked_keys"].map(PathBuf::from));
    assert_eq!((options.krl_max_age, options.auth_info), (Some(86_400), Some(AuthInfo::Optional)));
    assert_eq!(options.end_session, EndSession { mode: Mode::Renewable, warnings: vec![600, 60], check: 30 });
    assert_eq!(options.session_guard, Some(1234));
    assert!(!options.user_principal && options.require_sk && options.require_verify && options.debug && !options.quiet);
}

#[test]
fn end_session_is_a_flag_with_a_third_value() {
    let mode = |word| Options::parse(&[word]).unwrap().end_session.mode;
    assert_eq!(
        ["end_session", "end_session=yes", "end_session=no", "end_session=renew", "debug"].map(mode),
        [Mode::WithCertificate, Mode::WithCertificate, Mode::Off, Mode::Renewable, Mode::Off]
    );
    assert_eq!(Options::parse(&["session_warnings=none"]).unwrap().end_session.warnings, []);
}

#[test]
fn pam_usshs_lists_add_up() {
    let options = Options::parse(&["authorized_principals=a", "authorized_principals=b,c"]).unwrap();
    assert_eq!(options.authorized_principals.unwrap(), ["a", "b", "c"]);
}

#[test]
fn what_is_not_understood_is_refused() {
    for line in [
        "cafile=/x",
        "CA_FILE=/x",
        "",
        "=",
        "ca_file",
        "ca_file=",
        "ca_file=ca",
        "authorized_principals=",
        "authorized_principals=a,,b",
        "authorized_principals_file=p",
        "user_principal=maybe",
        "user_principal=no",
        "group=",
        "max_validity=0",
        "max_validity=soon",
        "ca_signature_algorithms=ssh-rsa",
        "accepted_algorithms=ssh-dss",
        "required_rsa_size=512",
        "required_rsa_size=big",
        "required_rsa_size=+2048",
        "group=j\u{fffd}rgen",
        "require_sk=1",
        "source_address=yes",
        "force_command=",
        "timeout=0",
        "timeout=+1",
        "timeout=5s",
        "timeout=601",
        "sign_timeout=-1",
        "debug=",
        "debug debug",
        "timeout=1 timeout=1",
        "quiet quiet=no",
        "revoked_keys=revoked_keys",
        "krl_max_age=1d",
        "revoked_keys=/r krl_max_age=0",
        "auth_info=yes",
        "auth_info",
        "end_session=maybe",
        "end_session=",
        "session_warnings=",
        "session_warnings=1m,,2m",
        "session_warnings=0",
        "session_warnings=1,2,3,4,5,6,7,8,9",
        "session_check=4",
        "session_check=2h",
        "session_guard",
        "session_guard=sshd",
        "session_guard=+1",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(Options::parse(&words).is_err(), "{line}");
    }
}

#[test]
fn the_error_names_the_option_and_what_is_wrong() {
    let error = Options::parse(&["timeout=soon"]).unwrap_err().to_string();
    assert_eq!(error, "option \"timeout=soon\": must be a number of seconds from 1 to 600");
}
