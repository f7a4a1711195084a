//! What was found: a sentence each, and the command that mends it.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::setting::Setting;
use crate::talk;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    /// It works, and something is not as it should be, or could not be looked at.
    Warning,
    /// Somebody is let in or kept out who should not be.
    Problem,
}

/// One line.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) state: State,
    pub(super) what: String,
    /// For a shell of root's.
    pub(super) mend: Option<String>,
}

/// All of them, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        self.add(check, State::Ok, what.into(), None);
    }

    pub(super) fn warning(&mut self, check: &'static str, what: impl Into<String>, mend: Option<String>) {
        self.add(check, State::Warning, what.into(), mend);
    }

    pub(super) fn problem(&mut self, check: &'static str, what: impl Into<String>, mend: Option<String>) {
        self.add(check, State::Problem, what.into(), mend);
    }

    fn add(&mut self, check: &'static str, state: State, what: String, mend: Option<String>) {
        // Two lines of pam.d may name the same file.
        if !self.0.iter().any(|known| known.check == check && known.what == what) {
            self.0.push(Finding { check, state, what, mend });
        }
    }

    /// Prints them.
    ///
    /// # Errors
    /// There is a problem among them.
    pub(super) fn report(&self, setting: &Setting) -> Result<()> {
        if setting.json {
            talk::print(serde_json::json!(self.0))?;
        } else {
            self.0.iter().try_for_each(print)?;
        }
        let problems = || self.0.iter().filter(|finding| finding.state == State::Problem);
        let what = match problems().count() {
            0 => return Ok(()),
            1 => "There is a problem.".to_owned(),
            several => format!("There are {several} problems."),
        };
        Err(match problems().all(|finding| finding.mend.is_some()) {
            true => Error::new(what, "What mends it stands below it."),
            false => Error::new(what, "Where one command mends it, that stands below it; else the line says what is wrong."),
        })
    }
}

fn print(finding: &Finding) -> Result<()> {
    let state = match finding.state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Problem => "problem",
    };
    talk::print(format_args!("{state:<8} {:<9} {}", finding.check, talk::one_line(&finding.what)))?;
    match &finding.mend {
        Some(mend) => talk::print(format_args!("{:>18} $ {}", "", talk::one_line(mend))),
        None => Ok(()),
    }
}
