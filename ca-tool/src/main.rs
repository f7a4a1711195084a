//! An SSH certificate authority whose key cannot leave its YubiKey.
//!
//! ```text
//! args       what was typed                     verbs      one story each
//! setting    where things are on this host      secret     PINs and passphrases: asked for, never kept
//! selector   which CA  ->  backend              one `CaSigner` for each place where a CA's key can be
//! issue      request -> certificate -> deliver  journal    every attempt, before its certificate leaves
//! signed_file  lists that a CA signed, for hosts that fetch them
//! ```
#![forbid(unsafe_code)]

mod agent;
mod args;
mod attestation;
mod audit;
mod backend;
mod ca_file;
mod clock;
mod error;
mod file;
mod harden;
mod host;
mod issue;
mod journal;
mod krl_file;
mod pam_d;
mod pam_try;
mod public_key;
mod secret;
mod selector;
mod served_agent;
mod setting;
mod signed_file;
mod talk;
mod verbs;

use std::process::ExitCode;

use args::{Args, Verb};
use error::Result;
use setting::Setting;

fn main() -> ExitCode {
    harden::no_core_dumps();
    if let Some(code) = backend::answer_for_the_agent() {
        return code;
    }
    let args = Args::typed();
    match Setting::from(&args.everywhere).and_then(|setting| run(args.verb, &setting)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            talk::error(&error);
            error.exit_code()
        }
    }
}

fn run(verb: Verb, setting: &Setting) -> Result<()> {
    match verb {
        Verb::Init(args) => verbs::init::run(&args, setting),
        Verb::Key(verb) => verbs::key::run(verb, setting),
        Verb::Sign(args) => verbs::sign::run(args, setting),
        Verb::Emergency(args) => verbs::emergency::run(&args, setting),
        Verb::Inspect(args) => verbs::inspect::run(&args, setting),
        Verb::Log(args) => verbs::log::run(&args, setting),
        Verb::Revoke(args) => verbs::revoke::run(&args, setting),
        Verb::Krl(args) => verbs::krl::run(&args, setting),
        Verb::CaFile(args) => verbs::ca_file::run(&args, setting),
        Verb::Update(args) => verbs::update::run(&args, setting),
        Verb::Check(args) => verbs::check::run(&args, setting),
        Verb::Doctor(args) => verbs::doctor::run(&args, setting),
        Verb::Config(args) => verbs::config::run(&args, setting),
        Verb::Completions(args) => verbs::manual::completions(&args),
        Verb::Manual(args) => verbs::manual::run(&args),
    }
}
