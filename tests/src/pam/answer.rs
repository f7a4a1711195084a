//! What `pam-host` said, parsed.

use std::time::Duration;

/// One call of one hook.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// `authenticate`, `acct_mgmt`, …
    pub hook: String,
    /// Name of the return code without `PAM_`.
    pub code: String,
    /// How long it took.
    pub elapsed: Duration,
    /// By how much the host's peak memory grew.
    pub growth_kib: u64,
    /// Descriptors, threads, handlers, ids of the host before the call.
    pub before: String,
    /// The same after it.
    pub after: String,
    /// What the conversation was given: `error TEXT` or `info TEXT`; control characters show as ⟨hex⟩.
    pub said: Vec<String>,
}

/// One run of `pam-host`.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// In the order they were made.
    pub calls: Vec<Call>,
    /// For each pam_end: whether the module was still loaded after it.
    pub mapped_after_end: Vec<bool>,
    /// The host before the first pam_start.
    pub left_before: String,
    /// The host after the last pam_end.
    pub left_after: String,
    /// What came out on its standard error: the user's terminal.
    pub terminal: String,
    /// What was logged during the run, libpam's own lines included.
    pub log: Vec<String>,
}

impl Answer {
    /// Reads the lines described in `pam-host`.
    pub(super) fn parse(output: &str) -> Self {
        let mut answer = Self::default();
        for line in output.lines() {
            let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
            match kind {
                "call" => answer.calls.push(call(rest)),
                "before" => answer.last().before = rest.to_owned(),
                "after" => answer.last().after = rest.to_owned(),
                "say" => answer.last().said.push(rest.to_owned()),
                "end" => answer.mapped_after_end.push(rest == "mapped=yes"),
                "left" => answer.left(rest),
                _ => panic!("pam-host said: {line}"),
            }
        }
        answer
    }

    fn last(&mut self) -> &mut Call {
        self.calls.last_mut().expect("a call comes first")
    }

    fn left(&mut self, rest: &str) {
        match rest.split_once(' ').expect("before or after") {
            ("before", state) => self.left_before = state.to_owned(),
            (_, state) => self.left_after = state.to_owned(),
        }
    }

    /// The names of the return codes.
    pub fn codes(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call.code.as_str()).collect()
    }

    /// The code of a run with one call.
    ///
    /// # Panics
    /// With more or fewer.
    pub fn code(&self) -> &str {
        &self.only().code
    }

    /// The call of a run with one call.
    ///
    /// # Panics
    /// With more or fewer.
    pub fn only(&self) -> &Call {
        assert_eq!(self.calls.len(), 1, "one call was asked for: {self:?}");
        &self.calls[0]
    }

    /// The log as one text.
    pub fn log_text(&self) -> String {
        self.log.join("\n")
    }

    /// All that the conversation was given, as one text.
    pub fn said_text(&self) -> String {
        self.calls.iter().flat_map(|call| call.said.iter().map(String::as_str)).collect::<Vec<_>>().join("\n")
    }
}

fn call(rest: &str) -> Call {
    let words: Vec<&str> = rest.split(' ').collect();
    let [hook, code, micros, growth] = words[..] else { panic!("pam-host said: call {rest}") };
    Call {
        hook: hook.to_owned(),
        code: code.to_owned(),
        elapsed: Duration::from_micros(micros.parse().expect("microseconds")),
        growth_kib: growth.parse().expect("KiB"),
        ..Call::default()
    }
}
