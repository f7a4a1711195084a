//! What a list of revoked keys costs its host: no memory that grows with it, few system calls, nothing left behind.

use std::fs;

use tests::pam::Answer;
use ussh_cert::krl::Krl;

use crate::revoked::{OPTION, usual};
use crate::usual::Usual;

const MILLION: u64 = 1_000_000;

fn write(usual: &Usual, krl: &mut Krl) -> usize {
    let bytes = krl.write().expect("a KRL");
    let new = usual.room.etc("new");
    fs::write(&new, &bytes).expect("a file");
    usual.replace("revoked_keys", &new);
    bytes.len()
}

#[test]
fn memory_does_not_grow_with_the_list_and_nothing_stays_behind() {
    let usual = usual();
    let mut lists = [Krl::new(), Krl::new()];
    for number in 1..=MILLION {
        lists[0].revoke_serials(None, number * 1000, number * 1000).expect("a serial number");
        lists[1].revoke_key_id(None, format!("user{number}@example.org").as_bytes()).expect("a key ID");
    }
    let most = |answer: &Answer| answer.calls.iter().map(|call| call.growth_kib).max().expect("calls");
    // The code that reads lists takes memory as well, with the shortest one.
    usual.krl("revoked_keys", 0, "serial: 7\n");
    let short = most(&usual.sudo(OPTION).with("calls=3").call("authenticate,acct_mgmt"));
    for mut list in lists {
        let bytes = write(&usual, &mut list);
        assert!(bytes > 8_000_000, "{bytes} bytes");
        let answer = usual.sudo(OPTION).with("calls=3").call("authenticate,acct_mgmt");
        assert_eq!(answer.codes(), ["SUCCESS"; 6]);
        let with = most(&answer);
        let time = answer.calls.iter().map(|call| call.elapsed).min().expect("calls");
        println!("{short} KiB with a short list, {with} KiB with one of {bytes} bytes, {time:?}");
        assert!(with < short + 256, "{short} KiB with a short list, {with} KiB with one of {bytes} bytes");
        assert!(answer.calls.iter().all(|call| call.before == call.after));
        assert_eq!(answer.left_before, answer.left_after);
    }
}

#[test]
fn nothing_is_left_behind_by_any_trouble_with_a_list() {
    let usual = usual();
    usual.krl("revoked_keys", 2, "serial: 7\n");
    let writer = || fs::File::options().append(true).open(usual.room.etc("ssh/revoked_keys")).expect("a writer");
    let mut answers = vec![usual.sudo(OPTION).call("authenticate,acct_mgmt"), usual.sshd(OPTION)];
    answers.push(usual.sudo(&format!("{OPTION} revoked_keys=/etc/ssh/missing")).auth());
    let writing = writer();
    answers.push(usual.sudo(OPTION).auth());
    drop(writing);
    usual.krl("revoked_keys", 1, "serial: 7\n");
    answers.push(usual.sudo(OPTION).auth());
    for answer in answers {
        assert!(!answer.codes().contains(&"SUCCESS"));
        assert_eq!(answer.left_before, answer.left_after);
        assert!(answer.calls.iter().all(|call| call.before == call.after));
    }
}

#[test]
fn a_list_takes_few_system_calls() {
    let usual = usual();
    usual.krl("revoked_keys", 2, "serial: 1\n");
    assert_eq!(usual.sudo(OPTION).auth().code(), "SUCCESS", "the version is remembered");
    let calls = |options: &str| {
        let trace = usual.room.folder().join("trace");
        let answer = usual.sudo(options).under(&["strace", "-o", trace.to_str().expect("text")]).auth();
        assert_eq!(answer.code(), "SUCCESS");
        fs::read_to_string(trace).expect("a trace").lines().filter(|line| line.contains('(')).count()
    };
    let (without, with) = (calls(""), calls(OPTION));
    println!("{without} system calls without a list, {with} with one");
    assert!(with < without + 60, "{without} without a list, {with} with one");
}
