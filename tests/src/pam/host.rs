//! Runs `pam-host` in a room.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Answer, Room, User, module};

/// One run to come: who runs what, with which options on the pam.d line.
pub struct Host<'a> {
    room: &'a Room,
    module: PathBuf,
    options: Vec<u8>,
    service: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
}

impl<'a> Host<'a> {
    /// alice runs `sudo` in the room, agent at [`Room::socket`], the module alone in every stack.
    pub fn sudo(room: &'a Room, options: impl AsRef<[u8]>) -> Self {
        let socket = room.socket().to_str().expect("a socket path is text").to_owned();
        Self {
            room,
            module: module(),
            options: options.as_ref().to_owned(),
            service: "sudo".to_owned(),
            arguments: vec!["as=alice".into(), "user=alice".into()],
            environment: vec![("SSH_AUTH_SOCK".into(), socket)],
            wrapper: Vec::new(),
        }
    }

    /// Another service name.
    #[must_use]
    pub fn service(mut self, service: &str) -> Self {
        service.clone_into(&mut self.service);
        self
    }

    /// Another module file.
    #[must_use]
    pub fn module(mut self, module: &Path) -> Self {
        module.clone_into(&mut self.module);
        self
    }

    /// One more argument for `pam-host` (`name=value`; a later one overrides).
    #[must_use]
    pub fn with(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// One more environment variable, or another value.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.as_ref().to_str().expect("text").to_owned()));
        self
    }

    /// Without that environment variable.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// A program that runs `pam-host`, such as valgrind.
    #[must_use]
    pub fn under(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Calls pam_authenticate.
    pub fn auth(self) -> Answer {
        self.call("authenticate")
    }

    /// Calls pam_acct_mgmt.
    pub fn account(self) -> Answer {
        self.call("acct_mgmt")
    }

    /// Calls these hooks, a comma list.
    ///
    /// # Panics
    /// If the host program dies: then a module took it down.
    pub fn call(self, hooks: &str) -> Answer {
        self.write_stack();
        let _ = self.room.logged();
        let output = self.command(hooks).output().expect("pam-host starts");
        let terminal = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "pam-host died: {}\n{terminal}", output.status);
        let answer = Answer::parse(std::str::from_utf8(&output.stdout).expect("pam-host prints UTF-8"));
        Answer { terminal, log: self.log(), ..answer }
    }

    /// `ignore=ok` shows PAM_IGNORE as it is; otherwise libpam would say "permission denied" for a stack where nobody judged.
    fn write_stack(&self) {
        let module = self.module_in_room();
        let mut lines = Vec::new();
        for stack in ["auth", "account", "session", "password"] {
            lines.extend(format!("{stack} [success=ok ignore=ok default=bad] {module} ").into_bytes());
            lines.extend(&self.options);
            lines.push(b'\n');
        }
        self.room.write(&format!("pam.d/{}", self.service), lines);
    }

    /// A copy that alice can read too: the build folder may stand in root's 0700 home. Made once, as it may be in use.
    fn module_in_room(&self) -> String {
        let number = std::fs::metadata(&self.module).expect("the module").ino();
        let name = format!("security-{number}/pam_ussh.so");
        let copy = self.room.etc(&name);
        if !copy.exists() {
            std::fs::create_dir(self.room.etc(&format!("security-{number}"))).expect("a folder for the module");
            std::fs::copy(&self.module, &copy).expect("room for the module");
        }
        format!("/etc/{name}")
    }

    fn command(&self, hooks: &str) -> Command {
        let mut words = self.wrapper.clone();
        words.push(program().to_str().expect("a path is text").to_owned());
        words.push(format!("service={}", self.service));
        words.extend(self.arguments.iter().cloned());
        words.push(format!("hooks={hooks}"));
        let mut command = self.room.command(User::ROOT, &words[0]);
        command.args(&words[1..]).envs(self.environment.iter().cloned()).stdin(Stdio::null());
        command
    }

    /// Without `pam-host`'s own line.
    fn log(&self) -> Vec<String> {
        self.room.logged().into_iter().filter(|line| !line.ends_with("pam-host starts")).collect()
    }
}

/// Cargo puts programs one folder above the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let program = test.parent().and_then(Path::parent).expect("target/debug").join("pam-host");
    assert!(program.exists(), "{} is missing: cargo build -p tests", program.display());
    program
}
