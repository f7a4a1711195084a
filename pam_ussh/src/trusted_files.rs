//! What this host trusts, read anew for every question: CA keys and authorized principals.

use ussh_cert::CaKeys;
use ussh_cert::ca_keys::BadLine;

use crate::options::Options;
use crate::outcome::Outcome;
use crate::report::Report;
use crate::request::Request;
use crate::safe_path;

/// A file of rubbish is named once, not line by line.
const BAD_LINES_LOGGED: usize = 8;

/// The content of the files that the options name.
#[derive(Debug)]
pub(crate) struct TrustedFiles {
    pub(crate) ca_keys: CaKeys,
    pub(crate) authorized_principals: Option<Vec<u8>>,
}

impl TrustedFiles {
    pub(crate) fn read(options: &Options, request: &Request, report: &Report<'_>) -> Result<Self, Outcome> {
        Ok(Self {
            ca_keys: read_ca_keys(options, report).map_err(Outcome::Misconfigured)?,
            authorized_principals: read_principals(options, request).map_err(Outcome::Misconfigured)?,
        })
    }
}

fn read_ca_keys(options: &Options, report: &Report<'_>) -> Result<CaKeys, String> {
    let path = options.ca_file.display();
    let (ca_keys, bad_lines) = CaKeys::parse(safe_path::read(&options.ca_file)?);
    for BadLine { line, reason } in bad_lines.iter().take(BAD_LINES_LOGGED) {
        report.warning(&format!("{path} line {line} is skipped: {reason}"));
    }
    if bad_lines.len() > BAD_LINES_LOGGED {
        report.warning(&format!("{path}: {} more lines are skipped", bad_lines.len() - BAD_LINES_LOGGED));
    }
    if ca_keys.is_empty() {
        return Err(format!("{path}: holds no CA key"));
    }
    Ok(ca_keys)
}

/// Several files are read as one, in their order.
fn read_principals(options: &Options, request: &Request) -> Result<Option<Vec<u8>>, String> {
    let mut content = None;
    for template in &options.authorized_principals_files {
        let path = template.expand(&request.user).ok_or_else(|| format!("user name \"{}\" in a path", request.user.name))?;
        let all: &mut Vec<u8> = content.get_or_insert_default();
        all.extend(safe_path::read(&path)?);
        all.push(b'\n');
    }
    Ok(content)
}
