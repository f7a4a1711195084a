//! Keys on a token: which there are, and their public halves as SSH has them (PKCS #11 v3.0, sections 2.1 to 2.3).

use cryptoki::error::Result as TokenResult;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use ssh_key::Mpint;
use ssh_key::public::{EcdsaPublicKey, Ed25519PublicKey, KeyData, RsaPublicKey};

/// A public key on a token.
#[derive(Clone, Debug)]
pub(super) struct TokenKey {
    pub(super) id: Vec<u8>,
    pub(super) label: Vec<u8>,
    pub(super) data: KeyData,
}

/// Every public key that a CA can have, in the token's order. Others (EC on other curves, X25519) are left out.
pub(super) fn all(session: &Session) -> TokenResult<Vec<TokenKey>> {
    let objects = session.find_objects(&[Attribute::Class(ObjectClass::PUBLIC_KEY)])?;
    Ok(objects.into_iter().filter_map(|object| read(session, object)).collect())
}

/// The private half, which tokens show after the login only.
pub(super) fn private(session: &Session, key: &TokenKey) -> TokenResult<Option<ObjectHandle>> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    // The ID is what ties the halves of a pair together; labels often differ.
    template.push(match key.id.is_empty() {
        true => Attribute::Label(key.label.clone()),
        false => Attribute::Id(key.id.clone()),
    });
    let wanted = key_type(&key.data);
    let is_of_type = |object: &ObjectHandle| {
        let attributes = session.get_attributes(*object, &[AttributeType::KeyType]).unwrap_or_default();
        attributes.iter().any(|attribute| matches!(attribute, Attribute::KeyType(found) if Some(*found) == wanted))
    };
    Ok(session.find_objects(&template)?.into_iter().find(is_of_type))
}

/// Whether each signature takes the PIN again (CKA_ALWAYS_AUTHENTICATE).
pub(super) fn wants_pin_each_time(session: &Session, private: ObjectHandle) -> bool {
    let attributes = session.get_attributes(private, &[AttributeType::AlwaysAuthenticate]).unwrap_or_default();
    attributes.iter().any(|attribute| matches!(attribute, Attribute::AlwaysAuthenticate(true)))
}

fn key_type(data: &KeyData) -> Option<KeyType> {
    match data {
        KeyData::Ecdsa(_) => Some(KeyType::EC),
        KeyData::Ed25519(_) => Some(KeyType::EC_EDWARDS),
        KeyData::Rsa(_) => Some(KeyType::RSA),
        _ => None,
    }
}

fn read(session: &Session, object: ObjectHandle) -> Option<TokenKey> {
    // One by one: a token refuses a whole list for one attribute that its key has not.
    let attribute = |wanted| session.get_attributes(object, &[wanted]).ok()?.pop();
    let bytes = |wanted| match attribute(wanted)? {
        Attribute::Id(bytes)
        | Attribute::Label(bytes)
        | Attribute::EcPoint(bytes)
        | Attribute::EcParams(bytes)
        | Attribute::Modulus(bytes)
        | Attribute::PublicExponent(bytes) => Some(bytes),
        _ => None,
    };
    let data = match attribute(AttributeType::KeyType)? {
        Attribute::KeyType(KeyType::EC) => {
            let _curve = bytes(AttributeType::EcParams).filter(|curve| is_ssh_curve(curve))?;
            let point = bytes(AttributeType::EcPoint)?;
            let key = octet_string(&point).and_then(|point| EcdsaPublicKey::from_sec1_bytes(point).ok());
            KeyData::Ecdsa(key.or_else(|| EcdsaPublicKey::from_sec1_bytes(&point).ok())?)
        }
        Attribute::KeyType(KeyType::EC_EDWARDS) => {
            let point = bytes(AttributeType::EcPoint)?;
            let point = octet_string(&point).unwrap_or(&point);
            KeyData::Ed25519(Ed25519PublicKey(point.try_into().ok()?))
        }
        Attribute::KeyType(KeyType::RSA) => {
            let number = |wanted| bytes(wanted).map(|bytes| Mpint::from_positive_bytes(&bytes));
            let (e, n) = (number(AttributeType::PublicExponent)?, number(AttributeType::Modulus)?);
            KeyData::Rsa(RsaPublicKey::new(e, n).ok()?)
        }
        _ => return None,
    };
    let (id, label) = (bytes(AttributeType::Id).unwrap_or_default(), bytes(AttributeType::Label).unwrap_or_default());
    Some(TokenKey { id, label, data })
}

/// The object identifiers of NIST's P-256, P-384 and P-521 in DER (RFC 5480). secp256k1's points look just the same.
fn is_ssh_curve(params: &[u8]) -> bool {
    const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    const P384: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";
    const P521: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x23";
    [P256, P384, P521].contains(&params)
}

/// What a DER OCTET STRING holds; tokens frame points so, or not at all.
fn octet_string(der: &[u8]) -> Option<&[u8]> {
    let (length, content) = match der {
        [4, 0x81, length, content @ ..] => (length, content),
        [4, length, content @ ..] if *length < 0x80 => (length, content),
        _ => return None,
    };
    (content.len() == usize::from(*length)).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_taken_out_of_their_frame() {
        assert_eq!(octet_string(&[4, 2, 7, 8]), Some(&[7, 8][..]));
        assert_eq!(octet_string(&[4, 0x81, 2, 7, 8]), Some(&[7, 8][..]));
        assert_eq!(octet_string(&[4, 3, 7, 8]), None);
        assert_eq!(octet_string(&[3, 2, 7, 8]), None);
        assert_eq!(octet_string(&[]), None);
    }
}
