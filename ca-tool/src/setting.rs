//! What every verb stands on: the configuration, the files' places, and where secrets come from.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::args::Everywhere;
use crate::error::{Error, OrSay, Result};
use crate::secret::Secrets;
use crate::selector::CaSelector;

const CONFIGURATION: &str = "/etc/ussh/ca.toml";
const JOURNAL: &str = "/var/lib/ussh/journal.db";
const KRL: &str = "/etc/ssh/revoked_keys";
const CA_FILE: &str = "/etc/ssh/trusted_user_ca";

/// One run's surroundings.
pub(crate) struct Setting {
    configuration: Configuration,
    pub(crate) journal: PathBuf,
    /// Whether somebody said where it is, rather than nobody.
    pub(crate) journal_was_named: bool,
    pub(crate) krl: PathBuf,
    /// TrustedUserCAKeys of this host.
    pub(crate) ca_file: PathBuf,
    pub(crate) update: Update,
    pub(crate) json: bool,
    pub(crate) secrets: Secrets,
    /// Whether the last try of a PIN may be used.
    pub(crate) last_try: bool,
}

/// `/etc/ussh/ca.toml`, or the file after `--config`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Configuration {
    journal: Option<PathBuf>,
    krl: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    /// The CA that is meant when `-s` is not given: a name below, or a selector.
    default_ca: Option<String>,
    /// Names for selectors.
    ca: std::collections::BTreeMap<String, NamedCa>,
    update: Update,
}

/// `[update]`: what `ca-tool update` fetches, and how. Texts as they are written; its verb reads them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Update {
    /// Where the revocation list is published.
    pub(crate) krl: Option<String>,
    /// Where the file of trusted CAs is published.
    pub(crate) ca_file: Option<String>,
    /// How old a revocation list may be before it is complained of.
    pub(crate) max_age: Option<String>,
    /// How long one file may take to come.
    pub(crate) timeout: Option<String>,
    /// As after curl's --proxy.
    pub(crate) proxy: Option<String>,
    /// As after curl's --cacert.
    pub(crate) cacert: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedCa {
    key: String,
}

impl Setting {
    pub(crate) fn from(args: &Everywhere) -> Result<Self> {
        let configuration = configuration(args.config.as_deref())?;
        let place = |typed: &Option<PathBuf>, configured: &Option<PathBuf>, usual: &str| {
            typed.clone().or_else(|| configured.clone()).unwrap_or_else(|| usual.into())
        };
        Ok(Self {
            journal_was_named: args.journal.is_some() || configuration.journal.is_some(),
            journal: place(&args.journal, &configuration.journal, JOURNAL),
            krl: place(&args.krl, &configuration.krl, KRL),
            ca_file: place(&None, &configuration.ca_file, CA_FILE),
            update: configuration.update.clone(),
            json: args.json,
            secrets: Secrets::new(args.secret_fd.clone()),
            last_try: args.last_try,
            configuration,
        })
    }

    /// The CA that was typed, or the configured one.
    pub(crate) fn ca(&self, typed: Option<&str>) -> Result<CaSelector> {
        let word = typed.or(self.configuration.default_ca.as_deref()).ok_or_else(|| {
            Error::usage(
                "No CA is named.",
                "Name one with -s, such as -s yubikey:slot=9c, or set default_ca in the configuration.",
            )
        })?;
        CaSelector::parse(self.configuration.ca.get(word).map_or(word, |named| &named.key))
    }

    /// Whether a CA of the configuration is in a YubiKey.
    pub(crate) fn names_a_yubikey(&self) -> bool {
        let keys = self.configuration.ca.values().map(|named| &named.key).chain(&self.configuration.default_ca);
        keys.map(String::as_str).any(|key| key.starts_with("yubikey:"))
    }
}

fn configuration(typed: Option<&Path>) -> Result<Configuration> {
    let path = typed.unwrap_or(Path::new(CONFIGURATION));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && typed.is_none() => return Ok(Configuration::default()),
        Err(error) => {
            return Err(error).or_say(
                format!("The configuration {} cannot be read", path.display()),
                "Mend it, or name another one with --config.",
            );
        }
    };
    toml::from_str(&text).map_err(|error| {
        Error::new(
            format!("The configuration {} is not understood: {}", path.display(), error.to_string().trim_end()),
            "ca.toml(5) has all settings.",
        )
    })
}
