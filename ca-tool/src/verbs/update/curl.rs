//! Fetching with curl: TLS, proxies and redirections are its business, in a process that has no rights of root's, no
//! environment of anybody's, and no file to write. What it brings is believed by its signature alone.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Uid, User, geteuid};
use ussh_cert::duration;

use super::source::{most, within};
use crate::error::{Error, OrSay, Result};
use crate::setting::Update;

const PROGRAM: &str = "/usr/bin/curl";
const TIMEOUT: u64 = 60;

/// How to fetch.
pub(super) struct Curl {
    words: Vec<String>,
    proxy: Option<String>,
    user: Option<(Uid, Gid)>,
}

impl Curl {
    /// As `[update]` in ca.toml says.
    pub(super) fn new(update: &Update) -> Result<Self> {
        let timeout = update.timeout.as_deref().map_or(Some(TIMEOUT), duration::parse).filter(|seconds| *seconds > 0);
        let timeout = timeout
            .ok_or_else(|| Error::new("The timeout in ca.toml, [update], is no length of time.", "Write it as 30s or 2m."))?;
        // --disable must be the first: no file of settings. Only https, wherever it is sent on to.
        let mut words: Vec<String> = "--disable --silent --show-error --fail --globoff --proto =https --proto-redir =https \
            --tlsv1.2 --location --max-redirs 5"
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(String::from)
            .collect();
        words.extend(["--max-time".into(), timeout.to_string()]);
        if let Some(cacert) = &update.cacert {
            words.extend(["--cacert".into(), cacert.display().to_string()]);
        }
        Ok(Self { words, proxy: update.proxy.clone(), user: geteuid().is_root().then(nobody) })
    }

    /// Fetches no more than `max` bytes.
    pub(super) fn fetch(&self, url: &str, max: usize) -> Result<Vec<u8>> {
        let cannot = format!("{url} cannot be fetched");
        let mut command = Command::new(PROGRAM);
        command.args(&self.words).args(["--max-filesize", &max.to_string(), "--output", "-", "--url", url]);
        command.env_clear().current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(proxy) = &self.proxy {
            // Not as a word: its password would be everybody's to read in /proc.
            command.env("https_proxy", proxy);
        }
        if let Some((uid, gid)) = self.user {
            // Root's other groups go with it.
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        let advice = "Install curl, or have another tool bring the file to a path, and name that.";
        let mut child = command.spawn().or_say(format!("{cannot}: {PROGRAM}"), advice)?;
        let mut bytes = Vec::new();
        let read = child.stdout.take().map_or(Ok(0), |stdout| stdout.take(most(max)).read_to_end(&mut bytes));
        // Its pipe is closed now: if it has more to say, it ends.
        let mut words = Vec::new();
        let _ = child.stderr.take().map_or(Ok(0), |stderr| stderr.take(4096).read_to_end(&mut words));
        let status = child.wait().or_say(&cannot, advice)?;
        read.or_say(&cannot, advice)?;
        let bytes = within(bytes, max, &url)?;
        match status.success() {
            true => Ok(bytes),
            false => Err(Error::new(
                format!("{cannot}: {}.", said(&words, status.code())),
                format!("Try it by hand: curl --fail --location --output /dev/null {url}"),
            )),
        }
    }
}

/// curl's complaint, without its name and its good advice.
fn said(words: &[u8], code: Option<i32>) -> String {
    let words = String::from_utf8_lossy(words);
    let complaint = words.lines().find_map(|line| line.strip_prefix("curl: "));
    complaint.map_or_else(
        || format!("curl ended with {}", code.map_or("a signal".into(), |code| code.to_string())),
        |complaint| complaint.trim_end_matches('.').to_owned(),
    )
}

fn nobody() -> (Uid, Gid) {
    const NOBODY: u32 = 65534;
    User::from_name("nobody").ok().flatten().map_or((Uid::from_raw(NOBODY), Gid::from_raw(NOBODY)), |user| (user.uid, user.gid))
}
