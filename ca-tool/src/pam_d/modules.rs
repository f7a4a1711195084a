//! Where libpam's modules are, and which are not there.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::control::{Action, action};
use super::{Line, Service};

/// Where distributions without multiarch folders have them.
const FOLDERS: [&str; 4] = ["/usr/lib64/security", "/lib64/security", "/usr/lib/security", "/lib/security"];

/// Every place where libpam of this host may find it.
pub(crate) fn find(module: &str) -> Vec<PathBuf> {
    let found = places(module).into_iter().filter(|path| path.is_file());
    let mut found: Vec<_> = found.filter_map(|path| path.canonicalize().ok()).collect();
    found.sort();
    found.dedup();
    found
}

/// Every place where libpam of this host may look.
fn places(module: &str) -> Vec<PathBuf> {
    // A whole path stays as it is, as with libpam.
    if Path::new(module).is_absolute() {
        return vec![module.into()];
    }
    let multiarch = ["/usr/lib", "/lib"].iter().flat_map(|lib| fs::read_dir(lib).into_iter().flatten().flatten());
    let folders = multiarch.map(|entry| entry.path().join("security")).chain(FOLDERS.iter().map(PathBuf::from));
    folders.filter(|folder| folder.is_dir()).map(|folder| folder.join(module)).collect()
}

/// Whether libpam would look for it in vain. `$ISA` in a path is libpam's own to fill in.
pub(crate) fn is_missing(module: &str) -> bool {
    !module.contains('$') && !places(module).iter().any(|path| may_be_loaded(path))
}

/// A library for the processor that this program is for, or one that is not ours to read.
fn may_be_loaded(path: &Path) -> bool {
    match (kind(path), kind(Path::new("/proc/self/exe"))) {
        (Ok(kind), Ok(own)) => kind == own,
        (Err(error), _) => error.kind() == ErrorKind::PermissionDenied,
        (Ok(_), Err(_)) => true,
    }
}

/// The magic, class and byte order of an ELF file, and its machine.
fn kind(path: &Path) -> io::Result<([u8; 6], [u8; 2])> {
    if !fs::metadata(path)?.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let mut header = [0; 20];
    File::open(path)?.read_exact(&mut header)?;
    let [m0, m1, m2, m3, class, order, .., e0, e1] = header;
    Ok(([m0, m1, m2, m3, class, order], [e0, e1]))
}

impl Service {
    /// Lines whose module is not there, and at which libpam refuses for that, in all stacks.
    pub(crate) fn lines_without_module(&self) -> impl Iterator<Item = &Line> {
        let refuses = |line: &&Line| {
            let stack: Vec<_> = self.of(line.stack).collect();
            let at = stack.iter().position(|other| std::ptr::eq(*other, *line)).unwrap_or_default();
            needs_its_module(&line.control, at, stack.len())
        };
        self.lines.iter().filter(refuses).filter(|line| is_missing(&line.module))
    }
}

impl Line {
    /// A sentence about a line whose module is not there.
    pub(crate) fn without_module(&self) -> String {
        format!("{} names {}, which is not there: libpam refuses whoever gets that far.", self.place(), self.module)
    }
}

/// Whether libpam refuses at this line, one of so many from 0, where its module is missing.
fn needs_its_module(control: &str, at: usize, of: usize) -> bool {
    match action(control, "module_unknown") {
        Action::Ignore | Action::Reset => false,
        // Over the end, or to it where nobody has accepted.
        Action::Jump(over) => at.saturating_add(over).saturating_add(usize::from(at == 0)) >= of,
        Action::Ok | Action::Done | Action::Bad | Action::Die => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each asked of libpam itself in tests/tests/check/lines.rs.
    #[test]
    fn which_lines_refuse_without_their_module() {
        for (control, expected) in [
            ("required", true),
            ("Sufficient", false),
            ("optional", false),
            ("success=ok default=bad", true),
            ("default=bad module_unknown=ignore", false),
            ("success=1 default=ignore", false),
            ("success=ok", true),
            ("success = ok default = die", true),
            ("success=okdefault=die", true),
            ("default=ok", true),
            ("default=done", true),
            ("module_unknown=ignore module_unknown=die default=ignore", true),
            ("default=reset", false),
            ("default=1", false),
            ("default=2", true),
            ("default=3", true),
            ("", true),
        ] {
            assert_eq!(needs_its_module(control, 0, 3), expected, "{control}");
        }
        assert!(!needs_its_module("default=1", 1, 3) && needs_its_module("default=2", 1, 3));
    }

    #[test]
    fn a_module_is_a_library_for_this_processor_that_one_may_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let mut library = fs::read("/proc/self/exe").unwrap();
        library.truncate(64);
        fs::write(path("right.so"), &library).unwrap();
        library[18] ^= 1;
        fs::write(path("other_processor.so"), &library).unwrap();
        fs::write(path("text.so"), "text").unwrap();
        fs::create_dir(path("folder.so")).unwrap();
        for (name, expected) in
            [("right.so", false), ("other_processor.so", true), ("text.so", true), ("folder.so", true), ("nothing.so", true)]
        {
            assert_eq!(is_missing(&path(name)), expected, "{name}");
        }
        assert!(is_missing("pam_nowhere.so") && !is_missing("/lib/security/$ISA/pam_nowhere.so"));
        assert!(find(&path("folder.so")).is_empty());
    }
}
