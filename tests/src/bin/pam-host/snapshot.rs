//! What a module could leave behind in its host: one line, equal before and after when nothing was left.

use std::fs;
use std::path::Path;

/// Descriptors, threads, signal handlers and masks, ids, groups, capabilities, folder, umask, environment.
pub(crate) fn snapshot() -> String {
    let status = status();
    let fields = ["Threads", "SigBlk", "SigIgn", "SigCgt", "Uid", "Gid", "Groups", "CapEff", "Umask"]
        .map(|name| format!("{name}={}", field(&status, name).replace(char::is_whitespace, ",")))
        .join(" ");
    let folder = std::env::current_dir().expect("a working directory");
    let mut names: Vec<String> = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    names.sort();
    format!("fds={} {fields} cwd={} env={}", descriptors().join(","), folder.display(), names.join(","))
}

/// Peak memory of one call.
pub(crate) struct Memory {
    peak_before_kib: u64,
}

impl Memory {
    pub(crate) fn start() -> Self {
        // Resets the peak to what is resident now; where the kernel refuses, the peak so far stands.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Self { peak_before_kib: peak_kib() }
    }

    pub(crate) fn growth_kib(&self) -> u64 {
        peak_kib().saturating_sub(self.peak_before_kib)
    }
}

/// Whether a library whose name has `name` in it is loaded.
pub(crate) fn mapped(name: &str) -> bool {
    let maps = fs::read_to_string("/proc/self/maps").expect("maps of this process");
    maps.lines()
        .filter_map(|line| line.split_whitespace().nth(5))
        .any(|path| Path::new(path).file_name().is_some_and(|file| file.to_string_lossy().contains(name)))
}

fn peak_kib() -> u64 {
    let status = status();
    field(&status, "VmHWM").trim_end_matches(" kB").trim().parse().expect("VmHWM is a number of kB")
}

fn descriptors() -> Vec<String> {
    let mut open = Vec::new();
    for number in 0..1024 {
        // The folder listing itself would open one more, so each is asked alone.
        if let Ok(target) = fs::read_link(format!("/proc/self/fd/{number}")) {
            open.push(format!("{number}:{}", target.display()).replace(' ', "_"));
        }
    }
    open
}

fn status() -> String {
    fs::read_to_string("/proc/self/status").expect("status of this process")
}

fn field<'a>(status: &'a str, name: &str) -> &'a str {
    let line = status.lines().find(|line| line.split_once(':').is_some_and(|(key, _)| key == name));
    line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim()).expect("a field of /proc/self/status")
}
