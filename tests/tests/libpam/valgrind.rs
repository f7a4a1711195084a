//! valgrind's memcheck over whole calls.

use tests::pam::{Answer, Certificate, Host};

use crate::usual::Usual;

const MEMCHECK: [&str; 7] = [
    "valgrind",
    "--quiet",
    "--error-exitcode=99",
    "--leak-check=full",
    "--show-leak-kinds=definite,indirect",
    "--errors-for-leak-kinds=definite,indirect",
    "--keep-debuginfo=yes",
];

/// Exit code 99 fails the run; valgrind prints on standard error only when it found something.
fn clean(host: Host<'_>) -> Answer {
    let answer = host.under(&MEMCHECK).call("authenticate,acct_mgmt,setcred,open_session,close_session");
    assert_eq!(answer.terminal, "");
    answer
}

#[test]
fn memcheck_finds_nothing_when_accepted_nor_when_refused() {
    let usual = Usual::new();
    assert_eq!(clean(usual.sudo("")).codes()[..2], ["SUCCESS", "SUCCESS"]);
    assert_eq!(clean(usual.sudo("no_such_option")).codes()[..2], ["SERVICE_ERR", "SERVICE_ERR"]);
    usual.hold(&Certificate::valid("-1h:-1m"));
    assert_eq!(clean(usual.sudo("debug")).codes()[..2], ["CRED_EXPIRED", "CRED_EXPIRED"]);
}
