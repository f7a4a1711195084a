//! The key types and signature algorithms that are accepted, by name.
//!
//! Every name is checked against these lists before any other parser sees the bytes that follow it.
//! SHA-1 (`ssh-rsa` as a signature), DSA, webauthn and anything unknown have no variant, so nothing can accept them.

use crate::wire::{Malformed, Reader};

/// A plain public key's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// `ssh-ed25519`
    Ed25519,
    /// `ecdsa-sha2-nistp256`
    EcdsaP256,
    /// `ecdsa-sha2-nistp384`
    EcdsaP384,
    /// `ecdsa-sha2-nistp521`
    EcdsaP521,
    /// `ssh-rsa`: the key; its signatures are rsa-sha2-256 or rsa-sha2-512
    Rsa,
    /// `sk-ssh-ed25519@openssh.com`
    SkEd25519,
    /// `sk-ecdsa-sha2-nistp256@openssh.com`
    SkEcdsaP256,
}

impl KeyType {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Ed25519, Self::EcdsaP256, Self::EcdsaP384, Self::EcdsaP521, Self::Rsa, Self::SkEd25519, Self::SkEcdsaP256];

    /// The name at the start of a plain key's blob.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384",
            Self::EcdsaP521 => "ecdsa-sha2-nistp521",
            Self::Rsa => "ssh-rsa",
            Self::SkEd25519 => "sk-ssh-ed25519@openssh.com",
            Self::SkEcdsaP256 => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    /// The name at the start of a certificate's blob (PROTOCOL.certkeys).
    pub fn certificate_name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519-cert-v01@openssh.com",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256-cert-v01@openssh.com",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384-cert-v01@openssh.com",
            Self::EcdsaP521 => "ecdsa-sha2-nistp521-cert-v01@openssh.com",
            Self::Rsa => "ssh-rsa-cert-v01@openssh.com",
            Self::SkEd25519 => "sk-ssh-ed25519-cert-v01@openssh.com",
            Self::SkEcdsaP256 => "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
        }
    }

    /// The type of a plain key by its name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name().as_bytes() == name)
    }

    /// The type of a certificate's key by the certificate's name.
    pub fn from_certificate_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.certificate_name().as_bytes() == name)
    }

    /// Whether the key lives in a FIDO security key, so that using it may need a touch.
    pub fn is_sk(self) -> bool {
        matches!(self, Self::SkEd25519 | Self::SkEcdsaP256)
    }

    /// Reads the fields that follow the name in a key of this type, checking their framing only.
    pub(crate) fn skip_fields(self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        match self {
            Self::Ed25519 | Self::SkEd25519 => length_is(reader.string()?, 32)?,
            Self::EcdsaP256 | Self::SkEcdsaP256 => skip_ecdsa(reader, b"nistp256", 32)?,
            Self::EcdsaP384 => skip_ecdsa(reader, b"nistp384", 48)?,
            Self::EcdsaP521 => skip_ecdsa(reader, b"nistp521", 66)?,
            Self::Rsa => {
                reader.string()?; // e
                reader.string()?; // n
            }
        }
        if self.is_sk() {
            reader.cstring()?; // application
        }
        Ok(())
    }
}

fn length_is(bytes: &[u8], length: usize) -> Result<(), Malformed> {
    if bytes.len() == length { Ok(()) } else { Err(Malformed) }
}

/// Only uncompressed points, as in OpenSSH (sshbuf-getput-crypto.c).
fn skip_ecdsa(reader: &mut Reader<'_>, curve: &[u8], field: usize) -> Result<(), Malformed> {
    if reader.string()? != curve {
        return Err(Malformed);
    }
    let point = reader.string()?;
    length_is(point, 1 + 2 * field)?;
    if point.first() == Some(&4) { Ok(()) } else { Err(Malformed) }
}

/// How a signature was made. The label of every signature must name one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// `ssh-ed25519`
    Ed25519,
    /// `ecdsa-sha2-nistp256`
    EcdsaP256,
    /// `ecdsa-sha2-nistp384`
    EcdsaP384,
    /// `ecdsa-sha2-nistp521`
    EcdsaP521,
    /// `rsa-sha2-256`
    RsaSha256,
    /// `rsa-sha2-512`
    RsaSha512,
    /// `sk-ssh-ed25519@openssh.com`
    SkEd25519,
    /// `sk-ecdsa-sha2-nistp256@openssh.com`
    SkEcdsaP256,
}

impl SignatureAlgorithm {
    /// All of them: sshd's CASignatureAlgorithms.
    pub const ALL: [Self; 8] = [
        Self::Ed25519,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::SkEd25519,
        Self::SkEcdsaP256,
        Self::RsaSha512,
        Self::RsaSha256,
    ];

    /// The label in a signature's blob.
    pub fn name(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha2-256",
            Self::RsaSha512 => "rsa-sha2-512",
            other => other.key_type().name(),
        }
    }

    /// Its name in sshd's PubkeyAcceptedAlgorithms when the key comes with a certificate.
    pub fn certificate_name(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha2-256-cert-v01@openssh.com",
            Self::RsaSha512 => "rsa-sha2-512-cert-v01@openssh.com",
            other => other.key_type().certificate_name(),
        }
    }

    /// The algorithm by its label.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name().as_bytes() == name)
    }

    /// The type of key that signs so.
    pub fn key_type(self) -> KeyType {
        match self {
            Self::Ed25519 => KeyType::Ed25519,
            Self::EcdsaP256 => KeyType::EcdsaP256,
            Self::EcdsaP384 => KeyType::EcdsaP384,
            Self::EcdsaP521 => KeyType::EcdsaP521,
            Self::RsaSha256 | Self::RsaSha512 => KeyType::Rsa,
            Self::SkEd25519 => KeyType::SkEd25519,
            Self::SkEcdsaP256 => KeyType::SkEcdsaP256,
        }
    }
}

/// A set of signature algorithms: CASignatureAlgorithms or the certificate part of PubkeyAcceptedAlgorithms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlgorithmSet(Vec<SignatureAlgorithm>);

impl Default for AlgorithmSet {
    /// sshd's list.
    fn default() -> Self {
        Self(SignatureAlgorithm::ALL.to_vec())
    }
}

impl AlgorithmSet {
    /// A comma list of signature algorithm names; their certificate forms mean the same.
    ///
    /// # Errors
    /// The name that is unknown or never accepted (an empty one included).
    pub fn parse(list: &str) -> Result<Self, String> {
        list.split(',')
            .map(|name| {
                SignatureAlgorithm::ALL
                    .into_iter()
                    .find(|a| a.name() == name || a.certificate_name() == name)
                    .ok_or_else(|| name.to_owned())
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether `algorithm` is in the set.
    pub fn contains(&self, algorithm: SignatureAlgorithm) -> bool {
        self.0.contains(&algorithm)
    }

    /// Whether any algorithm of a key of this type is in the set.
    pub fn allows_key(&self, key_type: KeyType) -> bool {
        self.0.iter().any(|a| a.key_type() == key_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha1_dsa_webauthn_and_unknown_names_are_nobodys() {
        for name in ["ssh-rsa", "ssh-dss", "webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "", "-cert-v01@x", "ssh-ed25519\0"] {
            assert_eq!(SignatureAlgorithm::from_name(name.as_bytes()), None, "{name}");
        }
        for name in ["ssh-dss", "", "rsa-sha2-512", "-cert-v01@x"] {
            assert_eq!(KeyType::from_name(name.as_bytes()), None, "{name}");
        }
        for name in ["ssh-dss-cert-v01@openssh.com", "ssh-rsa-cert-v00@openssh.com", "-cert-v01@x", "ssh-ed25519"] {
            assert_eq!(KeyType::from_certificate_name(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn a_list_takes_plain_and_certificate_names_and_nothing_else() {
        let set = AlgorithmSet::parse("ssh-ed25519-cert-v01@openssh.com,rsa-sha2-512").unwrap();
        assert!(set.contains(SignatureAlgorithm::Ed25519) && set.allows_key(KeyType::Rsa));
        assert!(!set.contains(SignatureAlgorithm::RsaSha256) && !set.allows_key(KeyType::EcdsaP256));
        assert_eq!(AlgorithmSet::parse("ssh-ed25519,ssh-rsa"), Err("ssh-rsa".to_owned()));
        assert_eq!(AlgorithmSet::parse(""), Err(String::new()));
        assert_eq!(AlgorithmSet::parse("ssh-ed25519,"), Err(String::new()));
    }

    #[test]
    fn only_uncompressed_points_of_the_named_curve_are_framed_right() {
        let blob = |curve: &[u8], point: &[u8]| {
            let mut out = Vec::new();
            crate::wire::put_string(&mut out, curve);
            crate::wire::put_string(&mut out, point);
            out
        };
        let frames = |bytes: &[u8]| KeyType::EcdsaP256.skip_fields(&mut Reader::new(bytes));
        assert_eq!(frames(&blob(b"nistp256", &[4; 65])), Ok(()));
        assert_eq!(frames(&blob(b"nistp256", &[2; 33])), Err(Malformed));
        assert_eq!(frames(&blob(b"nistp256", &[2; 65])), Err(Malformed));
        assert_eq!(frames(&blob(b"nistp384", &[4; 65])), Err(Malformed));
    }

    #[test]
    fn an_ed25519_key_is_32_bytes() {
        let frames = |length: usize| {
            let mut bytes = Vec::new();
            crate::wire::put_string(&mut bytes, &vec![1; length]);
            KeyType::Ed25519.skip_fields(&mut Reader::new(&bytes))
        };
        assert_eq!([31, 32, 33].map(frames), [Err(Malformed), Ok(()), Err(Malformed)]);
    }
}
