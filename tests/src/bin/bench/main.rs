//! What the module costs on top of the agent: its own time, memory, size and system calls.
//!
//! Beside each other, on the same real ssh-agent and in turn, so that a busy machine is as busy for both:
//! the *floor*, a program that connects, lists and signs with the same blob and does nothing else; and the *whole*, a
//! program like sudo that has the real libpam ask the release build of the module. *Own* is what lies between, libpam's
//! part included. Prints; asserts nothing about time.

#[path = "../pam-host/conversation.rs"]
#[allow(dead_code)]
mod conversation;
#[path = "../pam-host/ffi.rs"]
#[allow(dead_code)]
mod ffi;
mod floor;
mod setting;
mod times;
mod worker;

use std::fs;

use setting::{Case, Setting};
use times::{Times, median, print_header};
use worker::What;

/// How often everything is measured, unless the argument says otherwise.
const RUNS: usize = 100;

const USUAL: Case = Case { key: "ed25519", ca: "ed25519", keys: 1, ca_keys: 1, plain_key: true };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["worker", what, runs] => worker::main(what, runs.parse().expect("a number of runs")),
        [] => report(RUNS),
        [runs] => report(runs.parse().expect("usage: bench [RUNS]")),
        _ => panic!("usage: bench [RUNS]"),
    }
}

fn report(runs: usize) {
    print_header(runs);
    for kind in ["ecdsa -b 256", "ecdsa -b 384", "rsa -b 3072"] {
        measured([Case { key: kind, ..USUAL }, Case { ca: kind, ..USUAL }], runs);
    }
    for keys in [20, 100, 1000] {
        measured([Case { keys, ..USUAL }], runs);
    }
    let [usual, many_cas, no_plain_key] =
        measured([USUAL, Case { ca_keys: 1000, ..USUAL }, Case { plain_key: false, ..USUAL }], runs);
    println!();
    let (fresh, repeated) = many_cas.own_over(&usual);
    println!("own time with 1,000 CA keys, over that with one: {fresh:.2} fresh, {repeated:.2} repeated (to reach: 1.2)");
    let (fresh, repeated) = usual.whole_over(&no_plain_key);
    println!(
        "whole call with the plain key loaded, over that without: {fresh:.2} fresh, {repeated:.2} repeated (to reach: 0.33)"
    );
    count();
}

fn measured<const N: usize>(cases: [Case; N], runs: usize) -> [Times; N] {
    let times = Times::measure(cases, runs);
    for (case, times) in cases.iter().zip(&times) {
        times.print(case);
    }
    times
}

/// What does not depend on how busy the machine is.
fn count() {
    let setting = Setting::new(&USUAL);
    let [module, permit, floor] = [What::Module, What::Permit, What::Floor].map(|what| memory(&setting, what));
    println!("peak memory: {module} KiB more than before the call, the floor {floor}, libpam {permit} (to reach: under 1,024)");
    let [module, permit, floor, nothing] =
        [What::Module, What::Permit, What::Floor, What::Nothing].map(|what| setting.system_calls(what));
    println!(
        "system calls: {} more than the floor, {} of them libpam's (to reach: under 150)",
        module - floor,
        permit - nothing
    );
    let size = fs::metadata(tests::pam::module()).expect("the release build").len();
    println!("library: {size} bytes (to reach: under 1,250,000)");
}

/// The kernel's count is off by some pages, another number each time.
fn memory(setting: &Setting, what: What) -> f64 {
    median((0..25).map(|_| setting.worker(what).memory()).collect())
}
