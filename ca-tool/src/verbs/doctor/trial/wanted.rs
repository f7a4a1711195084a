//! What the module's options want of a certificate, so that a throwaway one has it. Whether it does is the module's say.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::User;
use ussh_cert::algorithm::{AlgorithmSet, SignatureAlgorithm};

use crate::pam_d::{Line, Service, Stack};

pub(super) const CA_FILE: &str = "/etc/ssh/trusted_user_ca";

/// Of all lines of the service that name the module.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// The files that the throwaway CA must stand in.
    pub(super) ca_files: Vec<PathBuf>,
    /// Names that the certificate must hold besides the user's.
    principals: Vec<String>,
    principals_files: Vec<String>,
    /// A FIDO security key.
    pub(super) security_key: bool,
    /// How people may sign, and how CAs; nothing where every way will do.
    pub(super) accepted: Option<AlgorithmSet>,
    pub(super) of_cas: Option<AlgorithmSet>,
    pub(super) has_module: [bool; 3],
    pub(super) sshd_services: Vec<String>,
}

impl Wanted {
    pub(super) fn of(service: &Service) -> Self {
        let mut wanted = Self { sshd_services: vec!["sshd".to_owned()], ..Self::default() };
        let is_ours = |line: &&Line| line.is("pam_ussh.so") && line.stack != Stack::Password;
        for line in service.lines.iter().filter(is_ours) {
            wanted.add(line);
        }
        wanted.has_module =
            [Stack::Auth, Stack::Account, Stack::Session].map(|stack| service.of(stack).any(|line| is_ours(&line)));
        wanted
    }

    fn add(&mut self, line: &Line) {
        let mut ca_file = PathBuf::from(CA_FILE);
        for word in &line.words {
            let (name, value) = word.split_once('=').unwrap_or((word, "yes"));
            let list = || value.split(',').map(str::to_owned);
            match name {
                "ca_file" => ca_file = value.into(),
                // One of them is enough.
                "authorized_principals" => self.principals.extend(list().next()),
                "authorized_principals_file" => self.principals_files.push(value.to_owned()),
                "require_sk" | "require_verify" => self.security_key |= value == "yes",
                "accepted_algorithms" => self.accepted = AlgorithmSet::parse(value).ok(),
                "ca_signature_algorithms" => self.of_cas = AlgorithmSet::parse(value).ok(),
                "sshd_services" => self.sshd_services = list().collect(),
                _ => {}
            }
        }
        if !self.ca_files.contains(&ca_file) {
            self.ca_files.push(ca_file);
        }
    }

    /// The names in a certificate for this user (PAM_USER): their own, and what the options want.
    pub(super) fn principals(&self, user: &User) -> Vec<String> {
        let mut names = vec![user.name.clone()];
        names.extend(self.principals.iter().cloned());
        let files = self.principals_files.iter().map(|template| expanded(template, user));
        names.extend(files.filter_map(|file| first_principal(&file)));
        names.sort();
        names.dedup();
        names
    }

    /// Of these, the first that is allowed; nothing if none is.
    pub(super) fn first_allowed(allowed: Option<&AlgorithmSet>, of: &[SignatureAlgorithm]) -> Option<SignatureAlgorithm> {
        of.iter().copied().find(|algorithm| allowed.is_none_or(|allowed| allowed.contains(*algorithm)))
    }
}

/// `%u`, `%U`, `%h` and `%%`, as the module has them.
fn expanded(template: &str, user: &User) -> PathBuf {
    let uid = user.uid.to_string();
    let home = user.dir.to_string_lossy();
    let parts = template.split("%%").map(|part| part.replace("%u", &user.name).replace("%U", &uid).replace("%h", &home));
    PathBuf::from(parts.collect::<Vec<_>>().join("%"))
}

/// The first line with no options in front, else the first line: which line counts depends on the name.
fn first_principal(file: &Path) -> Option<String> {
    let text = String::from_utf8_lossy(&fs::read(file).ok()?).into_owned();
    let lines: Vec<&str> =
        text.lines().filter_map(|line| line.split('#').next()).map(str::trim).filter(|line| !line.is_empty()).collect();
    let plain = lines.iter().find(|line| !line.contains([' ', '\t']));
    plain.or(lines.first()).and_then(|line| line.split_whitespace().last()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pam_d::PamD;

    fn root() -> User {
        User::from_name("root").unwrap().unwrap()
    }

    fn wanted(text: &str) -> Wanted {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sudo"), text).unwrap();
        Wanted::of(&PamD::new(Some(folder.path())).service("sudo").unwrap())
    }

    #[test]
    fn a_certificate_has_what_the_options_want() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root");
        fs::write(&file, "# comment\ncommand=\"x\" bound\n deploy # me\nother\n").unwrap();
        let template = folder.path().join("%u");
        let wanted = wanted(&format!(
            "auth required pam_ussh.so authorized_principals=ops,dev ca_file=/a\n\
             account required pam_ussh.so authorized_principals_file={} require_sk\nsession required pam_unix.so\n",
            template.display()
        ));
        assert_eq!(wanted.principals(&root()), ["deploy", "ops", "root"]);
        assert_eq!(wanted.ca_files, [Path::new("/a"), Path::new(CA_FILE)]);
        assert!(wanted.security_key);
        assert_eq!(wanted.has_module, [true, true, false]);
    }

    #[test]
    fn the_first_algorithm_that_is_allowed_is_taken() {
        let wanted = wanted("auth required pam_ussh.so accepted_algorithms=ecdsa-sha2-nistp384,rsa-sha2-512\n");
        let ours = [SignatureAlgorithm::Ed25519, SignatureAlgorithm::EcdsaP384];
        assert_eq!(Wanted::first_allowed(wanted.accepted.as_ref(), &ours), Some(SignatureAlgorithm::EcdsaP384));
        assert_eq!(Wanted::first_allowed(wanted.accepted.as_ref(), &ours[..1]), None);
        assert_eq!(Wanted::first_allowed(None, &ours), Some(SignatureAlgorithm::Ed25519));
    }

    #[test]
    fn a_percent_sign_is_one() {
        assert_eq!(expanded("/x/%%u/%u/%U%h", &root()), Path::new("/x/%u/root/0/root"));
    }
}
