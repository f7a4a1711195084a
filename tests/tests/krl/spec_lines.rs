//! Specifications line by line: ssh-keygen takes a line, or refuses it, as we do.

use ussh_cert::krl::Krl;
use ussh_cert::krl::spec::Issuer;

use super::keygen;
use super::pool::Pool;
use super::random::Random;

#[test]
fn lines_are_taken_and_refused_as_by_ssh_keygen() {
    let pool = Pool::new(&mut Random::new(), 1);
    let [key, rsa, certificate] = ["k0.pub", "k2.pub", "c0-cert.pub"].map(|file| pool.line(file));
    let word = key.split(' ').nth(1).unwrap();
    let hash = keygen::ok(pool.path(), &["-l", "-f", "k0.pub"]).split(' ').nth(1).unwrap().to_owned();
    let hash = hash.trim_start_matches("SHA256:");
    let lines = [
        "serial: 5",
        "serial:5",
        "sErIaL:\t5 ",
        "serial 5",
        "serial:",
        "serial: ",
        "serial: 0",
        "serial: 0-5",
        "serial: 5-5",
        "serial: 5-6",
        "serial: 6-5",
        "serial: 5 - 6",
        "serial: 5- 6",
        "serial: 5 -6",
        "serial: 5-6-7",
        "serial: 0x1f",
        "serial: 0X1F-0x2f",
        "serial: 010-011",
        "serial: 08",
        "serial: 0x",
        "serial: +5",
        "serial: 5a",
        "serial: five",
        "serial: 18446744073709551615",
        "serial: 18446744073709551616",
        "serial: 1-18446744073709551616",
        "serial: 5\r",
        "serial: \u{b}5",
        "serial: 5#6",
        "serial: 5\x006",
        "serial: #",
        "serials: 5",
        "id:",
        "id: a",
        "ID:a b  c \t",
        "id: a#b",
        "id: \u{e9}\r",
        "id : a",
        "idx",
        "#",
        " # x",
        "\t",
        "\r",
        "\0",
        "\0serial: x",
    ];
    let lines = lines.into_iter().map(str::to_owned);
    let more = [
        key.clone(),
        format!("{key} c"),
        format!("  {key}"),
        format!("key: {key}"),
        format!("KEY:{key} c"),
        format!("key {key}"),
        format!("sha1: {rsa}"),
        format!("sha256: {rsa}"),
        format!("sha512: {rsa}"),
        format!("sha256: {certificate}"),
        format!("key: {certificate}"),
        format!("sha1: {certificate}"),
        certificate.clone(),
        format!("{certificate} x"),
        format!("id: a\n{certificate}"),
        certificate.replace("AAAA", "AAAB"),
        certificate.replacen("ssh-", "sshx-", 1),
        // The signature does not fit, when a principal is another one.
        spoilt(&certificate),
        key.replace("ssh-ed25519 ", "ssh-rsa "),
        word.to_owned(),
        format!("ssh-ed25519 {}", &word[..60]),
        format!("ssh-ed25519 {word}=="),
        format!("ssh-ed25519 {word}AAAA"),
        format!("ssh-ed25519\t{word}\tx"),
        "ssh-ed25519".into(),
        format!("ssh-ed25519  {word}"),
        format!("cert-authority {key}"),
        format!("ssh-dss {word}"),
        format!("{key}\r"),
        format!("hash: SHA256:{hash}"),
        format!("hash:SHA256:{hash}="),
        format!("hash: SHA256:{hash}=="),
        format!("hash: {hash}"),
        format!("hash: sha256:{hash}"),
        format!("hash: SHA256:{}", &hash[1..]),
        "hash: SHA256:".into(),
        "hash:".into(),
        format!("hash: SHA256:{} {}", &hash[..9], &hash[9..]),
        format!("hash: SHA256:{hash} x"),
        "hash: MD5:aa:bb".into(),
        format!("hash: SHA256:{}", "A".repeat(27)),
        format!("hash: SHA256:{hash}#"),
        "hash: SHA256:!".into(),
    ];
    for line in lines.chain(more) {
        compare(&pool, &line, "none", Issuer::Any);
    }
    for line in ["serial: 5", "id: a", "serial: x", "# serial: 5", &key, &certificate] {
        compare(&pool, line, "", Issuer::Unnamed);
    }
    let several = "serial: 1\n\n  # comment\nserial: 2-4\nid: a";
    compare(&pool, several, "none", Issuer::Any);
    let wrong = format!("{several}\nnonsense\nserial: 0\n");
    compare(&pool, &wrong, "none", Issuer::Any);
    assert_eq!(Krl::new().apply(wrong.as_bytes(), Issuer::Any).unwrap_err().line, 6);
}

/// The principal's first letter in the base64 of a certificate for `alice` becomes another.
fn spoilt(line: &str) -> String {
    use ssh_key::encoding::base64::{Base64, Encoding as _};
    let (name, text) = line.split_once(' ').unwrap();
    let mut blob = Base64::decode_vec(text).unwrap();
    let at = blob.windows(9).position(|part| part == b"\0\0\0\x05alice").expect("a principal");
    blob[at + 4] = b'b';
    format!("{name} {}", Base64::encode_string(&blob))
}

fn compare(pool: &Pool, spec: &str, issuer: &str, ours: Issuer<'_>) {
    let _ = std::fs::remove_file(pool.file("krl"));
    std::fs::write(pool.file("spec"), spec).unwrap();
    let mut words = vec!["-q", "-k", "-f", "krl", "-z", "3"];
    words.extend(if issuer.is_empty() { vec![] } else { vec!["-s", issuer] });
    words.push("spec");
    let theirs = keygen::run(pool.path(), &words).status.success();
    let mut krl = Krl::new();
    let result = krl.apply(spec.as_bytes(), ours);
    assert_eq!(theirs, result.is_ok(), "ssh-keygen takes {spec:?}: {theirs}, we: {result:?}");
    if theirs {
        let theirs = Krl::read(&std::fs::read(pool.file("krl")).unwrap()).unwrap().listing("");
        krl.version = 3;
        assert_eq!(krl.listing(""), theirs, "{spec:?}");
    }
}

#[test]
fn a_serial_number_below_zero_is_an_error_though_ssh_keygen_wraps_it() {
    let pool = Pool::new(&mut Random::new(), 0);
    std::fs::write(pool.file("spec"), "serial: -5\n").unwrap();
    keygen::ok(pool.path(), &["-q", "-k", "-f", "krl", "-s", "none", "spec"]);
    let theirs = std::fs::read(pool.file("krl")).unwrap();
    assert_eq!(Krl::read(&theirs).unwrap().authorities()[0].serials(), [(u64::MAX - 4, u64::MAX - 4)]);
    assert!(Krl::new().apply(b"serial: -5\n", Issuer::Any).is_err());
}
