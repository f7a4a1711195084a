//! Which module is tested.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The module as it is shipped: `PAM_USSH_SO`, or the workspace's release build.
///
/// # Panics
/// If it is not there.
pub fn module() -> PathBuf {
    let path = std::env::var_os("PAM_USSH_SO").map_or_else(|| target().join("release/libpam_ussh.so"), PathBuf::from);
    assert!(path.exists(), "{} is missing: cargo build --release -p pam_ussh", path.display());
    path
}

/// A build with the options `test_panic=HOOK` and `test_panic=as_user`: `PAM_USSH_PANIC_SO`, or built here once, beside the workspace's other builds.
///
/// # Panics
/// If it does not build.
pub fn module_that_panics() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    std::env::var_os("PAM_USSH_PANIC_SO").map_or_else(|| BUILT.get_or_init(build_that_panics).clone(), PathBuf::from)
}

fn build_that_panics() -> PathBuf {
    let folder = target().join("test-panic");
    // Thin release: the same unwinding and the same optimisation, without the minute that fat LTO takes.
    let cargo = Path::new(env!("CARGO"));
    let status = Command::new(cargo)
        // Not the one on the PATH: rustup's would follow the toolchain file that a dependency may have in its folder.
        .env("RUSTC", cargo.with_file_name("rustc"))
        .args(["build", "--quiet", "--locked", "--release", "--package", "pam_ussh", "--features", "test-panic"])
        .args(["--config", "profile.release.lto=false", "--config", "profile.release.codegen-units=16"])
        .arg("--target-dir")
        .arg(&folder)
        .current_dir(workspace())
        .status()
        .expect("cargo starts");
    assert!(status.success(), "pam_ussh with feature test-panic does not build");
    folder.join("release/libpam_ussh.so")
}

fn target() -> PathBuf {
    workspace().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a member of the workspace")
}
