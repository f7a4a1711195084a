//! The answer, for people and for programs.

use serde_json::{Value, json};

use super::identity::{Identity, Verdict};
use super::is_touch;
use super::stack::Stacks;
use crate::error::{Error, Result};
use crate::pam_d::{Line, Stack};
use crate::pam_try::Answer;
use crate::talk;

/// What the module said of each certificate, and of all of them.
pub(super) struct Report {
    service: String,
    user: String,
    /// The module's lines that ask different things.
    questions: Vec<Line>,
    has: [bool; 3],
    /// No password helps where the auth line refuses.
    auth_binds: bool,
    identities: Vec<(Identity, Vec<Verdict>)>,
    pub(super) plain_keys: usize,
    /// What is wrong with the pam.d file, a sentence each.
    pub(super) trouble: Vec<String>,
    pub(super) answer: Answer,
}

const STACKS: [Stack; 3] = [Stack::Account, Stack::Auth, Stack::Session];

impl Report {
    pub(super) fn new(service: &str, user: &str, stacks: &Stacks) -> Self {
        Self {
            service: service.to_owned(),
            user: user.to_owned(),
            questions: stacks.questions().into_iter().cloned().collect(),
            has: STACKS.map(|stack| stacks.has(stack)),
            auth_binds: stacks.auth_binds(),
            identities: Vec::new(),
            plain_keys: 0,
            trouble: Vec::new(),
            answer: Answer::default(),
        }
    }

    pub(super) fn add(&mut self, identity: Identity, verdicts: Vec<Verdict>) {
        self.identities.push((identity, verdicts));
    }

    /// The stack that decides: account is asked on every command, session at the end of every login.
    fn deciding(&self) -> Stack {
        match self.has {
            [_, _, true] if self.answer.code(Stack::Session).is_some() => Stack::Session,
            [true, ..] if !self.auth_refuses() => Stack::Account,
            _ => Stack::Auth,
        }
    }

    fn auth_refuses(&self) -> bool {
        let code = self.answer.code(Stack::Auth);
        self.auth_binds && code.is_some_and(|code| !matches!(code, "PAM_SUCCESS" | "PAM_IGNORE"))
    }

    fn code(&self) -> &str {
        self.answer.code(self.deciding()).or(self.answer.last()).unwrap_or("no answer")
    }

    /// Whether the module stands in nobody's way: it accepts, or has no say. And libpam gets as far as asking it.
    pub(super) fn is_accepted(&self) -> bool {
        self.is_let_in() && self.trouble.is_empty()
    }

    fn is_let_in(&self) -> bool {
        matches!(self.code(), "PAM_SUCCESS" | "PAM_IGNORE")
    }

    pub(super) fn refusal(&self) -> Error {
        if self.is_let_in() {
            let what = format!("pam_ussh does not refuse {}, but other lines of {} may.", self.user, self.service);
            return Error::new(what, "Mend them, as root.");
        }
        let said: Vec<_> = self.answer.said.iter().filter(|said| !is_touch(said)).map(String::as_str).collect();
        let next = if said.is_empty() { "The system log has the reason.".to_owned() } else { said.join(" ") };
        Error::new(format!("pam_ussh refuses {} to {} ({}).", self.service, self.user, self.code()), next)
    }

    pub(super) fn print(&self, as_json: bool) -> Result<()> {
        self.trouble.iter().for_each(talk::warn);
        if as_json {
            return talk::print(self.json());
        }
        for (identity, verdicts) in &self.identities {
            for (verdict, question) in verdicts.iter().zip(&self.questions) {
                talk::print(self.line(identity, verdict, question))?;
            }
        }
        if self.plain_keys > 0 && self.identities.is_empty() {
            talk::print(format!("The agent holds {} and no certificate.", talk::counted(self.plain_keys, "plain key")))?;
        }
        if self.is_accepted() { talk::print(self.good_news()) } else { Ok(()) }
    }

    fn line(&self, identity: &Identity, verdict: &Verdict, question: &Line) -> String {
        let words = identity.words();
        let which = if self.questions.len() > 1 { format!(" ({})", question.place()) } else { String::new() };
        match verdict {
            Verdict::Accepted => format!("accepted  {words}{which}"),
            Verdict::NeedsTouch => format!("good      {words}, once its security key is touched{which}"),
            Verdict::Ignored => format!("ignored   {words}{which}"),
            Verdict::Refused { code, said } if said.is_empty() => format!("refused   {words}{which}: {code}"),
            Verdict::Refused { said, .. } => format!("refused   {words}{which}: {said}"),
        }
    }

    fn good_news(&self) -> String {
        let Self { service, user, .. } = self;
        if self.code() == "PAM_IGNORE" {
            return format!("pam_ussh has no say about {user}: the other lines of {service} decide.");
        }
        let password = match self.has {
            _ if self.deciding() == Stack::Session => "",
            [true, false, _] => " The other lines of its auth stack are asked as well.",
            [false, ..] => {
                " Without an account line it is not asked where no password is: NOPASSWD, or one that sudo remembers."
            }
            _ if self.answer.is_success(Stack::Auth) => "",
            _ => " Its auth line refuses: a password is asked for as well.",
        };
        format!("pam_ussh accepts {user} for {service}.{password}")
    }

    fn json(&self) -> Value {
        let identities: Vec<_> = self.identities.iter().map(|(identity, verdicts)| self.identity(identity, verdicts)).collect();
        let codes: serde_json::Map<_, _> =
            STACKS.iter().filter_map(|stack| Some((stack.name().to_owned(), json!(self.answer.code(*stack)?)))).collect();
        json!({
            "service": self.service,
            "user": self.user,
            "accepted": self.is_accepted(),
            "codes": codes,
            "said": self.answer.said,
            "identities": identities,
            "plain_keys": self.plain_keys,
            "trouble": self.trouble,
        })
    }

    fn identity(&self, identity: &Identity, verdicts: &[Verdict]) -> Value {
        let facts = identity.facts.as_ref();
        let verdict = |(verdict, question): (&Verdict, &Line)| {
            let (word, code, said) = match verdict {
                Verdict::Accepted => ("accepted", Some("PAM_SUCCESS"), None),
                Verdict::NeedsTouch => ("needs-touch", None, None),
                Verdict::Ignored => ("ignored", Some("PAM_IGNORE"), None),
                Verdict::Refused { code, said } => ("refused", Some(code.as_str()), Some(said.as_str())),
            };
            json!({ "line": question.place(), "verdict": word, "code": code, "said": said })
        };
        json!({
            "key_id": facts.map(|facts| &facts.key_id),
            "serial": facts.map(|facts| facts.serial),
            "key": facts.map(|facts| &facts.key),
            "ca": facts.map(|facts| &facts.ca),
            "valid_before": facts.map(|facts| facts.valid_before.map_or_else(|| json!("forever"), |seconds| json!(seconds))),
            "verdicts": verdicts.iter().zip(&self.questions).map(verdict).collect::<Vec<_>>(),
        })
    }
}
