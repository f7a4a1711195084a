//! The words of a pam.d line: refused, or options that keep what the module relies on.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pam_ussh::options::Options;

/// The module is a cdylib, which nothing can link; its options are compiled in here.
#[path = "../../../pam_ussh/src"]
mod pam_ussh {
    #[allow(dead_code)]
    pub mod options;
}

fuzz_target!(|line: &str| {
    // As libpam cuts a line, but for its brackets.
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    let options = match Options::parse(&words) {
        Ok(options) => options,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(options.ca_file.is_absolute());
    assert!(options.required_rsa_size >= 1024);
    for time in [options.timeout, options.sign_timeout] {
        assert!((Duration::from_secs(1)..=Duration::from_secs(600)).contains(&time));
    }
    assert_ne!(options.max_validity, Some(0));
    let some_list = options.authorized_principals.is_some() || !options.authorized_principals_files.is_empty();
    assert!(options.user_principal || some_list, "nobody in particular would be let in");
    assert!(options.authorized_principals.is_none_or(|names| names.iter().all(|name| !name.is_empty())));
});
