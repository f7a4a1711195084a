//! The file systems of a trial: the host's, read-only, and new ones where programs write.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sys::statvfs::{FsFlags, statvfs};

use super::log::Log;
use crate::error::{Error, OrSay, Result};

/// Where everything new is made.
const STAGE: &str = "/tmp/trial";

/// Programs write there.
const EMPTY: [&str; 2] = ["/var/log", "/var/tmp"];

/// How users are looked up on hosts where not all of them stand in /etc/passwd: sockets, which are asked and not changed.
const KEPT_IN_RUN: [&str; 5] = ["nscd", "nslcd", "samba", "systemd/userdb", "sssd"];

/// What any program needs of /dev.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Must be read-only before a module runs.
const MUST_BE_SEALED: [&str; 6] = ["/", "/etc", "/usr", "/var", "/root", "/home"];

const ADVICE: &str = "Nothing was tried, and nothing changed. In a container, try it on the host or in a virtual machine.";

/// This process's view of the host, from which no module can change it.
pub(super) struct Sealed {
    pub(super) log: Log,
    files: usize,
}

impl Sealed {
    pub(super) fn new() -> Result<Self> {
        let stage = Path::new(STAGE);
        seal_mounts()?;
        mount_tmpfs("/tmp", "mode=1777")?;
        fs::create_dir(stage).or_say("There is no room for a trial", ADVICE)?;
        for folder in EMPTY.iter().filter(|folder| Path::new(folder).is_dir()) {
            mount_tmpfs(folder, "mode=755")?;
        }
        // Made before /run is covered.
        new_dev(&stage.join("dev"))?;
        new_run(&stage.join("run"))?;
        bind(&stage.join("dev"), Path::new("/dev"))?;
        bind(&stage.join("run"), Path::new("/run"))?;
        let old_run = Path::new("/var/run");
        if !old_run.is_symlink() && old_run.is_dir() {
            bind(&stage.join("run"), old_run)?;
        }
        let log = Log::listen(Path::new("/dev/log")).or_say("There is no room for a log", ADVICE)?;
        check_sealed()?;
        Ok(Self { log, files: 0 })
    }

    /// /etc/pam.d as it is, with this file in it.
    pub(super) fn put_pam_file(&mut self, service: &str, text: &[u8]) -> Result<()> {
        let (old, new) = (Path::new("/etc/pam.d"), Path::new(STAGE).join("pam.d"));
        let what = "/etc/pam.d cannot be copied";
        fs::create_dir(&new).or_say(what, ADVICE)?;
        for entry in fs::read_dir(old).or_say(what, ADVICE)?.flatten().filter(|entry| entry.path().is_file()) {
            fs::copy(entry.path(), new.join(entry.file_name())).or_say(what, ADVICE)?;
        }
        fs::write(new.join(service), text).or_say(what, ADVICE)?;
        bind(&new, old)
    }

    /// One more CA in a file of trusted ones, if there is such a file.
    pub(super) fn trust(&mut self, path: &Path, line: &str) -> Result<()> {
        let Ok(mut text) = fs::read(path) else { return Ok(()) };
        text.extend(format!("\n{line}\n").as_bytes());
        let what = format!("No CA can be added to {}", path.display());
        self.files += 1;
        let copy = Path::new(STAGE).join(format!("ca-{}", self.files));
        fs::write(&copy, text).or_say(&what, ADVICE)?;
        // As safe, or not, as the file itself.
        let metadata = fs::metadata(path).or_say(&what, ADVICE)?;
        fs::set_permissions(&copy, metadata.permissions()).or_say(&what, ADVICE)?;
        chown(&copy, Some(metadata.uid()), None).or_say(&what, ADVICE)?;
        bind(&copy, &fs::canonicalize(path).or_say(&what, ADVICE)?)
    }
}

/// Every mount of the host, but for processes' own files.
fn seal_mounts() -> Result<()> {
    let mounts = fs::read("/proc/self/mountinfo").or_say("The mounts of this host are not known", ADVICE)?;
    for line in mounts.split(|byte| *byte == b'\n') {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let (Some(point), Some(options)) = (fields.get(4), fields.get(5)) else { continue };
        let point = unescaped(point);
        if point.starts_with("/proc") {
            continue;
        }
        match seal(&point, String::from_utf8_lossy(options).as_ref()) {
            // Hidden below another mount, or nobody's to look at; what can be reached is checked afterwards.
            Ok(()) | Err(Errno::EINVAL | Errno::ENOENT | Errno::EACCES | Errno::ENOTDIR) => {}
            Err(error) => return Err(Error::new(format!("{} cannot be made read-only: {error}.", point.display()), ADVICE)),
        }
    }
    let kernel = Path::new("/proc/sys");
    bind(kernel, kernel)?;
    seal(kernel, "").or_say("/proc/sys cannot be made read-only", ADVICE)
}

/// With the restrictions that it has.
fn seal(point: &Path, options: &str) -> nix::Result<()> {
    let kept = [
        ("nosuid", MsFlags::MS_NOSUID),
        ("nodev", MsFlags::MS_NODEV),
        ("noexec", MsFlags::MS_NOEXEC),
        ("noatime", MsFlags::MS_NOATIME),
        ("nodiratime", MsFlags::MS_NODIRATIME),
        ("relatime", MsFlags::MS_RELATIME),
    ];
    let mut flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    for (name, flag) in kept {
        if options.split(',').any(|option| option == name) {
            flags |= flag;
        }
    }
    mount(None::<&str>, point, None::<&str>, flags, None::<&str>)
}

fn check_sealed() -> Result<()> {
    for folder in MUST_BE_SEALED.iter().filter(|folder| Path::new(folder).is_dir()) {
        let is_sealed = statvfs(*folder).is_ok_and(|it| it.flags().contains(FsFlags::ST_RDONLY));
        if !is_sealed {
            return Err(Error::new(format!("{folder} cannot be made read-only."), ADVICE));
        }
    }
    Ok(())
}

/// With room for pam_faillock's counters, utmp and the like, which the host's are not.
fn new_run(new: &Path) -> Result<()> {
    let what = "There is no room for another /run";
    fs::create_dir_all(new.join("lock")).or_say(what, ADVICE)?;
    for name in KEPT_IN_RUN {
        let (from, to) = (Path::new("/run").join(name), new.join(name));
        if from.is_dir() {
            fs::create_dir_all(&to).or_say(what, ADVICE)?;
            bind(&from, &to)?;
        }
    }
    Ok(())
}

fn new_dev(new: &Path) -> Result<()> {
    let what = "There is no room for another /dev";
    fs::create_dir_all(new.join("shm")).or_say(what, ADVICE)?;
    for name in DEVICES {
        let (from, to) = (Path::new("/dev").join(name), new.join(name));
        if from.exists() {
            fs::write(&to, "").or_say(what, ADVICE)?;
            bind(&from, &to)?;
        }
    }
    fs::set_permissions(new, fs::Permissions::from_mode(0o755)).or_say(what, ADVICE)
}

fn mount_tmpfs(path: &str, options: &str) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some(options)).or_say(format!("{path} cannot be covered"), ADVICE)
}

fn bind(from: &Path, to: &Path) -> Result<()> {
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some(from), to, None::<&str>, flags, None::<&str>).or_say(format!("{} cannot be covered", to.display()), ADVICE)
}

/// proc(5): blanks and backslashes are `\040` and so on.
fn unescaped(field: &[u8]) -> PathBuf {
    let mut out = Vec::new();
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match (byte, octal) {
            (b'\\', Some(character)) => {
                out.push(character);
                rest = after.get(3..).unwrap_or_default();
            }
            _ => {
                out.push(byte);
                rest = after;
            }
        }
    }
    PathBuf::from(std::ffi::OsStr::from_bytes(&out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_with_blanks_are_read() {
        assert_eq!(unescaped(b"/mnt/a\\040b\\134"), Path::new("/mnt/a b\\"));
        assert_eq!(unescaped(b"/mnt/\\x"), Path::new("/mnt/\\x"));
    }
}
