//! Whom attestations are believed from: Yubico's published roots of both generations, and files named with `--root`.
//!
//! From <https://developers.yubico.com/PKI/>. Yubico also has an intermediate "Yubico PIV Attestation B2 1" (2025), which is
//! not among these: name Yubico's yubico-intermediate.pem with `--root` for devices below it. Nor is its U2F root, by which
//! some YubiKeys of 2018 with firmware 4.3 were certified.

use std::path::{Path, PathBuf};

use super::chain::Link;
use crate::error::{Error, OrSay, Result};

/// Firmware before 5.7.4; from 5.7.4 on.
const ROOTS: [&str; 2] =
    [include_str!("roots/yubico-piv-root-ca-serial-263751.pem"), include_str!("roots/yubico-attestation-root-1.pem")];

/// Between the newer root and the devices; they are not on the devices.
const INTERMEDIATES: [&str; 4] = [
    include_str!("roots/yubico-attestation-intermediate-a-1.pem"),
    include_str!("roots/yubico-attestation-intermediate-b-1.pem"),
    include_str!("roots/yubico-piv-attestation-a-1.pem"),
    include_str!("roots/yubico-piv-attestation-b-1.pem"),
];

/// Certificates that end a chain, and those that may stand in it.
pub(crate) struct Roots {
    pub(super) anchors: Vec<Anchor>,
    pub(super) intermediates: Vec<Link>,
}

/// A root, and whether Yubico published it or somebody named it here.
pub(crate) struct Anchor {
    pub(super) link: Link,
    pub(super) named: bool,
}

impl Roots {
    /// Yubico's, and those in the files: PEM, several in one if need be. One that signed itself is a root, any other an intermediate.
    pub(crate) fn with(files: &[PathBuf]) -> Result<Self> {
        let mut roots = Self::yubico();
        for file in files {
            for link in named(file)? {
                match link.is_self_signed() {
                    true => roots.anchors.push(Anchor { link, named: true }),
                    false => roots.intermediates.push(link),
                }
            }
        }
        Ok(roots)
    }

    pub(super) fn yubico() -> Self {
        let anchors = ROOTS.into_iter().flat_map(links).map(|link| Anchor { link, named: false }).collect();
        Self { anchors, intermediates: INTERMEDIATES.into_iter().flat_map(links).collect() }
    }
}

fn links(pem: &str) -> Vec<Link> {
    pem_blocks(pem).iter().filter_map(|der| Link::parse(der)).collect()
}

fn named(file: &Path) -> Result<Vec<Link>> {
    let what = format!("The root {} cannot be read", file.display());
    let advice = "Name a file of X.509 certificates in PEM.";
    let text = std::fs::read_to_string(file).or_say(what, advice)?;
    let blocks = pem_blocks(&text);
    let links = blocks.iter().filter_map(|der| Link::parse(der)).collect::<Vec<_>>();
    if links.is_empty() || links.len() != blocks.len() {
        return Err(Error::new(format!("The root {} is no certificate.", file.display()), advice));
    }
    Ok(links)
}

/// What stands between BEGIN and END CERTIFICATE lines, decoded; an undecodable one is empty.
pub(super) fn pem_blocks(text: &str) -> Vec<Vec<u8>> {
    use base64::Engine;
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let bodies = blocks.filter_map(|block| block.split_once("-----END CERTIFICATE-----"));
    bodies
        .map(|(body, _)| {
            let base64: String = body.split_whitespace().collect();
            base64::engine::general_purpose::STANDARD.decode(base64).unwrap_or_default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// As several other projects that embed Yubico's certificates have them.
    const FINGERPRINTS: [&str; 6] = [
        "63ece914e54dd87915f34033c85af4c0696ba1512f8add66ced738331207b546",
        "62760c6a6ef91679f454c8902b80fd009825b3f25da90f1fbace2ec6586cd5a8",
        "4698a1d3389c3ec60016c216250f1d0439922832d65142327436376dc2942b55",
        "d4cc3f456fdaf4e7812a21aab1dfe9d8e27d24e2fd2d6f21c9940109f0daa754",
        "6de693f05376f5d8ca29069261e1c8626c75d503bd2edbfd75354cad1f722870",
        "2d55b7998f4e42569d6d8fa382b6dc77d1dacf07358b19701163892922b17052",
    ];

    #[test]
    fn each_embedded_certificate_is_the_one_that_is_published() {
        let pems = ROOTS.into_iter().chain(INTERMEDIATES);
        for (pem, fingerprint) in pems.zip(FINGERPRINTS) {
            let blocks = pem_blocks(pem);
            let hex: String = Sha256::digest(&blocks[0]).iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(blocks.len() == 1 && hex == fingerprint, "{hex}");
        }
    }

    #[test]
    fn the_roots_signed_themselves_and_the_intermediates_lead_to_them() {
        let roots = Roots::yubico();
        assert_eq!((roots.anchors.len(), roots.intermediates.len()), (2, 4));
        for anchor in &roots.anchors {
            assert!(anchor.link.is_self_signed() && anchor.link.is_signed_by(&anchor.link));
        }
        for link in &roots.intermediates {
            let issuers = roots.anchors.iter().map(|anchor| &anchor.link).chain(&roots.intermediates);
            assert_eq!(issuers.filter(|issuer| link.is_signed_by(issuer)).count(), 1);
        }
    }
}
