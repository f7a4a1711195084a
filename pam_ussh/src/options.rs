//! The words behind `pam_ussh.so` on a pam.d line. Whatever is not understood refuses: an option that is
//! misspelt must never be an option that is ignored.

pub(crate) mod end_session;
mod path_template;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ussh_cert::algorithm::AlgorithmSet;
use ussh_cert::authority::Restriction;
use ussh_cert::duration;

pub(crate) use end_session::EndSession;
pub(crate) use path_template::PathTemplate;

/// As in pam-ussh.
const DEFAULT_CA_FILE: &str = "/etc/ssh/trusted_user_ca";

/// OpenSSH's own bound below which RequiredRSASize cannot go.
const LEAST_RSA_SIZE: usize = 1024;

/// Nobody waits longer at a prompt.
const MOST_SECONDS: u64 = 600;

/// What the line asks for; see pam_ussh(8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// `ca_file=`
    pub(crate) ca_file: PathBuf,
    /// `authorized_principals=`
    pub(crate) authorized_principals: Option<Vec<String>>,
    /// `authorized_principals_file=`
    pub(crate) authorized_principals_files: Vec<PathTemplate>,
    /// `user_principal=`
    pub(crate) user_principal: bool,
    /// `group=`
    pub(crate) group: Option<String>,
    /// `revoked_keys=`
    pub(crate) revoked_keys: Vec<PathBuf>,
    /// `krl_max_age=`, seconds
    pub(crate) krl_max_age: Option<u64>,
    /// `max_validity=`, seconds
    pub(crate) max_validity: Option<u64>,
    /// `ca_signature_algorithms=`
    pub(crate) ca_signature_algorithms: AlgorithmSet,
    /// `accepted_algorithms=`
    pub(crate) accepted_algorithms: AlgorithmSet,
    /// `required_rsa_size=`, bits
    pub(crate) required_rsa_size: usize,
    /// `require_sk`
    pub(crate) require_sk: bool,
    /// `require_verify`
    pub(crate) require_verify: bool,
    /// `source_address=`
    pub(crate) source_address: Restriction,
    /// `force_command=`
    pub(crate) force_command: Restriction,
    /// `timeout=`
    pub(crate) timeout: Duration,
    /// `sign_timeout=`
    pub(crate) sign_timeout: Duration,
    /// `sshd_services=`
    pub(crate) sshd_services: Vec<String>,
    /// `auth_info=`
    pub(crate) auth_info: Option<AuthInfo>,
    /// `end_session`, `session_warnings=`, `session_check=`
    pub(crate) end_session: EndSession,
    /// `session_guard=`, the process of sshd that the guard watches
    pub(crate) session_guard: Option<u32>,
    /// `debug`
    pub(crate) debug: bool,
    /// `quiet`
    pub(crate) quiet: bool,
}

/// What becomes of somebody whom sshd let in without a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthInfo {
    /// They are refused.
    Require,
    /// The rest of the stack decides.
    Optional,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ca_file: DEFAULT_CA_FILE.into(),
            authorized_principals: None,
            authorized_principals_files: Vec::new(),
            user_principal: true,
            group: None,
            revoked_keys: Vec::new(),
            krl_max_age: None,
            max_validity: None,
            ca_signature_algorithms: AlgorithmSet::default(),
            accepted_algorithms: AlgorithmSet::default(),
            required_rsa_size: 2048,
            require_sk: false,
            require_verify: false,
            source_address: Restriction::Refuse,
            force_command: Restriction::Refuse,
            timeout: Duration::from_secs(5),
            sign_timeout: Duration::from_secs(30),
            sshd_services: vec!["sshd".to_owned()],
            auth_info: None,
            end_session: EndSession::default(),
            session_guard: None,
            debug: false,
            quiet: false,
        }
    }
}

/// A line that is not understood. `Display` names the option and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OptionError(String);

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OptionError {}

impl Options {
    /// Reads the words of a line.
    ///
    /// # Errors
    /// The first word that is unknown, malformed or said twice; or words that make no sense together.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, OptionError> {
        let mut options = Self::default();
        let mut seen = Vec::new();
        for word in words {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (*word, None),
            };
            // Lists add up, as in pam-ussh; any other option said twice contradicts itself.
            if seen.contains(&name) && !name.starts_with("authorized_principals") && name != "revoked_keys" {
                return Err(OptionError(format!("option \"{name}\" is given twice")));
            }
            seen.push(name);
            options.take(name, value).map_err(|what| OptionError(format!("option \"{word}\": {what}")))?;
        }
        if !options.user_principal && options.authorized_principals.is_none() && options.authorized_principals_files.is_empty()
        {
            let what = "user_principal=no needs authorized_principals or authorized_principals_file";
            return Err(OptionError(what.to_owned()));
        }
        if options.krl_max_age.is_some() && options.revoked_keys.is_empty() {
            return Err(OptionError("krl_max_age needs revoked_keys".to_owned()));
        }
        Ok(options)
    }

    fn take(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        if value.is_some_and(|value| value.contains(char::REPLACEMENT_CHARACTER)) {
            return Err("is not UTF-8".to_owned());
        }
        match name {
            "ca_file" => self.ca_file = absolute(some(value)?)?,
            "authorized_principals" => self.authorized_principals.get_or_insert_default().extend(list(some(value)?)?),
            "authorized_principals_file" => self.authorized_principals_files.push(PathTemplate::parse(some(value)?)?),
            "user_principal" => self.user_principal = yes_or_no(some(value)?)?,
            "group" => self.group = Some(some(value)?.to_owned()),
            "revoked_keys" => self.revoked_keys.push(absolute(some(value)?)?),
            "krl_max_age" => self.krl_max_age = Some(positive_duration(some(value)?)?),
            "max_validity" => self.max_validity = Some(positive_duration(some(value)?)?),
            "ca_signature_algorithms" => self.ca_signature_algorithms = algorithms(some(value)?)?,
            "accepted_algorithms" => self.accepted_algorithms = algorithms(some(value)?)?,
            "required_rsa_size" => self.required_rsa_size = rsa_size(some(value)?)?,
            "require_sk" => self.require_sk = flag(value)?,
            "require_verify" => self.require_verify = flag(value)?,
            "source_address" => self.source_address = restriction(some(value)?)?,
            "force_command" => self.force_command = restriction(some(value)?)?,
            "timeout" => self.timeout = seconds(some(value)?)?,
            "sign_timeout" => self.sign_timeout = seconds(some(value)?)?,
            // pam_start(3) makes the service's name so, too.
            "sshd_services" => self.sshd_services = list(&some(value)?.to_ascii_lowercase())?,
            "auth_info" => self.auth_info = Some(auth_info(some(value)?)?),
            "end_session" => self.end_session.mode = end_session::mode(value)?,
            "session_warnings" => self.end_session.warnings = end_session::warnings(some(value)?)?,
            "session_check" => self.end_session.check = end_session::check(some(value)?)?,
            "session_guard" => self.session_guard = Some(process(some(value)?)?),
            "debug" => self.debug = flag(value)?,
            "quiet" => self.quiet = flag(value)?,
            _ => return Err("unknown option".to_owned()),
        }
        Ok(())
    }
}

fn some(value: Option<&str>) -> Result<&str, String> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| "needs a value".to_owned())
}

fn absolute(value: &str) -> Result<PathBuf, String> {
    if value.starts_with('/') { Ok(value.into()) } else { Err("must be an absolute path".to_owned()) }
}

fn list(value: &str) -> Result<Vec<String>, String> {
    if value.split(',').any(str::is_empty) {
        return Err("has an empty entry".to_owned());
    }
    Ok(value.split(',').map(str::to_owned).collect())
}

fn yes_or_no(value: &str) -> Result<bool, String> {
    match value {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("must be yes or no".to_owned()),
    }
}

/// A word alone, or with `=yes` or `=no`.
fn flag(value: Option<&str>) -> Result<bool, String> {
    value.map_or(Ok(true), yes_or_no)
}

fn restriction(value: &str) -> Result<Restriction, String> {
    match value {
        "refuse" => Ok(Restriction::Refuse),
        "ignore" => Ok(Restriction::Ignore),
        _ => Err("must be refuse or ignore".to_owned()),
    }
}

fn auth_info(value: &str) -> Result<AuthInfo, String> {
    match value {
        "require" => Ok(AuthInfo::Require),
        "optional" => Ok(AuthInfo::Optional),
        _ => Err("must be require or optional".to_owned()),
    }
}

fn positive_duration(value: &str) -> Result<u64, String> {
    duration::parse(value).filter(|&seconds| seconds > 0).ok_or_else(|| "must be a time such as 90, 15m or 8h".to_owned())
}

fn seconds(value: &str) -> Result<Duration, String> {
    match value.parse::<u64>() {
        Ok(seconds @ 1..=MOST_SECONDS) if is_decimal(value) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("must be a number of seconds from 1 to {MOST_SECONDS}")),
    }
}

fn rsa_size(value: &str) -> Result<usize, String> {
    match value.parse::<usize>() {
        Ok(bits @ LEAST_RSA_SIZE..=16_384) if is_decimal(value) => Ok(bits),
        _ => Err(format!("must be a number of bits from {LEAST_RSA_SIZE} to 16384")),
    }
}

fn process(value: &str) -> Result<u32, String> {
    let number = value.parse().ok().filter(|_| is_decimal(value));
    number.ok_or_else(|| "must be the number of a process".to_owned())
}

/// Without the sign that Rust's numbers may have.
fn is_decimal(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
}

fn algorithms(value: &str) -> Result<AlgorithmSet, String> {
    AlgorithmSet::parse(value).map_err(|name| format!("the algorithm \"{name}\" is unknown or never accepted"))
}

#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;
