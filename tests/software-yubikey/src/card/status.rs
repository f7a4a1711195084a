//! Status words: ISO 7816-4, SP 800-73-4 part 2 section 5.6, and where a YubiKey uses which: the APDU pages of Yubico's .NET SDK
//! (<https://docs.yubico.com/yesdk/users-manual/application-piv/apdu/>) and what yubikey-manager and yubico-piv-tool expect.

/// The two bytes that end a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(pub(super) u16);

impl Status {
    pub(super) const OK: Self = Self(0x9000);
    pub(super) const WRONG_LENGTH: Self = Self(0x6700);
    /// PIN or management key missing, or no touch.
    pub(super) const SECURITY_NOT_SATISFIED: Self = Self(0x6982);
    pub(super) const BLOCKED: Self = Self(0x6983);
    pub(super) const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    pub(super) const WRONG_DATA: Self = Self(0x6a80);
    pub(super) const NOT_FOUND: Self = Self(0x6a82);
    pub(super) const NO_SPACE: Self = Self(0x6a84);
    pub(super) const REFERENCE_NOT_FOUND: Self = Self(0x6a88);
    pub(super) const WRONG_P1_P2: Self = Self(0x6b00);
    pub(super) const NOT_SUPPORTED: Self = Self(0x6d00);

    /// Verification failed, so many tries are left; the status has room for 15.
    pub(super) fn tries_left(tries: u8) -> Self {
        Self(0x63c0 | u16::from(tries.min(15)))
    }

    /// So many bytes wait for GET RESPONSE; 00 says 256 or more.
    pub(super) fn bytes_remaining(bytes: usize) -> Self {
        Self(0x6100 | u16::from(u8::try_from(bytes).unwrap_or(0)))
    }

    pub(super) fn to_vec(self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }
}
