//! The software security key under the real ssh-keygen, ssh-agent and ssh-add.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail as tests do")]

mod bench;

use std::time::Duration;

use bench::Bench;

const BOTH_TYPES: [&str; 2] = ["ecdsa-sk", "ed25519-sk"];

#[test]
fn ssh_keygen_signs_with_both_types_and_one_touch() {
    for key_type in BOTH_TYPES {
        let bench = Bench::new();
        bench.keygen(&["-t", key_type, "-f", "key"]).succeeds();
        assert_eq!(bench.log(), ["touch enroll ssh:"]);

        bench.sign_and_verify("key");
        assert_eq!(bench.log()[1..], ["touch sign ssh:", "signed ssh: flags=01"], "{key_type}");
    }
}

#[test]
fn the_agent_signs_an_sshsig_for_both_types_and_any_application() {
    for key_type in BOTH_TYPES {
        let mut bench = Bench::new();
        bench.keygen(&["-t", key_type, "-f", "key", "-O", "application=ssh:sudo"]).succeeds();
        bench.start_agent(&[]);
        bench.ssh_add(&["key"]).succeeds();
        std::fs::remove_file(bench.path("key")).unwrap(); // so that only the agent can sign

        bench.sign_and_verify("key.pub");
        assert_eq!(bench.log().last().unwrap(), "signed ssh:sudo flags=01", "{key_type}");
    }
}

#[test]
fn a_security_key_signs_certificates_that_openssh_verifies() {
    for key_type in BOTH_TYPES {
        let bench = Bench::new();
        bench.keygen(&["-t", key_type, "-f", "ca"]).succeeds();
        for subject in ["ecdsa-sk", "ed25519-sk", "ed25519"] {
            bench.keygen(&["-t", subject, "-f", subject]).succeeds();
            bench.keygen(&["-s", "ca", "-I", "id", "-n", "alice", &format!("{subject}.pub")]).succeeds();
            // Listing parses the certificate, which verifies the CA's signature.
            let listed = bench.keygen(&["-L", "-f", &format!("{subject}-cert.pub")]).succeeds();
            assert!(listed.contains("Signing CA: ") && listed.contains("-SK SHA256:"), "{listed}");
        }
    }
}

#[test]
fn a_withheld_touch_holds_the_signature_back_until_it_is_given() {
    let bench = Bench::new();
    bench.keygen(&["-t", "ed25519-sk", "-f", "key"]).succeeds();
    bench.set("touch", "withheld");
    let mut signing = bench.start_signing("key");
    bench.wait_for_log("touch sign ssh:");
    std::thread::sleep(Duration::from_millis(300));
    assert!(signing.try_wait().unwrap().is_none(), "signed without the touch");

    bench.set("touch", "given");
    assert!(signing.wait().unwrap().success());
}

#[test]
fn a_late_touch_delays_the_signature() {
    let bench = Bench::new();
    bench.keygen(&["-t", "ed25519-sk", "-f", "key"]).succeeds();
    bench.set("touch", "after 400");
    let start = std::time::Instant::now();
    bench.sign_and_verify("key");
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[test]
fn unplugging_ends_the_wait_for_a_touch() {
    let bench = Bench::new();
    bench.keygen(&["-t", "ed25519-sk", "-f", "key"]).succeeds();
    bench.set("touch", "withheld");
    let mut signing = bench.start_signing("key");
    bench.wait_for_log("touch sign ssh:");
    bench.unplug();
    assert!(!signing.wait().unwrap().success());
}

#[test]
fn a_key_that_needs_no_touch_signs_without_user_presence() {
    let bench = Bench::new();
    bench.keygen(&["-t", "ed25519-sk", "-f", "key", "-O", "no-touch-required"]).succeeds();
    bench.set("touch", "withheld");
    bench.sign("key").succeeds();
    assert_eq!(bench.log().last().unwrap(), "signed ssh: flags=00");
}

#[test]
fn no_device_is_an_error_that_names_it() {
    let bench = Bench::new();
    bench.keygen(&["-t", "ed25519-sk", "-f", "key"]).succeeds();
    bench.unplug();
    bench.sign("key").fails_with("device not found");
    bench.plug_in();
    bench.sign_and_verify("key");
}

#[test]
fn a_key_of_another_device_is_not_found() {
    let (one, other) = (Bench::new(), Bench::new());
    one.keygen(&["-t", "ed25519-sk", "-f", "key"]).succeeds();
    for file in ["key", "key.pub"] {
        std::fs::copy(one.path(file), other.path(file)).unwrap();
    }
    other.sign("key").fails_with("device not found");
    assert_eq!(other.log(), [""; 0], "asked for a touch in vain");
}

#[test]
fn a_verify_required_key_signs_only_with_the_right_pin() {
    for key_type in BOTH_TYPES {
        let mut bench = Bench::new();
        bench.set("pin", "123456");
        bench.answer_prompts_with("123456");
        bench.keygen(&["-t", key_type, "-f", "key", "-O", "verify-required"]).succeeds();
        bench.sign_and_verify("key");
        assert_eq!(bench.log().last().unwrap(), "signed ssh: flags=05");

        bench.answer_prompts_with("000000");
        let signatures = bench.log().len();
        bench.sign("key").fails_with("incorrect passphrase");
        assert_eq!(bench.log().len(), signatures, "the wrong PIN still cost a touch");
        assert_eq!(bench.read("pin-tries"), "7");
    }
}

#[test]
fn the_agent_asks_for_the_pin_of_a_verify_required_key() {
    let mut bench = Bench::new();
    bench.set("pin", "123456");
    bench.answer_prompts_with("123456");
    bench.keygen(&["-t", "ed25519-sk", "-f", "key", "-O", "verify-required"]).succeeds();
    bench.start_agent(&[]);
    bench.ssh_add(&["key"]).succeeds();
    std::fs::remove_file(bench.path("key")).unwrap();
    bench.sign_and_verify("key.pub");
    assert_eq!(bench.log().last().unwrap(), "signed ssh: flags=05");
}

#[test]
fn a_fingerprint_verifies_the_user_without_a_pin() {
    let bench = Bench::new();
    bench.set("fingerprint", "");
    bench.keygen(&["-t", "ed25519-sk", "-f", "key", "-O", "verify-required"]).succeeds();
    bench.sign_and_verify("key");
    assert_eq!(bench.log().last().unwrap(), "signed ssh: flags=05");
}

#[test]
fn eight_wrong_pins_block_the_right_one() {
    let mut bench = Bench::new();
    bench.set("pin", "123456");
    bench.answer_prompts_with("123456");
    bench.keygen(&["-t", "ed25519-sk", "-f", "key", "-O", "verify-required"]).succeeds();
    bench.answer_prompts_with("000000");
    for _ in 0..8 {
        bench.sign("key").fails_with("incorrect passphrase");
    }
    bench.answer_prompts_with("123456");
    bench.sign("key").fails_with("invalid format");
}

#[test]
fn resident_keys_come_back_from_the_device_with_its_pin() {
    let mut bench = Bench::new();
    bench.set("pin", "123456");
    bench.answer_prompts_with("123456");
    bench.keygen(&["-t", "ecdsa-sk", "-f", "one", "-O", "resident", "-O", "application=ssh:one"]).succeeds();
    bench.keygen(&["-t", "ed25519-sk", "-f", "two", "-O", "resident", "-O", "user=alice"]).succeeds();

    bench.start_agent(&[]);
    bench.ssh_add(&["-K"]).succeeds();
    let listed = bench.ssh_add(&["-L"]).succeeds();
    for name in ["one.pub", "two.pub"] {
        let public = std::fs::read_to_string(bench.path(name)).unwrap();
        let blob = public.split(' ').nth(1).unwrap();
        assert!(listed.contains(blob), "{name} is not in {listed}");
        bench.sign_and_verify(name);
    }

    bench.answer_prompts_with("000000");
    bench.ssh_add(&["-K"]).fails_with("incorrect passphrase");
}

#[test]
fn a_second_resident_key_of_one_name_needs_consent() {
    let mut bench = Bench::new();
    bench.set("pin", "123456");
    bench.answer_prompts_with("123456");
    bench.keygen(&["-t", "ed25519-sk", "-f", "one", "-O", "resident"]).succeeds();
    bench.keygen(&["-t", "ed25519-sk", "-f", "two", "-O", "resident"]).fails_with("already exists");
}

#[test]
fn a_careless_device_signs_without_the_touch_and_says_so() {
    let bench = Bench::new();
    bench.keygen(&["-t", "ecdsa-sk", "-f", "key"]).succeeds();
    bench.set("touch", "skipped");
    bench.sign("key").succeeds();
    assert_eq!(bench.log()[1..], ["touch sign ssh:", "signed ssh: flags=00"]);
}
