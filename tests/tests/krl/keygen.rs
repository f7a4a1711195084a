//! The real ssh-keygen.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A run in `dir`.
pub fn run(dir: &Path, words: &[&str]) -> Output {
    Command::new("ssh-keygen")
        .args(words)
        .current_dir(dir)
        .env_clear()
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .expect("ssh-keygen is installed")
}

#[track_caller]
pub fn ok(dir: &Path, words: &[&str]) -> String {
    let output = run(dir, words);
    assert!(output.status.success(), "ssh-keygen {words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether it loads these bytes as a KRL.
#[track_caller]
pub fn loads(dir: &Path, krl: &[u8]) -> bool {
    std::fs::write(dir.join("loads.krl"), krl).unwrap();
    let output = run(dir, &["-Q", "-f", "loads.krl"]);
    match output.status.code() {
        Some(0) => true,
        Some(255) => false,
        _ => panic!("ssh-keygen -Q: {output:?}"),
    }
}

/// What it lists, and which of these files it calls revoked.
#[track_caller]
pub fn query(dir: &Path, krl: &[u8], files: &[String]) -> (String, Vec<bool>) {
    std::fs::write(dir.join("query.krl"), krl).unwrap();
    let mut words = vec!["-Q", "-l", "-f", "query.krl"];
    words.extend(files.iter().map(String::as_str));
    let output = run(dir, &words);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let answers = stdout.lines().rev().take(files.len()).collect::<Vec<_>>().into_iter().rev();
    let revoked: Vec<bool> = answers
        .zip(files)
        .map(|(line, file)| {
            assert!(line.starts_with(file.as_str()), "{line}");
            match line.rsplit(": ").next() {
                Some("REVOKED") => true,
                Some("ok") => false,
                _ => panic!("{line}"),
            }
        })
        .collect();
    assert_eq!(revoked.len(), files.len(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(i32::from(revoked.contains(&true))), "{stdout}");
    let lines = stdout.lines().count() - files.len();
    let listing = stdout.lines().take(lines).map(|line| format!("{line}\n")).collect();
    (listing, revoked)
}
