//! Examples, for the end of each `--help` and for the man pages.

/// The words of a verb, and what to type to use it. The first line says what the rest does.
pub(crate) const EXAMPLES: &[(&[&str], &str)] = &[
    (
        &[],
        "A CA in a YubiKey, a certificate for an hour, and what it says:
  ca-tool init
  ca-tool sign -s yubikey:slot=9c -I alice@laptop -n alice id_ed25519.pub
  ca-tool inspect id_ed25519-cert.pub",
    ),
    (
        &["init"],
        "Answer questions at each step:
  ca-tool init
Without questions but for the PIN; keep the CA's public key:
  ca-tool init --serial 5001234 --algorithm p384 --touch-policy always > ca.txt",
    ),
    (
        &["key"],
        "What is plugged in, and what hosts must trust:
  ca-tool key list
  ca-tool key export --slot 9c >> /etc/ssh/trusted_user_ca",
    ),
    (
        &["key", "list"],
        "Serial numbers of all YubiKeys, for programs:
  ca-tool --json key list | jq '.[].yubikey.serial'",
    ),
    (
        &["key", "generate"],
        "Another key, beside the one in 9c:
  ca-tool key generate --slot 9a --algorithm p384 --touch-policy always",
    ),
    (
        &["key", "export"],
        "A line for TrustedUserCAKeys:
  ca-tool key export --slot 9c >> /etc/ssh/trusted_user_ca",
    ),
    (
        &["key", "attest"],
        "Was the key made in the YubiKey, and what does it take to use it:
  ca-tool key attest --slot 9c",
    ),
    (
        &["key", "pin"],
        "A new PIN for the only YubiKey there is:
  ca-tool key pin",
    ),
    (
        &["key", "unblock"],
        "After the PIN was wrong too often:
  ca-tool key unblock --serial 5001234",
    ),
    (
        &["sign"],
        "A user's key, for an hour, by the YubiKey:
  ca-tool sign -s yubikey:slot=9c -I alice@laptop -n alice id_ed25519.pub
A fresh key into the ssh-agent, which may come along (pam_ussh asks it):
  ca-tool sign -s yubikey:slot=9c -I alice -n alice -O permit-agent-forwarding --to-agent
Several keys with one PIN, for eight hours, as a role that AuthorizedPrincipalsFile names:
  ca-tool sign -s yubikey:slot=9c -I team -n deploy -V +8h alice.pub bob.pub
A host's key, for a year:
  ca-tool sign -s yubikey:slot=9c -h -I web1 -n web1,web1.example.org -V +52w ssh_host_ed25519_key.pub
One command from one network:
  ca-tool sign -s ca -I backup -n backup -O clear -O force-command=/usr/bin/backup -O source-address=192.0.2.0/24 backup.pub
By a key in a hardware security module, and by one in the ssh-agent:
  ca-tool sign -s 'pkcs11:token=CA?module-path=/usr/lib/softhsm/libsofthsm2.so' -I alice -n alice id.pub
  ca-tool sign -s agent:ca.pub -I alice -n alice id.pub",
    ),
    (
        &["emergency"],
        "A key pair and its certificate in a folder of their own, for half an hour, with the CA on a security key:
  ca-tool emergency -s agent:ca.pub -n root --reason 'LDAP is down'
The same into the agent, with no file:
  ca-tool emergency -s agent:ca.pub -n root --reason 'LDAP is down' --to-agent",
    ),
    (
        &["inspect"],
        "Would a host that trusts this CA accept it, and is it revoked:
  ca-tool inspect --ca-file /etc/ssh/trusted_user_ca --revoked-keys /etc/ssh/revoked_keys id_ed25519-cert.pub
Every certificate in the ssh-agent:
  ssh-add -L | grep -- -cert- | ca-tool inspect -",
    ),
    (
        &["log"],
        "What was signed today, and whether the journal is whole:
  ca-tool log list --since 1d
  ca-tool log verify",
    ),
    (
        &["log", "list"],
        "All that was signed for alice in a week:
  ca-tool log list --since 7d -n alice",
    ),
    (
        &["log", "show"],
        "One attempt, and its certificate as it was issued:
  ca-tool log show 17
  ca-tool log show 17 --certificate | ca-tool inspect -",
    ),
    (
        &["log", "verify"],
        "Against a head that was noted when something was signed:
  ca-tool log verify --head 7:62cb5a2f563d1a210ec88a450b55eec9f5bac82674a944b7c4558c06e8355be0",
    ),
    (
        &["log", "export"],
        "Every row, into another system:
  ca-tool log export > journal.jsonl",
    ),
    (
        &["revoke"],
        "A certificate by its file, by its serial number, and all of a user's:
  ca-tool revoke -r 'laptop stolen' id_ed25519-cert.pub
  ca-tool revoke -z 17
  ca-tool revoke -n alice -r 'left the company'",
    ),
    (
        &["krl"],
        "The list that sshd has in RevokedKeys:
  ca-tool --krl /etc/ssh/revoked_keys krl update
  ca-tool --krl /etc/ssh/revoked_keys krl check id_ed25519-cert.pub",
    ),
    (
        &["krl", "build"],
        "From the journal and a list that was kept by hand:
  ca-tool --krl revoked_keys krl build -s ca.pub krl.spec",
    ),
    (
        &["krl", "update"],
        "What the journal has revoked since:
  ca-tool krl update",
    ),
    (
        &["krl", "check"],
        "Exit code 1 if any is revoked:
  ca-tool krl check alice.pub bob-cert.pub",
    ),
    (
        &["krl", "show"],
        "A list that somebody else wrote:
  ca-tool --krl revoked_keys krl show",
    ),
    (
        &["krl", "sign"],
        "With the YubiKey; then publish the list and its signature, revoked_keys.sig:
  ca-tool --krl revoked_keys krl sign -s yubikey:slot=9c",
    ),
    (
        &["krl", "verify"],
        "Would hosts with these CAs believe it:
  ca-tool --krl revoked_keys krl verify --ca-file /etc/ssh/trusted_user_ca
The same by OpenSSH, whose file of signers has a name in front of each CA's key:
  ca-tool key export --slot 9c | sed 's/^/ca namespaces=\"ussh-krl\" /' > signers
  ssh-keygen -Y verify -f signers -I ca -n ussh-krl -s revoked_keys.sig < revoked_keys",
    ),
    (
        &["ca-file"],
        "A new CA comes in beside the old one, which signs for it:
  cat new-ca.pub >> trusted_user_ca
  ca-tool ca-file sign -s yubikey:slot=9c trusted_user_ca",
    ),
    (
        &["ca-file", "sign"],
        "The file gets a line with its next version, and trusted_user_ca.sig:
  ca-tool ca-file sign -s yubikey:slot=9c trusted_user_ca",
    ),
    (
        &["ca-file", "verify"],
        "Would this host believe it:
  ca-tool ca-file verify trusted_user_ca",
    ),
    (
        &["update"],
        "What the timer has done, by hand; and what it would do:
  ca-tool update
  ca-tool update --dry-run",
    ),
    (
        &["check"],
        "Would sudo let you in, and why not:
  ca-tool check
A certificate that is to log in, as sshd would have it judged (as root):
  ca-tool check --service sshd --user alice --certificate id_ed25519-cert.pub --from 192.0.2.7",
    ),
    (
        &["doctor"],
        "Everything about this host:
  ca-tool doctor
A pam.d file before it is put in place (as root):
  ca-tool doctor --pam sudo.new --service sudo --user alice",
    ),
    (
        &["config"],
        "sudo and sshd, from the files as they are now; each is tried before it takes its place:
  ca-tool config --pam sudo --whole > sudo.new
  ca-tool doctor --pam sudo.new --service sudo --user alice
  ca-tool config --pam sshd --option end_session --whole > sshd.new
sshd's own part, and this host's certificates:
  ca-tool config --sshd > /etc/ssh/sshd_config.d/10-ussh.conf
  ca-tool config --host
All of it back:
  ca-tool config --pam sudo --remove > sudo.new",
    ),
    (
        &["completions"],
        "For bash, zsh and fish:
  ca-tool completions bash > /usr/share/bash-completion/completions/ca-tool
  ca-tool completions zsh > /usr/share/zsh/vendor-completions/_ca-tool
  ca-tool completions fish > /usr/share/fish/vendor_completions.d/ca-tool.fish",
    ),
    (
        &["manual"],
        "Pages for man(1):
  ca-tool manual /usr/share/man/man1",
    ),
];

/// The examples of a verb, by its words.
pub(crate) fn of(path: &[&str]) -> Option<&'static str> {
    EXAMPLES.iter().find(|(verb, _)| *verb == path).map(|(_, text)| *text)
}

/// What fits into a terminal.
const WIDTH: usize = 78;

/// Of what goes on.
const INDENT: usize = 6;

/// A command with lines that a shell puts together again: where the terminal is narrower, clap would break it between any two
/// words, and what is copied from there would be two commands.
fn folded(line: &str) -> String {
    if !line.starts_with(' ') || line.len() <= WIDTH {
        return line.to_owned();
    }
    let (mut out, mut column) = (String::from(" "), 1);
    for word in options_with_values(shell_words(line.trim_start())) {
        // A blank before it, and a blank and a backslash behind.
        if column + 1 + word.len() + 2 > WIDTH && column >= INDENT {
            out.push_str(" \\\n     ");
            column = INDENT - 1;
        }
        out.push(' ');
        out.push_str(&word);
        column += 1 + word.len();
    }
    out
}

/// What is easier to read on one line.
fn options_with_values(words: Vec<String>) -> Vec<String> {
    let takes = |option: &str, word: &str| {
        let fits = INDENT + option.len() + 1 + word.len() + 2 <= WIDTH;
        fits && option.starts_with('-') && !option.contains(' ') && !word.starts_with('-')
    };
    let mut parts: Vec<String> = Vec::new();
    for word in words {
        match parts.last_mut() {
            Some(option) if takes(option, &word) => {
                option.push_str(&format!(" {word}"));
            }
            _ => parts.push(word),
        }
    }
    parts
}

/// Split at blanks, but not in quotes.
fn shell_words(command: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quote = None;
    for piece in command.split(' ') {
        match words.last_mut() {
            Some(word) if quote.is_some() => word.push_str(&format!(" {piece}")),
            _ => words.push(piece.to_owned()),
        }
        for letter in piece.chars() {
            match (quote, letter) {
                (None, '\'' | '"') => quote = Some(letter),
                (Some(open), letter) if open == letter => quote = None,
                _ => {}
            }
        }
    }
    words
}

/// Puts them at the end of each help text.
pub(super) fn add(command: clap::Command, path: &[&str]) -> clap::Command {
    let names: Vec<_> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let command = names.into_iter().fold(command, |command, name| {
        let path: Vec<_> = path.iter().copied().chain([name.as_str()]).collect();
        command.mut_subcommand(&name, |verb| add(verb, &path))
    });
    match of(path) {
        Some(text) => command.after_help(format!("Examples:\n{}", text.lines().map(folded).collect::<Vec<_>>().join("\n"))),
        None => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_shows_commands_that_can_be_copied_from_a_terminal() {
        let mut broken = 0;
        for line in EXAMPLES.iter().flat_map(|(_, text)| text.lines()).filter(|line| line.starts_with(' ')) {
            let folded = folded(line);
            assert!(folded.lines().all(|line| line.len() <= WIDTH), "{folded}");
            assert_eq!(folded.replace(" \\\n     ", ""), line);
            assert!(!folded.contains(" -O \\\n"), "{folded}");
            broken += usize::from(folded != line);
        }
        assert!(broken > 5, "{broken}");
        let quoted = format!("  echo {} 'never {} here'", "x".repeat(40), "y".repeat(20));
        assert_eq!(folded(&quoted), quoted.replace(" 'never", " \\\n      'never"));
    }
}
