//! A TrustedUserCAKeys file. Every line counts once, and no key that ssh-key finds in a line, and we could use, is lost.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ussh_cert::CaKeys;
use ussh_cert::algorithm::KeyType;
use ussh_cert::key::PublicKey;

fuzz_target!(|content: &[u8]| {
    let (keys, bad_lines) = CaKeys::parse(content);
    let lines = || content.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let written = lines().filter(|line| !line.is_empty() && !line.starts_with(b"#")).count();
    assert_eq!(keys.len() + bad_lines.len(), written);
    for blob in lines().filter_map(ssh_key_blob) {
        // ssh-key also takes compressed points and a NUL in an application, which OpenSSH and we do not.
        assert!(keys.contains(&blob) || PublicKey::from_blob(&blob).is_err(), "a key is lost");
    }
});

/// The key in a line as ssh-key sees it; only for names that it does not stumble over.
fn ssh_key_blob(line: &[u8]) -> Option<Vec<u8>> {
    let (name, _) = line.split_at(line.iter().position(|&byte| byte == b' ')?);
    KeyType::from_name(name)?;
    ssh_key::PublicKey::from_openssh(std::str::from_utf8(line).ok()?).ok()?.to_bytes().ok()
}
