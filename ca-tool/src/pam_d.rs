//! pam.d(5) files, read as libpam reads them: which modules a service runs, in which order.
//!
//! What it would do with them is libpam's business: ussh-pam-try asks it. Nothing here decides anything.

pub(crate) mod control;
pub(crate) mod modules;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

use control::Action;

use crate::error::{Error, OrSay, Result};

/// Where libpam looks, the first one first; the last two are where distributions have it built to (SUSE).
const FOLDERS: [&str; 4] = ["/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d", "/usr/etc/pam.d"];

/// libpam's bound for substacks in substacks; for includes it has none but its memory.
const DEEPEST: usize = 32;

/// A service's name as libpam has it: in small letters, and no path.
pub(crate) fn service_name(name: &str) -> std::result::Result<String, String> {
    match name.is_empty() || name.contains('/') {
        true => Err("a service is named as its file in /etc/pam.d is, without a folder".to_owned()),
        false => Ok(name.to_ascii_lowercase()),
    }
}

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stack {
    Auth,
    Account,
    Session,
    Password,
}

impl Stack {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Account => "account",
            Self::Session => "session",
            Self::Password => "password",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Auth, Self::Account, Self::Session, Self::Password];
        all.into_iter().find(|stack| stack.name().eq_ignore_ascii_case(word))
    }
}

/// A line that names a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) stack: Stack,
    /// `-` in front of the type: a module that is missing is not logged.
    pub(crate) is_silent: bool,
    /// `required`, or `success=1 default=ignore` from between brackets.
    pub(crate) control: String,
    /// `pam_unix.so`, or a path.
    pub(crate) module: String,
    /// The module's options.
    pub(crate) words: Vec<String>,
    /// The file that it stands in, which may be an included one.
    pub(crate) file: PathBuf,
    /// Where it begins there, from 1.
    pub(crate) number: usize,
    /// How many substacks round it there are: what it decides, it decides there.
    pub(crate) depth: usize,
}

impl Line {
    /// Whether the module is this one, wherever it is.
    pub(crate) fn is(&self, module: &str) -> bool {
        Path::new(&self.module).file_name().is_some_and(|name| name == module)
    }

    /// `/etc/pam.d/sudo line 3`.
    pub(crate) fn place(&self) -> String {
        format!("{} line {}", self.file.display(), self.number)
    }
}

/// What a service's file says, with what it includes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Service {
    /// Its own file.
    pub(crate) file: PathBuf,
    /// In libpam's order.
    pub(crate) lines: Vec<Line>,
    /// What libpam does not understand.
    pub(crate) trouble: Vec<Trouble>,
}

/// Something in a file that libpam does not understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Its place, and what is wrong there.
    what: String,
    /// Whether libpam refuses for that alone.
    refuses: bool,
}

impl Trouble {
    /// A sentence.
    pub(crate) fn sentence(&self) -> String {
        let fate = if self.refuses { "refuses whoever gets that far" } else { "may refuse everybody" };
        format!("libpam does not understand {}, and {fate}.", self.what)
    }
}

impl Service {
    /// The lines of one stack.
    pub(crate) fn of(&self, stack: Stack) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.stack == stack)
    }

    /// Over the end of a stack, which libpam takes for a refusal.
    fn look_for_jumps(&mut self) {
        for stack in [Stack::Auth, Stack::Account, Stack::Session] {
            let lines: Vec<Line> = self.of(stack).cloned().collect();
            for (line, following) in lines.iter().zip((0..lines.len()).rev()) {
                if matches!(control::action(&line.control, "success"), Action::Jump(over) if over > following) {
                    self.may_refuse(format!("{}: \"{}\" jumps over more lines than follow", line.place(), line.control));
                }
            }
        }
    }

    fn refuses(&mut self, what: String) {
        self.trouble.push(Trouble { what, refuses: true });
    }

    fn may_refuse(&mut self, what: String) {
        self.trouble.push(Trouble { what, refuses: false });
    }
}

/// The folders that pam.d files are in.
#[derive(Clone, Debug)]
pub(crate) struct PamD {
    folders: Vec<PathBuf>,
}

impl PamD {
    /// Those of this host, or one folder in their place.
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        let of_the_host = || FOLDERS.iter().map(PathBuf::from).collect();
        Self { folders: folder.map_or_else(of_the_host, |folder| vec![folder.to_owned()]) }
    }

    /// Those of a host whose root is in a folder.
    pub(crate) fn below(root: &Path) -> Self {
        Self { folders: FOLDERS.iter().map(|folder| root.join(folder.trim_start_matches('/'))).collect() }
    }

    /// The file of a service, or one that is included; nothing if there is none.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        // An absolute name stays as it is, as with libpam.
        self.folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    }

    /// All services that have a file, by their names, sorted.
    pub(crate) fn services(&self) -> Vec<String> {
        let entries = self.folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        let files = entries.filter(|entry| entry.path().is_file());
        let mut names: Vec<String> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Reads a service's file. Where there is none, libpam takes that of `other`, and so does this.
    ///
    /// # Errors
    /// There is no such file, or it cannot be read.
    pub(crate) fn service(&self, name: &str) -> Result<Service> {
        let file = self.find(name).or_else(|| self.find("other")).ok_or_else(|| {
            let folders = self.folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ");
            Error::new(format!("There is no pam.d file for {name} in {folders}."), "Is that the service's name?")
        })?;
        self.file(&file)
    }

    /// Reads a file as if it were a service's.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn file(&self, file: &Path) -> Result<Service> {
        let mut service = Service { file: file.to_owned(), ..Service::default() };
        let text =
            fs::read(file).or_say(format!("{} cannot be read", file.display()), "Name a pam.d file that you may read.")?;
        self.read(&text, file, None, (0, 0), &mut service);
        service.look_for_jumps();
        Ok(service)
    }

    /// `only`: the type of an included file's lines that count; nothing for all. `depth`: of files, and of substacks.
    fn read(&self, text: &[u8], file: &Path, only: Option<Stack>, depth: (usize, usize), service: &mut Service) {
        let lines = text::lines(text);
        for number in lines.too_long {
            let place = format!("{} line {number}", file.display());
            service.may_refuse(format!("{place} is longer than the {} bytes that libpam 1.5 reads", text::LONGEST));
        }
        for number in lines.interrupting {
            let place = format!("{} line {number}", file.display());
            service.may_refuse(format!("{place}, inside a line that a backslash continues, ends it for libpam 1.7 only"));
        }
        if let Some((number, _)) = lines.said.iter().find(|(_, line)| line.contains('\r')) {
            let place = format!("{} line {number}", file.display());
            let what = "a carriage return, as at the end of Windows' lines, is part of a word there";
            service.may_refuse(format!("{place}: {what}"));
        }
        for (number, line) in lines.said {
            // So that what is meant is found as well.
            let line = line.replace('\r', " ");
            let mut words = text::words(&line).into_iter();
            let place = format!("{} line {number}", file.display());
            let first = words.next().unwrap_or_default();
            if first.eq_ignore_ascii_case("@include") {
                self.include(words.next(), &place, only, depth, service);
                continue;
            }
            let is_silent = first.starts_with('-');
            let Some(stack) = Stack::from_word(first.strip_prefix('-').unwrap_or(&first)) else {
                service.refuses(format!("{place}: \"{first}\" is neither auth, account, session nor password"));
                continue;
            };
            if only.is_some_and(|only| only != stack) {
                continue;
            }
            let (control, module) = (words.next(), words.next());
            match (control, module) {
                (Some(control), module) if control.eq_ignore_ascii_case("include") => {
                    self.include(module, &place, Some(stack), depth, service);
                }
                (Some(control), module) if control.eq_ignore_ascii_case("substack") => {
                    self.include(module, &place, Some(stack), (depth.0, depth.1 + 1), service);
                }
                (Some(control), Some(module)) => {
                    if !control::is_control(&control) && stack != Stack::Password {
                        service.refuses(format!("{place}: \"{control}\" is no control such as \"required\""));
                    }
                    let (file, words) = (file.to_owned(), words.collect());
                    service.lines.push(Line { stack, is_silent, control, module, words, file, number, depth: depth.1 });
                }
                (None, _) => service.refuses(format!("{place}: no control such as \"required\"")),
                (Some(_), None) => service.refuses(format!("{place}: no module")),
            }
        }
        if lines.cut {
            service.may_refuse(format!("{}: the last line ends in a backslash", file.display()));
        }
    }

    fn include(&self, name: Option<String>, place: &str, only: Option<Stack>, depth: (usize, usize), service: &mut Service) {
        let Some(name) = name else {
            service.refuses(format!("{place}: nothing is named to be included"));
            return;
        };
        let Some((file, text)) = self.find(&name).and_then(|file| fs::read(&file).ok().map(|text| (file, text))) else {
            service.refuses(format!("{place}: there is no \"{name}\" to include, or it cannot be read"));
            return;
        };
        if depth.0 >= DEEPEST {
            service.refuses(format!("{place}: files are included {DEEPEST} times in each other"));
            return;
        }
        self.read(&text, &file, only, (depth.0 + 1, depth.1), service);
    }
}

#[cfg(test)]
mod tests;
