//! A path with sshd's tokens: %u user, %U uid, %h home, %% a percent sign.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use nix::unistd::User;

/// A path, absolute once its tokens are filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathTemplate(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    User,
    Uid,
    Home,
}

impl PathTemplate {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') && !text.starts_with("%h/") {
            return Err("must be an absolute path".to_owned());
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            parts.push(Part::Text(before.to_owned()));
            let mut chars = after.chars();
            parts.push(match chars.next() {
                Some('u') => Part::User,
                Some('U') => Part::Uid,
                Some('h') => Part::Home,
                Some('%') => Part::Text("%".to_owned()),
                _ => return Err("has a token other than %u, %U, %h and %%".to_owned()),
            });
            rest = chars.as_str();
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The path for this user; `None` for a name that would lead elsewhere than to a file of that name.
    pub(crate) fn expand(&self, user: &User) -> Option<PathBuf> {
        let mut path = Vec::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => path.extend_from_slice(text.as_bytes()),
                Part::User if user.name.contains('/') || user.name.starts_with('.') => return None,
                Part::User => path.extend_from_slice(user.name.as_bytes()),
                Part::Uid => path.extend_from_slice(user.uid.to_string().as_bytes()),
                Part::Home => path.extend_from_slice(user.dir.as_os_str().as_bytes()),
            }
        }
        Some(PathBuf::from(OsString::from_vec(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root_named(name: &str) -> User {
        let root = User::from_uid(nix::unistd::Uid::from_raw(0)).unwrap().unwrap();
        User { name: name.to_owned(), dir: "/home/x".into(), ..root }
    }

    #[test]
    fn tokens_are_filled_in() {
        let expand = |text: &str| PathTemplate::parse(text).unwrap().expand(&root_named("alice"));
        assert_eq!(expand("/etc/ssh/principals/%u"), Some("/etc/ssh/principals/alice".into()));
        assert_eq!(expand("/a/%U%%%u"), Some("/a/0%alice".into()));
        assert_eq!(expand("%h/p"), Some("/home/x/p".into()));
    }

    #[test]
    fn unknown_tokens_and_relative_paths_are_refused() {
        for text in ["principals", "/a/%k", "/a/%", "%u/x", "%hx"] {
            assert!(PathTemplate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_user_name_cannot_walk_the_tree() {
        let template = PathTemplate::parse("/etc/ssh/principals/%u").unwrap();
        for name in ["../../tmp/mine", "..", ".", "a/b"] {
            assert_eq!(template.expand(&root_named(name)), None, "{name}");
        }
    }
}
