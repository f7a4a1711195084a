//! Certificates for this host's own keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ussh_cert::certificate::{Certificate, blob_name};

use super::Lines;
use crate::error::{Error, Result};
use crate::host::Host;

const FOLDER: &str = "/etc/ssh";

pub(super) fn lines(host: &Host) -> Result<Lines> {
    let keys: Vec<String> = host
        .names(FOLDER)
        .into_iter()
        .filter_map(|name| name.strip_suffix(".pub").map(str::to_owned))
        .filter(|name| name.starts_with("ssh_host_") && name.ends_with("_key"))
        .collect();
    if keys.is_empty() {
        return Err(Error::new("This host has no keys in /etc/ssh.", "Make them with `ssh-keygen -A`, as root."));
    }
    let names = host.host_names().join(",");
    let identity = names.split(',').next().unwrap_or_default();
    let public: Vec<_> = keys.iter().map(|key| format!("{key}.pub")).collect();
    let mut text = format!(
        "# Where the CA's key is, with this host's public keys; what it writes, *-cert.pub, goes to {FOLDER} here:\n\
         #   ca-tool sign -s CA -h -I {identity} -n {names} -V +52w {}\n\
         # The known_hosts of whoever logs in here:\n\
         #   {}\n",
        public.join(" "),
        known_hosts(host, &keys, &names)
    );
    for key in &keys {
        text.push_str(&format!("HostKey {FOLDER}/{key}\nHostCertificate {FOLDER}/{key}-cert.pub\n"));
    }
    let missing: Vec<_> = keys.iter().map(|key| format!("{FOLDER}/{key}-cert.pub")).filter(|path| !host.has(path)).collect();
    let notes = match missing.as_slice() {
        [] => Vec::new(),
        missing => vec![format!("Not there yet: {}", missing.join(" "))],
    };
    Ok(Lines { file: "/etc/ssh/sshd_config.d/20-ussh-host.conf".into(), text, notes })
}

/// The line for clients: with the CA's key, if a certificate is here already that says which it is.
fn known_hosts(host: &Host, keys: &[String], names: &str) -> String {
    let ca = keys.iter().find_map(|key| {
        let text = host.read(format!("{FOLDER}/{key}-cert.pub")).ok().flatten()?;
        let blob = STANDARD.decode(text.split_whitespace().nth(1)?).ok()?;
        let ca = Certificate::parse(&blob).ok()?.signature_key;
        Some(format!("{} {}", String::from_utf8_lossy(blob_name(ca)?), STANDARD.encode(ca)))
    });
    format!("@cert-authority {names} {}", ca.as_deref().unwrap_or("KEY, as `ca-tool key export` prints it"))
}
