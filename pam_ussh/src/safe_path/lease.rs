//! Whether somebody has a file open for writing: only then the kernel refuses a read lease on it (fcntl(2)).
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use libc::{EAGAIN, F_RDLCK, F_SETLEASE, F_UNLCK, SIGURG, fcntl};
use nix::sys::statfs::{FsType, NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, fstatfs};

/// asm-generic/fcntl.h; libc does not have it.
const F_SETSIG: i32 = 10;

/// linux/magic.h
const CIFS: FsType = FsType(0xff53_4d42);
const SMB2: FsType = FsType(0xfe53_4d42);

/// What the kernel says of a file's writers.
#[derive(Debug)]
pub(super) enum Writers {
    /// Nobody has it open for writing, nor mapped.
    None,
    /// Somebody has.
    Some,
    /// Nobody can say: the file system has no leases, or grants none, or the process is not root.
    Unknown(io::Error),
}

/// Takes a read lease and gives it back at once.
///
/// The system calls have no wrapper in the crates at hand. While the lease is held, for a microsecond, a writer who
/// comes waits, and this process is sent SIGURG, which is ignored unless asked for, instead of SIGIO, which would kill it.
pub(super) fn writers(file: &File) -> Writers {
    let descriptor = file.as_raw_fd();
    // SAFETY: the descriptor is open, as `File` is borrowed; the arguments of these commands are integers, no pointers.
    let set = |command, argument: i32| match unsafe { fcntl(descriptor, command, argument) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    };
    let taken = set(F_SETSIG, SIGURG).and_then(|()| set(F_SETLEASE, F_RDLCK)).and_then(|()| set(F_SETLEASE, F_UNLCK));
    match taken {
        Ok(()) => Writers::None,
        Err(error) if error.raw_os_error() == Some(EAGAIN) && !is_of_a_server(file) => Writers::Some,
        Err(error) => Writers::Unknown(error),
    }
}

/// The clients of NFS 4 and SMB refuse a lease as well when the server has not delegated the file to them.
fn is_of_a_server(file: &File) -> bool {
    let of_servers = [NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS, SMB2];
    fstatfs(file).is_ok_and(|file_system| of_servers.contains(&file_system.filesystem_type()))
}
