//! What was typed. The one definition of the flags: help, man pages and completions are made from it.

pub(crate) mod examples;

use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::secret::Kind;
use crate::verbs;

/// An SSH certificate authority whose key cannot leave its YubiKey.
#[derive(Debug, Parser)]
#[command(name = "ca-tool", version, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) everywhere: Everywhere,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Options of every verb.
#[derive(Debug, clap::Args)]
pub(crate) struct Everywhere {
    /// Configuration [default: /etc/ussh/ca.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub(crate) config: Option<PathBuf>,
    /// Issuance journal [default: /var/lib/ussh/journal.db]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub(crate) journal: Option<PathBuf>,
    /// Key revocation list [default: /etc/ssh/revoked_keys]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub(crate) krl: Option<PathBuf>,
    /// Data as JSON on stdout
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// Read a secret (pin, new-pin, puk, new-puk, management-key, new-management-key, passphrase) from a file descriptor
    #[arg(long, global = true, value_name = "NAME=FD", value_parser = secret_fd, help_heading = "Everywhere")]
    pub(crate) secret_fd: Vec<(Kind, i32)>,
    /// Use the last try of a PIN, although a wrong one blocks it
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) last_try: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Init(verbs::init::Args),
    #[command(subcommand)]
    Key(verbs::key::Verb),
    Sign(verbs::sign::Args),
    Emergency(verbs::emergency::Args),
    Inspect(verbs::inspect::Args),
    Log(verbs::log::Args),
    Revoke(verbs::revoke::Args),
    Krl(verbs::krl::Args),
    CaFile(verbs::ca_file::Args),
    Update(verbs::update::Args),
    Check(verbs::check::Args),
    Doctor(verbs::doctor::Args),
    Config(verbs::config::Args),
    Completions(verbs::manual::CompletionsArgs),
    Manual(verbs::manual::Args),
}

impl Args {
    /// Reads the command line; ends the program where it asks for help or cannot be understood.
    pub(crate) fn typed() -> Self {
        let matches = command().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// All that can be typed, with its examples.
pub(crate) fn command() -> clap::Command {
    examples::add(Args::command(), &[])
}

fn secret_fd(text: &str) -> Result<(Kind, i32), String> {
    let (name, descriptor) = text.split_once('=').ok_or("write NAME=FD, as in pin=3")?;
    let kind = <Kind as clap::ValueEnum>::from_str(name, false)?;
    descriptor
        .parse()
        .ok()
        .filter(|descriptor| *descriptor >= 0)
        .map(|descriptor| (kind, descriptor))
        .ok_or_else(|| format!("\"{descriptor}\" is not a file descriptor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(command: &clap::Command, path: &[&str], look: &mut dyn FnMut(&clap::Command, &[&str])) {
        look(command, path);
        for verb in command.get_subcommands() {
            each(verb, &[path, &[verb.get_name()]].concat(), look);
        }
    }

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_verb_says_what_it_does_and_has_examples() {
        let mut verbs = Vec::new();
        each(&command(), &[], &mut |verb, path| {
            assert!(verb.get_about().is_some(), "{path:?} says nothing of itself");
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("ca-tool"), "{path:?} has no examples");
            verbs.push(path.join(" "));
        });
        let mut named: Vec<String> = examples::EXAMPLES.iter().map(|(path, _)| path.join(" ")).collect();
        verbs.sort();
        named.sort();
        assert_eq!(named, verbs, "each verb has its examples once");
    }

    #[test]
    fn every_option_has_help_text() {
        each(&command(), &[], &mut |verb, path| {
            for option in verb.get_arguments() {
                assert!(option.get_help().is_some_and(|help| !help.to_string().is_empty()), "{path:?}: {}", option.get_id());
            }
        });
    }

    /// What is shown must be what can be typed: each line of the examples goes through the parser.
    #[test]
    fn every_example_is_understood() {
        let mut parsed = 0;
        let lines = examples::EXAMPLES.iter().flat_map(|(_, text)| text.lines()).filter_map(|line| line.strip_prefix("  "));
        for line in lines.filter(|line| line.contains("ca-tool")) {
            for part in line.split(" | ").filter(|part| part.starts_with("ca-tool ")) {
                let part = part.split(" > ").next().and_then(|part| part.split(" >> ").next()).unwrap();
                let mut words = Vec::new();
                for (at, quoted) in part.split('\'').enumerate() {
                    match at % 2 {
                        0 => words.extend(quoted.split_whitespace().map(str::to_owned)),
                        _ => words.push(quoted.to_owned()),
                    }
                }
                let matches = command().try_get_matches_from(words).and_then(|matches| Args::from_arg_matches(&matches));
                assert!(matches.is_ok(), "{part}: {}", matches.err().unwrap());
                parsed += 1;
            }
        }
        assert!(parsed > 30, "only {parsed}");
    }
}
