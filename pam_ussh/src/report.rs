//! Who is told what: one line to the log for every decision, a sentence to the person where it helps.

use pamsm::{LogLvl, Pam, PamError, PamLibExt};
use ussh_cert::certificate::Certificate;
use ussh_cert::refusal::text;

use crate::conversation::show;
use crate::memory::Memory;
use crate::outcome::{CertificateFacts, Outcome};
use crate::request::{Request, Stack, service_name};

/// The log (AUTHPRIV, through pam_syslog, which puts `pam_ussh(service:stack): ` in front) and the person's terminal.
///
/// PAM_SILENT is not obeyed: sudo passes it always, so nobody would see that their key waits for a touch. `quiet` is.
pub(crate) struct Report<'p> {
    pam: &'p Pam,
    quiet: bool,
    debug: bool,
}

impl<'p> Report<'p> {
    pub(crate) fn new(pam: &'p Pam, quiet: bool, debug: bool) -> Self {
        Self { pam, quiet, debug }
    }

    /// Logs and tells how a question ended; gives the code for the host.
    pub(crate) fn decision(&self, outcome: &Outcome, stack: Stack, asked: Option<(&Request, &mut Memory<'_>)>) -> PamError {
        let level = match outcome {
            Outcome::Accepted(_) | Outcome::NotInGroup(_) | Outcome::NotJudged(_) => LogLvl::INFO,
            outcome if outcome.is_trouble() => LogLvl::ERR,
            _ => LogLvl::NOTICE,
        };
        let (who, news) = match asked {
            Some((request, memory)) => {
                if let Some(why) = outcome.agent_timed_out() {
                    memory.keep_agent_timed_out(why);
                }
                let sentence = outcome.sentence(&request.service, request.login.is_some());
                (who(request), sentence.filter(|sentence| memory.is_news(sentence)))
            }
            None => (self.user_item(), outcome.sentence(&service_name(self.pam), stack == Stack::Session)),
        };
        self.log(level, &outcome.log_line(&who));
        if let Some(sentence) = news {
            self.tell(&sentence);
        }
        outcome.code(stack)
    }

    /// Says that a key waits for a finger, before the agent is asked.
    pub(crate) fn ask_for_touch(&self, certificate: &Certificate<'_>) {
        let key_id = CertificateFacts::new(certificate).key_id;
        self.tell(&format!("Touch your security key for certificate \"{key_id}\" …"));
    }

    pub(crate) fn warning(&self, line: &str) {
        self.log(LogLvl::WARNING, line);
    }

    pub(crate) fn debug(&self, line: &str) {
        if self.debug {
            self.log(LogLvl::DEBUG, line);
        }
    }

    pub(crate) fn panicked(&self, what: &str) {
        self.log(LogLvl::CRIT, &format!("refused reason=panic detail=\"{}\"", text(what.as_bytes())));
    }

    fn user_item(&self) -> String {
        let user = self.pam.get_cached_user().ok().flatten();
        user.map(|name| format!(" user=\"{}\"", text(name.to_bytes()))).unwrap_or_default()
    }

    fn log(&self, level: LogLvl, line: &str) {
        // A NUL would lose the line; nothing else can go wrong that anybody could be told of.
        let _ = self.pam.syslog(level, &line.replace('\0', "\\0"));
    }

    fn tell(&self, line: &str) {
        if !self.quiet {
            show(self.pam, line);
        }
    }
}

/// Whom the certificate must name; then whose agent was asked, or which process of sshd asks for whom.
fn who(request: &Request) -> String {
    let user = text(request.user.name.as_bytes());
    match &request.login {
        None => format!(" user=\"{user}\" by=\"{}\"", text(request.invoker.name.as_bytes())),
        Some(login) => {
            let peer = login.peer.map_or_else(|| "unknown".to_owned(), |peer| peer.to_string());
            format!(" user=\"{user}\" sshd={} peer={peer}", login.pid)
        }
    }
}
