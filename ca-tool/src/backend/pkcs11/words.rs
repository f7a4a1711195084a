//! PKCS#11's return values by their names in the standard: the crate's own words for them are paragraphs.

use cryptoki::error::{Error, RvError};

/// `CKR_PIN_INCORRECT`, or the crate's words for what never reached the module.
pub(super) fn of(error: &Error) -> String {
    let Error::Pkcs11(value, _) = error else { return error.to_string() };
    let name = format!("{value:?}");
    let mut words = String::from("CKR");
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            words.push('_');
        }
        words.push(letter.to_ascii_uppercase());
    }
    words
}

/// What the module answered, if it answered.
pub(super) fn value(error: &Error) -> Option<RvError> {
    match error {
        Error::Pkcs11(value, _) => Some(*value),
        _ => None,
    }
}

/// Whether the device is not there any more.
pub(super) fn is_gone(error: &Error) -> bool {
    matches!(
        value(error),
        Some(
            RvError::DeviceRemoved
                | RvError::TokenNotPresent
                | RvError::TokenNotRecognized
                | RvError::DeviceError
                | RvError::SessionHandleInvalid
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryptoki::context::Function;

    #[test]
    fn values_have_the_names_of_the_standard() {
        assert_eq!(of(&Error::Pkcs11(RvError::PinIncorrect, Function::Login)), "CKR_PIN_INCORRECT");
    }
}
