//! ca-tool, and the YubiKeys that it finds in a world.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use software_yubikey::pcsc::Service;

use super::{Output, World};

/// Where programs look for pcscd.
const PCSCD: &str = "/run/pcscd/pcscd.comm";

impl World {
    /// Puts ca-tool on everybody's path: `$CA_TOOL`, else this workspace's own build.
    #[track_caller]
    pub fn install_ca_tool(&self) {
        let program = ca_tool_under_test();
        assert!(
            program.is_file(),
            "there is no {}: build it (cargo build -p ca-tool) or name it in CA_TOOL",
            program.display()
        );
        self.install(&program, "/opt/rig/ca-tool", 0o755);
    }

    /// USB ports: YubiKeys plugged into the service are seen by everybody in this world until it is dropped.
    #[track_caller]
    pub fn pcscd(&self) -> Service {
        self.mkdir("/run/pcscd", "root", 0o755);
        let socket = self.path(PCSCD);
        let service = Service::start(&socket).expect("a socket in the world");
        std::fs::set_permissions(&socket, Permissions::from_mode(0o666)).expect("everybody may ask pcscd");
        service
    }

    /// Runs a line of shell as `user`, in their home.
    #[track_caller]
    pub fn shell(&self, user: &str, line: &str) -> Output {
        self.run_as(user, &["bash", "-c", &format!("cd && {line}")])
    }
}

/// `$CA_TOOL`, else this workspace's own build.
fn ca_tool_under_test() -> PathBuf {
    match std::env::var_os("CA_TOOL") {
        Some(path) => path.into(),
        None => concat!(env!("CARGO_MANIFEST_DIR"), "/../target/debug/ca-tool").into(),
    }
}
