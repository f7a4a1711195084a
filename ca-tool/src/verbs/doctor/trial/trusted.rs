//! Whether a CA that the host trusts can let anybody in. The throwaway one beside it hides that none can.

use std::fs;

use ussh_cert::algorithm::AlgorithmSet;
use ussh_cert::ca_keys::CaKeys;
use ussh_cert::key::PublicKey;

use super::wanted::CA_FILE;
use crate::pam_d::{Line, Service, Stack};
use crate::verbs::doctor::files::LEAST_RSA_BITS;
use crate::verbs::doctor::stacks::values;

/// A sentence for each line of the module's where none can. What cannot be read, the module says itself.
pub(super) fn trouble(service: &Service) -> Vec<String> {
    let ours = service.lines.iter().filter(|line| line.is("pam_ussh.so") && line.stack != Stack::Password);
    let mut sentences: Vec<String> = ours.filter_map(why_nobody).collect();
    sentences.dedup();
    sentences
}

fn why_nobody(line: &Line) -> Option<String> {
    let last = |name: &'static str| values(line, name).last();
    let file = last("ca_file").unwrap_or(CA_FILE);
    let (keys, _) = CaKeys::parse(fs::read(file).ok()?);
    if keys.is_empty() {
        return Some(format!("{file} holds no CA's key: everybody is refused."));
    }
    let allowed = last("ca_signature_algorithms").and_then(|list| AlgorithmSet::parse(list).ok());
    let least = last("required_rsa_size").and_then(|bits| bits.parse().ok()).unwrap_or(LEAST_RSA_BITS);
    let fits = |key: &PublicKey| {
        allowed.as_ref().is_none_or(|allowed| allowed.allows_key(key.key_type()))
            && key.rsa_bits().is_none_or(|bits| bits >= least)
    };
    let any = keys.blobs().any(|blob| PublicKey::from_blob(&blob).is_ok_and(|key| fits(&key)));
    (!any).then(|| {
        format!(
            "The options allow none of the CAs in {file} (ca_signature_algorithms, required_rsa_size): everybody is refused."
        )
    })
}
