//! Public key files, one key: `TYPE BASE64 [COMMENT]`.

use std::fs;
use std::io::{Read, stdin};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ussh_cert::certificate::blob_name;

use crate::error::{Error, OrSay, Result};

/// Far more than any key or certificate takes.
const MAX: u64 = 1 << 20;

/// A key or certificate as it stands in its file. The type in front is the blob's own; nothing more is checked.
#[derive(Clone, Debug)]
pub(crate) struct PublicKeyFile {
    pub(crate) blob: Vec<u8>,
    pub(crate) comment: String,
}

/// Reads a file, or stdin for `-`.
pub(crate) fn read(path: &Path) -> Result<PublicKeyFile> {
    let text = text(path)?;
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).find_map(parse).ok_or_else(|| {
        let advice = if text.contains("PRIVATE KEY") {
            "This is a private key: the public one is what gets signed."
        } else {
            "A line of it must be TYPE BASE64 COMMENT, as in id_ed25519.pub."
        };
        Error::new(format!("{} holds no public key.", path.display()), advice)
    })
}

/// One line; nothing when it is not a key.
pub(crate) fn parse(line: &str) -> Option<PublicKeyFile> {
    let (name, rest) = line.split_once([' ', '\t'])?;
    let rest = rest.trim_start();
    let (base64, comment) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let blob = STANDARD.decode(base64).ok()?;
    (blob_name(&blob)? == name.as_bytes()).then(|| PublicKeyFile { blob, comment: comment.trim().to_owned() })
}

fn text(path: &Path) -> Result<String> {
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        stdin().take(MAX).read_to_end(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(MAX).read_to_end(&mut text))
    };
    read.or_say(format!("{} cannot be read", path.display()), "Name a public key file, such as id_ed25519.pub.")?;
    // Comments may be older than UTF-8.
    Ok(String::from_utf8_lossy(&text).into_owned())
}
