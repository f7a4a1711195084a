//! KRLs: what ussh-cert costs beside the real ssh-keygen with the same files.
//!
//! Each side is a process of its own that reads its files and answers or writes: `ssh-keygen -k` and `-Q`, and this
//! program with the words `build` and `ask`. What counts is processor time, so that a busy machine matters little, and
//! the most memory that the process ever had. Prints; asserts nothing about either. For numbers that count:
//! `cargo run --release -p tests --bin krl-bench [RUNS]`.

use std::fmt;
use std::fs::{self, File};
use std::io::BufReader;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use base64ct::{Base64, Encoding};
use ussh_cert::Certificate;
use ussh_cert::krl::{Krl, Subject, Verdict, spec::Issuer};
use ussh_cert::revoked_keys::check_all;

const USAGE: &str = "usage: krl-bench [RUNS]";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["build", ca, spec, out] => build(ca, spec, out),
        ["ask", list, file] => ask(list, file),
        ["thousand-cas", out] => thousand_cas(out),
        ["measure", program, words @ ..] => println!("{}", measured(program, words)),
        [] => report(3),
        [runs] => report(runs.parse().expect(USAGE)),
        _ => panic!("{USAGE}"),
    }
}

/// As `ssh-keygen -k -f OUT -s CA SPEC`.
fn build(ca: &str, spec: &str, out: &str) {
    let mut krl = Krl::new();
    krl.generated_date = 1;
    krl.apply(&fs::read(spec).unwrap(), Issuer::Ca(&blob(ca))).unwrap();
    fs::write(out, krl.write().unwrap()).unwrap();
}

/// As `ssh-keygen -Q -f LIST FILE`.
fn ask(list: &str, file: &str) {
    let blob = blob(file);
    let certificate = Certificate::parse(&blob).unwrap();
    let subject = Subject::certificate(&certificate).unwrap();
    let list = File::open(list).unwrap();
    let length = list.metadata().unwrap().len() as usize;
    // As much at once as the module reads.
    let (_, verdicts) = check_all(BufReader::with_capacity(64 * 1024, list), length, &[subject]).unwrap();
    println!("{verdicts:?}");
    std::process::exit(i32::from(verdicts != [Verdict::NotRevoked]));
}

fn blob(file: &str) -> Vec<u8> {
    let line = fs::read_to_string(file).unwrap();
    Base64::decode_vec(line.split_whitespace().nth(1).unwrap()).unwrap()
}

fn report(runs: usize) {
    let dir = tempfile::tempdir().unwrap();
    std::env::set_current_dir(dir.path()).unwrap();
    for name in ["ca", "key"] {
        keygen(&["-q", "-t", "ed25519", "-N", "", "-f", name]);
    }
    keygen(&["-q", "-s", "ca", "-I", "nobody", "-n", "nobody", "-z", "18446744073709551000", "key.pub"]);
    println!("Processor time of whole processes, medians of {runs}, and the most memory of any run.");
    println!("{:52} | {:^25} | {:^25} | times less", "", "ssh-keygen", "ussh-cert");
    let runs_of_5 = |n: u64| format!("serial: {}-{}\n", n * 1000, n * 1000 + 4);
    case("serial numbers in a list", BUILT, runs, &|n| format!("serial: {}\n", n * 1000));
    case("serial numbers in ranges of five", BUILT / 5, runs, &runs_of_5);
    case("serial numbers in bitmaps", MILLION, runs, &|n| format!("serial: {}\n", n * 2 + n / 4000 * 100_000));
    case("key IDs", BUILT, runs, &|n| format!("id: user{}@example.org\n", n * 7919 % 1_000_003));
    timed(&std::env::current_exe().unwrap(), &["thousand-cas", "krl"]);
    ask_both("a thousand CAs with 1,000 serial numbers each", runs);
}

const MILLION: u64 = 1_000_000;
/// What ssh-keygen is given to build: its buffers grow by 256 bytes, and each time it copies them. With a million
/// serial numbers in a list it is not done after minutes.
const BUILT: u64 = 50_000;

/// Builds a list of `count` lines, both; and asks one of twenty times as many, if that is not a million yet.
fn case(name: &str, count: u64, runs: usize, line: &dyn Fn(u64) -> String) {
    fs::write("spec", (1..=count).map(line).collect::<String>()).unwrap();
    let theirs = ["-q", "-k", "-f", "krl", "-s", "ca.pub", "spec"];
    compare(&format!("build: {count} lines of {name}"), runs, &theirs, &["build", "ca.pub", "spec", "ours"]);
    same_but_for_the_date("krl", "ours");
    fs::write("spec", (1..=count * MILLION.div_ceil(count.max(BUILT))).map(line).collect::<String>()).unwrap();
    let cost = timed(&std::env::current_exe().unwrap(), &["build", "ca.pub", "spec", "krl"]);
    println!("{:52} | {:25} | {cost} |", "build: a million", "");
    ask_both(&format!("ask: a million {name}"), runs);
}

fn ask_both(name: &str, runs: usize) {
    compare(name, runs, &["-Q", "-f", "krl", "key-cert.pub"], &["ask", "krl", "key-cert.pub"]);
}

/// What they wrote is the same.
fn same_but_for_the_date(theirs: &str, ours: &str) {
    let [theirs, ours] = [theirs, ours].map(|file| Krl::read(&fs::read(file).unwrap()).unwrap());
    let [theirs, ours] = [theirs, ours].map(|mut krl| {
        krl.generated_date = 0;
        krl.write().unwrap()
    });
    assert!(theirs == ours, "other lists than ssh-keygen's");
}

/// It would take ssh-keygen a thousand runs.
fn thousand_cas(out: &str) {
    let mut krl = Krl::new();
    for ca in 0..1000u64 {
        let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        (0..4).for_each(|word: u64| blob.extend((ca.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(word)).to_be_bytes()));
        for serial in 1..=1000 {
            krl.revoke_serials(Some(&blob), serial * 100, serial * 100).unwrap();
        }
    }
    fs::write(out, krl.write().unwrap()).unwrap();
}

fn compare(name: &str, runs: usize, theirs: &[&str], ours: &[&str]) {
    let own = std::env::current_exe().unwrap();
    let (mut their_runs, mut our_runs) = (vec![], vec![]);
    for _ in 0..runs {
        their_runs.push(timed(Path::new("ssh-keygen"), theirs));
        our_runs.push(timed(&own, ours));
    }
    let [theirs, ours] = [their_runs, our_runs].map(typical);
    println!("{name:52} | {theirs} | {ours} | {:6.1}", theirs.milliseconds / ours.milliseconds);
}

/// What a process took.
struct Cost {
    /// Of processor time.
    milliseconds: f64,
    peak_mib: f64,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:9.1} ms {:8.1} MiB", self.milliseconds, self.peak_mib)
    }
}

/// A process's peak memory counts from the one that started it, so a small one does: this program once more.
fn timed(program: &Path, words: &[&str]) -> Cost {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.arg("measure").arg(program).args(words).stdin(Stdio::null()).output().expect("it starts");
    assert!(output.status.success(), "{program:?} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = printed.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [milliseconds, peak_mib] = numbers[..] else { panic!("{printed}") };
    Cost { milliseconds, peak_mib }
}

#[expect(clippy::zombie_processes, reason = "wait4 waits, and says what it cost")]
fn measured(program: &str, words: &[&str]) -> Cost {
    let child = Command::new(program).args(words).stdout(Stdio::null()).stdin(Stdio::null()).spawn().expect("it starts");
    // SAFETY: a struct of integers, for which zero is a value.
    let (mut status, mut usage) = (0, unsafe { std::mem::zeroed::<libc::rusage>() });
    // SAFETY: the child is ours and not waited for otherwise; both places are ours.
    let waited = unsafe { libc::wait4(child.id() as i32, &mut status, 0, &mut usage) };
    assert!(waited > 0 && ExitStatus::from_raw(status).success(), "{program:?} {words:?}");
    let milliseconds = |time: libc::timeval| time.tv_sec as f64 * 1000.0 + time.tv_usec as f64 / 1000.0;
    let peak_mib = usage.ru_maxrss as f64 / 1024.0;
    Cost { milliseconds: milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime), peak_mib }
}

fn typical(mut runs: Vec<Cost>) -> Cost {
    let peak_mib = runs.iter().map(|run| run.peak_mib).fold(0.0, f64::max);
    runs.sort_by(|one, other| one.milliseconds.total_cmp(&other.milliseconds));
    Cost { milliseconds: runs[runs.len() / 2].milliseconds, peak_mib }
}

fn keygen(words: &[&str]) {
    assert!(Command::new("ssh-keygen").args(words).status().expect("ssh-keygen is installed").success(), "{words:?}");
}
