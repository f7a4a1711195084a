//! Where a list is published: a https URL, or a path that some other tool fills.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::curl::Curl;
use crate::error::{Error, OrSay, Result};
use crate::signed_file::signature_of;

/// One file's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Path(PathBuf),
    /// What stands before the query, and the query with its question mark.
    Url(String, String),
}

impl Source {
    /// Reads what stands in ca.toml.
    pub(super) fn parse(text: &str) -> Result<Self> {
        if text.starts_with('/') {
            return Ok(Self::Path(text.into()));
        }
        let refused = |why: &str| {
            let advice = "Write https://HOST/PATH, or a path that begins with / and that some other tool fills.";
            Err(Error::new(format!("\"{text}\" in ca.toml cannot be fetched: {why}."), advice))
        };
        let Some(rest) = text.strip_prefix("https://") else {
            return refused("it is no https URL and no absolute path");
        };
        if text.contains(|character: char| character.is_control() || character.is_whitespace() || character == '#') {
            return refused("no URL has such a character");
        }
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        if host.is_empty() || host.contains('@') {
            return refused("it must name a host, and no user or password, which logs would show");
        }
        let at = text.find('?').unwrap_or(text.len());
        let (before, query) = text.split_at_checked(at).unwrap_or((text, ""));
        Ok(Self::Url(before.into(), query.into()))
    }

    /// Where its signature is: `.sig` behind the file's name.
    pub(super) fn signature(&self) -> Self {
        match self {
            Self::Path(path) => Self::Path(signature_of(path)),
            Self::Url(before, query) => Self::Url(format!("{before}.sig"), query.clone()),
        }
    }

    /// Reads it, and no more than `max` bytes of it.
    pub(super) fn fetch(&self, curl: &Curl, max: usize) -> Result<Vec<u8>> {
        match self {
            Self::Path(path) => read(path, max),
            Self::Url(..) => curl.fetch(&self.to_string(), max),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Url(before, query) => write!(f, "{before}{query}"),
        }
    }
}

/// Without waiting for the other end of a FIFO.
fn read(path: &Path, max: usize) -> Result<Vec<u8>> {
    let cannot = || format!("{} cannot be fetched", path.display());
    let advice = "Whatever fills the path that ca.toml names must have brought a file there.";
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path).or_say(cannot(), advice)?;
    if !file.metadata().or_say(cannot(), advice)?.is_file() {
        return Err(Error::new(format!("{}: it is no file.", cannot()), advice));
    }
    let mut bytes = Vec::new();
    file.take(most(max)).read_to_end(&mut bytes).or_say(cannot(), advice)?;
    within(bytes, max, &path.display())
}

/// One more than may be: whoever reads so many knows that it is too long.
pub(super) fn most(max: usize) -> u64 {
    u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1)
}

pub(super) fn within(bytes: Vec<u8>, max: usize, what: &dyn fmt::Display) -> Result<Vec<u8>> {
    match bytes.len() > max {
        true => Err(Error::new(format!("{what} has more than {max} bytes."), "No such file is: publish it anew.")),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_beside_its_file_and_before_a_query() {
        let sig = |text: &str| Source::parse(text).unwrap().signature().to_string();
        assert_eq!(sig("/srv/krl"), "/srv/krl.sig");
        assert_eq!(sig("https://ca.example.org/krl"), "https://ca.example.org/krl.sig");
        assert_eq!(sig("https://ca.example.org/krl?raw=1"), "https://ca.example.org/krl.sig?raw=1");
    }

    #[test]
    fn what_is_neither_https_nor_an_absolute_path_is_refused() {
        for text in [
            "",
            "krl",
            "http://ca.example.org/krl",
            "ftp://ca.example.org/krl",
            "file:///etc/shadow",
            "HTTPS://ca.example.org/krl",
            "https://",
            "https:///krl",
            "https://user:secret@ca.example.org/krl",
            "https://ca.example.org/krl#1",
            "https://ca.example.org/k rl",
            "https://ca.example.org/krl\n--output=/etc/passwd",
            "-o/etc/passwd",
        ] {
            assert!(Source::parse(text).is_err(), "{text}");
        }
    }
}
