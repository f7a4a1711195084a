//! What stays behind in sudo when the module has gone: nothing.

use std::process::Command;

use tests::hostile::{Listener, streams};
use tests::pam::{Answer, Certificate, module, run};

use crate::usual::Usual;

const HOOKS: &str = "authenticate,acct_mgmt,setcred,open_session,close_session";

#[track_caller]
fn assert_without_trace(answer: &Answer, situation: &str) {
    for call in &answer.calls {
        assert_eq!(call.before, call.after, "{} {situation}", call.hook);
    }
    assert_eq!(answer.left_before, answer.left_after, "{situation}");
    assert!(answer.mapped_after_end.iter().all(|mapped| !mapped), "{situation}: the module stays loaded");
    assert_eq!(answer.terminal, "", "{situation}: something was printed past the conversation");
}

#[test]
fn nothing_is_left_behind_by_success_nor_by_any_refusal() {
    let usual = Usual::new();
    let accepted = usual.sudo("").call(HOOKS);
    assert_eq!(accepted.codes()[0], "SUCCESS");
    assert!(accepted.left_before.contains("Threads=1 "), "{}", accepted.left_before);
    assert!(accepted.left_before.contains("Uid=1001,0,0,0 "), "{}", accepted.left_before);
    assert_without_trace(&accepted, "when accepted");
    assert_without_trace(&usual.sudo("no_such_option").call(HOOKS), "with an unknown option");
    assert_without_trace(&usual.sudo("ca_file=/etc/ssh/nonexistent").call(HOOKS), "without a CA file");
    assert_without_trace(&usual.sudo("").without_env("SSH_AUTH_SOCK").call(HOOKS), "without an agent");
    assert_without_trace(&usual.sudo("").with("user=nosuchuser").call(HOOKS), "for an unknown user");
    usual.hold(&Certificate::valid("-1h:-1m"));
    assert_without_trace(&usual.sudo("").call(HOOKS), "when expired");
}

#[test]
fn nothing_is_left_behind_in_a_program_without_privileges() {
    let usual = Usual::new();
    let answer = usual.sudo("").with("unprivileged=alice").call(HOOKS);
    assert_eq!(answer.codes()[..2], ["SUCCESS", "SUCCESS"]);
    assert_without_trace(&answer, "unprivileged");
}

#[test]
fn nothing_is_left_behind_in_a_program_of_roots_own() {
    let usual = Usual::new();
    let answer = usual.sudo("").with("as=root").call(HOOKS);
    assert_eq!(answer.codes()[..2], ["SUCCESS", "SUCCESS"]);
    assert!(answer.left_before.contains("Uid=0,0,0,0 Gid=0,0,0,0 Groups=0 "), "{}", answer.left_before);
    assert_without_trace(&answer, "in root's program");
}

#[test]
fn nothing_is_left_behind_by_a_silent_agent() {
    let usual = Usual::new();
    let silent = Listener::start(&usual.room, streams::say_nothing);
    let answer = usual.sudo("timeout=1").call("authenticate,acct_mgmt");
    assert_eq!(answer.codes(), ["AUTHINFO_UNAVAIL", "AUTHINFO_UNAVAIL"]);
    assert!(silent.connections() > 0);
    assert_without_trace(&answer, "after a silent agent");
}

#[test]
fn the_module_is_loaded_and_unloaded_a_hundred_times() {
    let usual = Usual::new();
    let answer = usual.sudo("").with("handles=100").call("authenticate,acct_mgmt");
    assert_eq!(answer.mapped_after_end.len(), 100);
    assert_eq!(answer.codes(), ["SUCCESS"; 200]);
    assert_without_trace(&answer, "a hundred times");
}

#[test]
fn a_host_that_calls_a_hundred_times_in_one_transaction_loses_nothing() {
    let usual = Usual::new();
    let answer = usual.sudo("").with("calls=100").call("authenticate");
    assert_eq!(answer.codes(), ["SUCCESS"; 100]);
    assert_without_trace(&answer, "after a hundred calls");
    let grown: u64 = answer.calls.iter().skip(10).map(|call| call.growth_kib).sum();
    assert!(grown < 1024, "ninety more calls took {grown} KiB");
}

#[test]
fn only_the_six_hooks_are_exported() {
    let symbols = run(Command::new("nm").args(["--dynamic", "--defined-only", "--format=just-symbols"]).arg(module()));
    let mut symbols: Vec<&str> = symbols.lines().collect();
    symbols.sort_unstable();
    let hooks = [
        "pam_sm_acct_mgmt",
        "pam_sm_authenticate",
        "pam_sm_chauthtok",
        "pam_sm_close_session",
        "pam_sm_open_session",
        "pam_sm_setcred",
    ];
    assert_eq!(symbols, hooks);
}

#[test]
fn only_libpam_and_the_c_library_are_needed() {
    let headers = run(Command::new("objdump").arg("--private-headers").arg(module()));
    let needed: Vec<&str> = headers.lines().filter_map(|line| line.trim().strip_prefix("NEEDED")).map(str::trim).collect();
    assert!(needed.contains(&"libpam.so.0"), "{needed:?}");
    let known = ["libpam.so.0", "libc.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];
    assert!(needed.iter().all(|library| known.contains(library)), "{needed:?}");
}
