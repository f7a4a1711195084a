//! A path as one word, for the name of a file.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

/// Letters, digits, `_`, `-` and `.` as they are, every other byte as `%2F`.
pub(super) fn encoded(path: &OsStr) -> String {
    let mut word = String::new();
    for &byte in path.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"_-.".contains(&byte) {
            word.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(word, "%{byte:02X}");
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_file_name_and_no_two_share_one() {
        assert_eq!(encoded(OsStr::new("/etc/ssh/krl.1")), "%2Fetc%2Fssh%2Fkrl.1");
        assert_eq!(encoded(OsStr::new("/a%2Fb")), "%2Fa%252Fb");
        assert_eq!(encoded(OsStr::from_bytes(b"/\xff\n")), "%2F%FF%0A");
    }
}
