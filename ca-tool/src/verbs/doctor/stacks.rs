//! Which services have pam_ussh, and with which words.

use std::path::Path;

use crate::pam_d::{Line, PamD, Service, Stack};
use crate::verbs::config;

pub(super) const MODULE: &str = "pam_ussh.so";

/// What other files include; they are no services.
const SHARED: [&str; 4] = ["common-", "system-auth", "password-auth", "postlogin"];

/// A service with the module in one of its stacks.
pub(super) struct Stacked {
    pub(super) name: String,
    pub(super) service: Service,
}

/// Everything in pam.d that concerns the module.
pub(super) struct Stacks {
    pub(super) pam_d: PamD,
    pub(super) services: Vec<Stacked>,
    /// Files that could not be read.
    pub(super) unread: Vec<String>,
}

impl Stacks {
    pub(super) fn of_this_host() -> Self {
        let pam_d = PamD::new(None);
        let names = pam_d.services().into_iter().filter(|name| !name.contains('.') && !is_shared(Path::new(name)));
        let (mut services, mut unread) = (Vec::new(), Vec::new());
        for name in names {
            match pam_d.service(&name) {
                Ok(service) if service.lines.iter().any(|line| line.is(MODULE)) => services.push(Stacked { name, service }),
                Ok(_) => {}
                Err(error) => unread.push(error.what().to_owned()),
            }
        }
        Self { pam_d, services, unread }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Stacked> {
        self.services.iter().find(|stacked| stacked.name == name)
    }

    /// The module's own lines, of all services.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.services.iter().flat_map(|stacked| stacked.service.lines.iter().filter(|line| line.is(MODULE)))
    }

    /// The values of an option, each once.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        let mut values: Vec<_> = self.lines().flat_map(|line| values(line, name)).map(str::to_owned).collect();
        values.sort();
        values.dedup();
        values
    }

    /// Whether a session of sshd's ends with its certificate.
    pub(super) fn end_sessions(&self) -> bool {
        let ends = |word: &String| matches!(word.as_str(), "end_session" | "end_session=yes" | "end_session=renew");
        self.lines().any(|line| line.stack == Stack::Session && line.words.iter().any(ends))
    }
}

impl Stacked {
    /// The module's lines in one stack.
    pub(super) fn ours(&self, stack: Stack) -> impl Iterator<Item = &Line> {
        self.service.of(stack).filter(|line| line.is(MODULE))
    }

    /// The module's lines in its own file that `ca-tool config` wrote, and so can write anew.
    pub(super) fn in_block(&self) -> impl Iterator<Item = &Line> {
        self.service.lines.iter().filter(|line| line.is(MODULE) && line.file == self.service.file && is_in_block(line))
    }

    /// The words of all lines in its block, each once, so that none is lost where that is written anew; where there is no
    /// block, of all its lines.
    pub(super) fn words(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.in_block().collect();
        if lines.is_empty() {
            lines = self.service.lines.iter().filter(|line| line.is(MODULE)).collect();
        }
        let mut words = Vec::new();
        for word in lines.into_iter().flat_map(|line| &line.words) {
            if !words.contains(word) {
                words.push(word.clone());
            }
        }
        words
    }

    pub(super) fn is_sshd(&self) -> bool {
        let listed = |line: &Line| values(line, "sshd_services").any(|list| list.split(',').any(|name| name == self.name));
        self.name == "sshd" || self.service.lines.iter().any(|line| line.is(MODULE) && listed(line))
    }
}

/// The values of an option on a line.
pub(super) fn values<'a>(line: &'a Line, name: &'a str) -> impl Iterator<Item = &'a str> {
    line.words.iter().filter_map(move |word| word.strip_prefix(name)?.strip_prefix('='))
}

/// Whether the line stands between the marks of `ca-tool config`.
pub(super) fn is_in_block(line: &Line) -> bool {
    let text = std::fs::read_to_string(&line.file).unwrap_or_default();
    let mut inside = false;
    text.lines().take(line.number).for_each(|text| match text.trim_end() {
        "# BEGIN pam_ussh" => inside = true,
        "# END pam_ussh" => inside = false,
        _ => {}
    });
    inside
}

/// Whether programs that have no agent include this file as well.
pub(super) fn is_shared(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    SHARED.iter().any(|shared| name.starts_with(shared))
}

/// The command that puts the lines into a service's file, tried before they count; nothing for a service that
/// `ca-tool config` has no lines for.
pub(super) fn put(service: &str, words: &[String]) -> Option<String> {
    if !config::has_lines_for(service) {
        return None;
    }
    let (file, new) = (quoted(&format!("/etc/pam.d/{service}")), quoted(&format!("/etc/pam.d/{service}.new")));
    let service = quoted(service);
    let options: String = words.iter().map(|word| format!(" --option {}", quoted(word))).collect();
    Some(format!(
        "ca-tool config --pam {service} --whole{options} >{new} && \
         ca-tool doctor --pam {new} --service {service} --user {} && mv {new} {file}",
        somebody()
    ))
}

/// A person of this host, for whom a file can be tried: who typed sudo, or else the first with a shell.
fn somebody() -> String {
    let typed = std::env::var("SUDO_USER").ok().filter(|name| name != "root");
    typed
        .map(|name| quoted(&name))
        .or_else(|| first_person(&std::fs::read_to_string("/etc/passwd").ok()?))
        .unwrap_or_else(|| "NAME".to_owned())
}

/// Of a text like /etc/passwd; people's uids are 1000 to 59999 (login.defs(5)).
fn first_person(users: &str) -> Option<String> {
    users.lines().find_map(|line| {
        let fields: Vec<_> = line.split(':').collect();
        let [name, _, uid, .., shell] = fields.as_slice() else { return None };
        let is_person = (1000..60_000).contains(&uid.parse::<u32>().ok()?);
        (is_person && !shell.ends_with("/nologin") && !shell.ends_with("/false")).then(|| quoted(name))
    })
}

/// A word for a shell.
pub(super) fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-=./,:@+%".contains(character);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_person_is_neither_root_nor_a_daemon() {
        let users =
            "root:x:0:0::/root:/bin/bash\nd:x:1000:1000::/:/usr/sbin/nologin\nbad\nalice:x:1001:1001::/home/alice:/bin/sh\n";
        assert_eq!(first_person(users).as_deref(), Some("alice"));
        assert_eq!(first_person("nobody:x:65534:65534::/:/bin/sh\n"), None);
    }

    #[test]
    fn a_word_is_quoted_for_a_shell_where_it_must_be() {
        assert_eq!(quoted("revoked_keys=/etc/ssh/revoked_keys"), "revoked_keys=/etc/ssh/revoked_keys");
        assert_eq!(quoted("a b'c"), r"'a b'\''c'");
        assert_eq!(quoted(""), "''");
    }
}
