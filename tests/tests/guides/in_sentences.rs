//! Commands in sentences and tables: each is one that a block of a page has, or that a test runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::every_page::{is_program, pages};
use super::page::{ROOT, Step, steps};

/// What no block has, and the test that runs it. A word in capitals, such as NAME, stands for any.
const RUN_BY: &[(&str, &str)] = &[
    ("--check --diff", "tests/ansible/inside.sh"),
    ("--out FOLDER", "tests/packages/made.sh"),
    ("-V -15m:+45m", "tests/tests/guides/break_glass.rs"),
    ("-V -5m:+55m", "ca-tool/tests/emergency.rs"),
    ("-s ca", "tests/tests/guides/readme.rs"),
    ("ca-tool --version", "tests/packages/inside/leaves-nothing.sh"),
    ("ca-tool check", "tests/tests/guides/readme.rs"),
    ("ca-tool doctor --json", "tests/tests/doctor/rig.rs"),
    ("chmod go-w FILE", "tests/tests/guides/updating.rs"),
    ("chown root FILE", "tests/tests/guides/updating.rs"),
    ("man ca-tool", "tests/tests/guides/by_hand.rs"),
    ("man ca.toml", "tests/tests/guides/by_hand.rs"),
    ("man pam_ussh", "tests/tests/guides/by_hand.rs"),
    ("pkttyagent --process $$", "tests/tests/other_hosts/pkexec.rs"),
    ("puppet apply", "tests/ansible/puppet.sh"),
    ("ssh-keygen -L", "ca-tool/tests/journal.rs"),
    ("ssh-keygen -Y sign -n pam_ussh", "ussh-cert/tests/protocol.rs"),
    ("ssh-keygen -Y verify", "ca-tool/tests/signed_lists.rs"),
    ("ssh-keygen -t ed25519 -f ca", "tests/tests/guides/readme.rs"),
    ("sudo -i", "tests/tests/config.rs"),
];

/// The same, where the test has other words for it.
const RUN_IN_OTHER_WORDS: &[(&str, &str, &str)] = &[
    ("ca-tool config --pam sudo --whole", "ca-tool/tests/config.rs", "config room root --pam sudo --whole"),
    // All packages' at once.
    ("cargo test -p pam_ussh", "tests/run-tests.sh", "test --locked --workspace --no-run"),
    ("ssh-add -c", "tests/packages/inside/upgrade.sh", "confirm=(-c)"),
    ("ssh-add -h", "tests/tests/sshd/constrained_keys.rs", "-h localhost"),
    ("ssh-keygen -Q", "tests/src/bin/krl-bench.rs", "-Q -f krl"),
    ("ssh-keygen -k", "tests/src/bin/krl-bench.rs", "-q -k -f krl"),
    ("su bob", "tests/tests/other_hosts/su.rs", "su login bob"),
];

/// What nothing runs, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("authselect create-profile ussh --base-on sssd", BY_HAND),
    ("authselect current", BY_HAND),
    ("authselect disable-feature with-ussh-required", BY_HAND),
    ("authselect select custom/ussh with-ussh with-ussh-required", BY_HAND),
    ("sed -i 1e cat /usr/share/pam_ussh/authselect /etc/authselect/custom/ussh/system-auth", BY_HAND),
    ("tctl lock", "Teleport's, in a comparison"),
    ("tests/boot.sh container", "a test itself, beside those of tests/run.sh for the time it takes"),
];

const BY_HAND: &str = "Debian has no authselect; tried by hand, as the page says";

/// Settings, messages, lines of files and of logs.
const NO_COMMANDS: &[&str] = &[
    "# ussh-ca-file version=…",
    "00 01 02 … 1f",
    "A terminal is required to authenticate",
    "Accepted publickey … ID … (serial …) CA …",
    "Certificate invalid: expired",
    "Defaults env_keep += SSH_AUTH_SOCK",
    "Defaults runaspw",
    "EMERGENCY certificate",
    "No session for cookie",
    "Permission denied (publickey)",
    "SHA256(application) || flags || counter || SHA256(bytes of section 2)",
    "The ssh-agent does not hold the key",
    "[sudo, sudo-i, sshd]",
    "ansible_ssh_extra_args: -A",
    "byte 13, string blob, string data, uint32 flags",
    "byte flags, uint32 counter",
    "check(certificate, rules, now)",
    "name is not a listed principal",
    "nobody touched it",
    "not yet valid",
    "not-updated reason=…",
    "pam_env user_readenv=1",
    "penalty: failed authentication",
    "stale age=…",
    "string algorithm, string signature",
    "systemd --user",
    "the ssh-agent refused the request",
    "valid_after <= now < valid_before",
];

/// They hold words together, and are none.
const QUOTES: [char; 2] = ['"', '\''];

/// The words of each piece of code that stands in a sentence or a table of a page.
fn in_sentences(page: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(Path::new(ROOT).join(page)).expect("a page");
    let outside: String = text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n\n");
    let mut found = Vec::new();
    for paragraph in outside.split("\n\n") {
        let pieces: Vec<&str> = paragraph.split('`').collect();
        assert!(pieces.len() % 2 == 1, "{page}: code without an end: {paragraph}");
        found.extend(pieces.iter().skip(1).step_by(2).map(|code| words(&code.replace(QUOTES, ""))));
    }
    found
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Every command that a page has in a block, which `every_page` sees to being run.
fn in_blocks() -> Vec<Vec<String>> {
    let all = pages().into_iter().flat_map(|page| steps(&page));
    let commands = all.filter_map(|step| if let Step::Run(block) = step { Some(block.commands) } else { None });
    commands.flat_map(|commands| lines(&commands)).collect()
}

/// Lines of a shell.
fn lines(script: &str) -> Vec<Vec<String>> {
    let whole = script.replace("\\\n", " ").replace(QUOTES, "");
    whole.lines().map(|line| words(line).into_iter().take_while(|word| word != "#").collect()).collect()
}

/// What a test runs: a script by its lines, Rust as one, in which `"a", "b"` are two words.
fn in_file(file: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    if !file.ends_with(".rs") {
        return lines(&text);
    }
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    vec![words(
        &code
            .join(" ")
            .replace(".ca_tool(", " ca-tool ")
            .replace(QUOTES, " ")
            .replace([',', '[', ']', '(', ')', '&', ';'], " "),
    )]
}

/// Whether these words stand somewhere one after the other.
fn has(lines: &[Vec<String>], wanted: &[String]) -> bool {
    lines.iter().any(|line| {
        line.windows(wanted.len()).any(|found| found.iter().zip(wanted).all(|(found, word)| found == word || is_any(word)))
    })
}

/// NAME, FILE, KEY.pub.
fn is_any(word: &str) -> bool {
    let name = word.split('.').next().expect("a word");
    name.len() > 2 && name.chars().all(|letter| letter.is_ascii_uppercase())
}

#[test]
fn every_command_in_a_sentence_is_run() {
    let mut claimed = BTreeSet::new();
    for (command, file) in RUN_BY {
        assert!(has(&in_file(file), &words(command)), "{file} does not run {command:?}");
        assert!(claimed.insert(words(command)), "{command:?} twice");
    }
    for (command, file, others) in RUN_IN_OTHER_WORDS {
        assert!(has(&in_file(file), &words(others)), "{file} does not run {others:?}");
        assert!(claimed.insert(words(command)), "{command:?} twice");
    }
    for command in NOT_RUN.iter().map(|(command, _)| command).chain(NO_COMMANDS) {
        assert!(claimed.insert(words(command)), "{command:?} twice");
    }
    let blocks = in_blocks();
    let mut unclaimed = BTreeSet::new();
    let mut needed = BTreeSet::new();
    for page in pages() {
        for code in in_sentences(&page).into_iter().filter(|code| code.len() > 1) {
            match has(&blocks, &code) {
                true => {}
                false if claimed.contains(&code) => _ = needed.insert(code),
                false => _ = unclaimed.insert(format!("{page}: {}", code.join(" "))),
            }
        }
    }
    assert!(unclaimed.is_empty(), "who runs that? {unclaimed:#?}");
    let idle: Vec<_> = claimed.difference(&needed).collect();
    assert!(idle.is_empty(), "no sentence has that, or a block has it, too: {idle:#?}");
}

#[test]
fn scripts_that_sentences_name_are_there() {
    for page in pages() {
        for code in in_sentences(&page) {
            if let Some(script) = code.first().filter(|word| word.ends_with(".sh") && word.contains('/')) {
                assert!(is_program(script), "{page}: {script} cannot be run");
            }
        }
    }
}
