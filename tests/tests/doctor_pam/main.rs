//! `ca-tool doctor --pam`: a pam.d file is tried before it is put in place, and the host stays as it is.

mod sealed;
mod shown;
mod verdicts;

use tests::world::{Output, World};

const GOOD: &str = "auth sufficient pam_ussh.so
account [success=1 default=ignore] pam_rootok.so
account required pam_ussh.so
auth required pam_unix.so
account required pam_unix.so
session required pam_unix.so
";

fn world() -> World {
    let world = World::new();
    world.install_pam_try();
    world.install_ca_tool();
    world.trust(&[&world.ca("ed25519")]);
    world
}

fn doctor(world: &World, words: &[&str], file: &str) -> Output {
    world.write("/root/new", file);
    world.run(&[&["ca-tool", "doctor", "--pam", "/root/new", "--user", "alice"], words].concat())
}

#[track_caller]
fn has(answer: &Output, state: &str, parts: &[&str]) {
    let has = |line: &str| line.starts_with(&format!("{state:<8} pam ")) && parts.iter().all(|part| line.contains(part));
    assert!(answer.stdout.lines().any(has), "no {state} with {parts:?}: {answer}");
}
