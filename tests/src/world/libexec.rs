//! Programs in /usr/libexec, which is the real host's and read-only: laid over it.

use std::path::PathBuf;

use super::World;

const OURS: &str = "/run/libexec";

impl World {
    /// Installs the session guard: `$USSH_SESSION_GUARD`, else this workspace's release build.
    #[track_caller]
    pub fn install_session_guard(&self) {
        self.install_in_libexec("ussh-session-guard", "USSH_SESSION_GUARD");
    }

    /// Installs ussh-pam-try: `$USSH_PAM_TRY`, else this workspace's release build.
    #[track_caller]
    pub fn install_pam_try(&self) {
        self.install_in_libexec("ussh-pam-try", "USSH_PAM_TRY");
    }

    #[track_caller]
    fn install_in_libexec(&self, name: &str, variable: &str) {
        let built = format!("{}/../target/release/{name}", env!("CARGO_MANIFEST_DIR"));
        let program = std::env::var_os(variable).map_or_else(|| built.into(), PathBuf::from);
        assert!(
            program.is_file(),
            "there is no {}: build it (cargo build --release -p {name}) or name it in {variable}",
            program.display()
        );
        self.mkdir(OURS, "root", 0o755);
        self.install(&program, &format!("{OURS}/{name}"), 0o755);
        // Mounted anew: what comes into a layer below a mount may not be seen in it.
        let again = "mountpoint -q /usr/libexec && umount -l /usr/libexec";
        let mount = format!("mount -t overlay overlay -o lowerdir={OURS}:/usr/libexec /usr/libexec");
        self.run(&["bash", "-c", &format!("{again}; {mount}")]).ok();
    }
}
