//! Keeps what is in memory out of reach of other programs of the same person.

use nix::sys::{prctl, resource};

/// No core dumps, and no debugger of the same user: PINs and passphrases pass through this process.
/// Neither can fail on a Linux that runs at all; if they did, memory is zeroized after use as well.
pub(crate) fn no_core_dumps() {
    let _ = resource::setrlimit(resource::Resource::RLIMIT_CORE, 0, 0);
    let _ = prctl::set_dumpable(false);
}
