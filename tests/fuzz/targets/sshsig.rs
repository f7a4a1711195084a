//! A signature's file. Nothing is believed by nobody's word, and what is believed by its own key's word is a signature
//! to ssh-key, too.
#![no_main]

use base64ct::{Base64, Encoding};
use libfuzzer_sys::fuzz_target;
use ssh_key::SshSig;
use ssh_key::encoding::Decode;
use ussh_cert::CaKeys;
use ussh_cert::certificate::blob_name;
use ussh_cert::sshsig::verify;

/// As make.sh has it signed.
const MESSAGE: &[u8] = b"data\n";
const USE: &str = "ussh-krl";

fuzz_target!(|armored: &[u8]| {
    assert!(verify(armored, MESSAGE, USE, &CaKeys::default()).is_err());
    let Some((blob, own_key)) = own_key(armored) else { return };
    let name = String::from_utf8_lossy(blob_name(&own_key).unwrap_or_default()).into_owned();
    let trusted = CaKeys::parse(format!("{name} {}", Base64::encode_string(&own_key))).0;
    if let Ok(signer) = verify(armored, MESSAGE, USE, &trusted) {
        assert_eq!(signer, own_key);
        let theirs = SshSig::decode(&mut blob.as_slice()).expect("a signature");
        let key = ssh_key::PublicKey::from(theirs.public_key().clone());
        key.verify(USE, MESSAGE, &theirs).expect("a good one");
        assert!(verify(armored, b"other\n", USE, &trusted).is_err());
        assert!(verify(armored, MESSAGE, "file", &trusted).is_err());
    }
});

/// What stands between the lines, and the key that it names.
fn own_key(armored: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let text = std::str::from_utf8(armored).ok()?;
    let digits: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let blob = Base64::decode_vec(&digits).ok()?;
    let length = u32::from_be_bytes(blob.get(10..14)?.try_into().ok()?);
    let key = blob.get(14..14usize.checked_add(usize::try_from(length).ok()?)?)?.to_vec();
    Some((blob, key))
}
