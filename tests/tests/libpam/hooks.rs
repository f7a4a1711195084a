//! A panic forced in each hook stays inside the module.

use tests::pam::{Host, module_that_panics};

use crate::usual::Usual;

const HOOKS: [(&str, &str, &str); 6] = [
    ("auth", "authenticate", "ABORT"),
    ("account", "acct_mgmt", "ABORT"),
    ("setcred", "setcred", "ABORT"),
    ("open_session", "open_session", "PERM_DENIED"),
    ("close_session", "close_session", "PERM_DENIED"),
    ("chauthtok", "chauthtok", "ABORT"),
];

#[test]
fn a_panic_in_a_hook_is_refused_logged_and_invisible_on_the_terminal() {
    let usual = Usual::new();
    let module = module_that_panics();
    let host = |options: &str| Host::sudo(&usual.room, options).module(&module);
    for (name, hook, code) in HOOKS {
        assert_ne!(host("").call(hook).code(), code, "{hook} without a panic");
        // The person's own variable, which asks Rust for more than a line.
        let answer = host(&format!("test_panic={name}")).env("RUST_BACKTRACE", "full").call(hook);
        assert_eq!(answer.code(), code, "{hook}");
        assert_eq!(answer.terminal, "", "{hook} prints on the terminal");
        assert!(answer.log_text().contains("test_panic"), "{hook} logs the panic: {:?}", answer.log);
    }
}

#[test]
fn a_panic_leaves_the_host_as_it_was_and_the_next_call_works() {
    let usual = Usual::new();
    let module = module_that_panics();
    for (name, hook, _) in HOOKS {
        let answer = usual.sudo(&format!("test_panic={name}")).module(&module).call(&format!("{hook},{hook}"));
        assert_eq!(answer.codes()[0], answer.codes()[1], "{hook} twice");
        for call in &answer.calls {
            assert_eq!(call.before, call.after, "{hook}");
        }
        assert_eq!(answer.left_before, answer.left_after, "{hook}");
        assert_eq!(answer.mapped_after_end, [false], "{hook}: the module stays loaded");
    }
    let answer = usual.sudo("test_panic=auth").module(&module).call("authenticate,acct_mgmt");
    assert_eq!(answer.codes(), ["ABORT", "SUCCESS"]);
}

#[test]
fn a_panic_while_acting_as_the_user_leaves_the_host_as_root_with_its_groups() {
    let usual = Usual::new();
    let module = module_that_panics();
    for caller in ["as=alice", "as=root"] {
        let host = |options: &str| Host::sudo(&usual.room, options).module(&module).with(caller);
        assert_eq!(host("").call("authenticate,acct_mgmt").codes(), ["SUCCESS", "SUCCESS"], "{caller}");
        let answer = host("test_panic=as_user").call("authenticate,acct_mgmt");
        assert_eq!(answer.codes(), ["ABORT", "ABORT"], "{caller}");
        assert!(answer.log_text().contains("test_panic=as_user"), "{:?}", answer.log);
        for call in &answer.calls {
            assert_eq!(call.before, call.after, "{caller}");
        }
    }
}
