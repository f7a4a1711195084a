//! `watch`: the guard of one connection, from open_session until sshd's process has gone.

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use rustix::process::{Signal, getpid, setsid};
use rustix::stdio::dup2_stdout;

use crate::arguments::{NAME, Session, Verb};
use crate::asking::{Verdict, ask};
use crate::clocks::Clocks;
use crate::end::{Why, end};
use crate::processes::Stat;
use crate::renewal::{Renewal, renew};
use crate::schedule::{Due, Schedule};
use crate::sshd::Sshd;
use crate::system::{Level, log};
use crate::terminals::say;
use crate::text::{clock_time, in_words, plain};

/// A look takes milliseconds, and longer where a revocation list is large.
const LOOK_LIMIT: u64 = 20;

/// Returns when the session is over.
pub(crate) fn watch(session: Session) -> Result<(), String> {
    let sshd = Sshd::from_stdin()?;
    // In nobody's process group: sshd signals its own when a login takes too long.
    setsid().map_err(|error| format!("setsid: {error}"))?;
    // Else it would be called "exe", as it was started. The kernel cuts it.
    let _ = std::fs::write("/proc/self/comm", NAME);
    // As sshd's listener: whoever uses up the memory must not lose their guard to it. Not allowed everywhere.
    let _ = std::fs::write("/proc/self/oom_score_adj", "-1000");
    let clocks = Clocks::new()?;
    let schedule = schedule(&session);
    let mut guard = Guard { session, sshd, schedule, refused_once: false, in_trouble: false, was_warned: false };
    say_ready()?;
    let watched = guard.watch(&clocks);
    watched.inspect_err(|what| {
        log(Level::Error, &format!("gave up {}: {what}", guard.session.who()));
        // A session that nobody watches is not what the administrator has asked for.
        let _ = guard.end(Why::Failed);
    })
}

/// Tells `pam_ussh.so`, and lets go of what it listens at.
fn say_ready() -> Result<(), String> {
    let me = Stat::of(getpid()).ok_or("there is no /proc")?;
    let ready = format!("ready {} {}\n", getpid().as_raw_nonzero(), me.started);
    std::io::stdout().write_all(ready.as_bytes()).map_err(|error| format!("nobody listens: {error}"))?;
    let null = File::options().write(true).open("/dev/null").map_err(|error| format!("/dev/null: {error}"))?;
    dup2_stdout(null).map_err(|error| format!("/dev/null: {error}"))
}

fn schedule(session: &Session) -> Schedule {
    Schedule::new(session.until, &session.warnings, session.check, session.renew, Clocks::now())
}

struct Guard {
    session: Session,
    sshd: Sshd,
    schedule: Schedule,
    /// The last look refused; the next one decides.
    refused_once: bool,
    /// The last look brought no verdict, and this is in the log.
    in_trouble: bool,
    was_warned: bool,
}

impl Guard {
    fn watch(&mut self, clocks: &Clocks) -> Result<(), String> {
        loop {
            while let Some(due) = self.schedule.due(Clocks::now()) {
                let what_next = match due {
                    Due::End => self.end(Why::Expired),
                    Due::LastChance => self.last_chance(),
                    Due::Warning(left) => self.warn(left),
                    Due::Look => self.look(),
                };
                if what_next.is_break() {
                    return Ok(());
                }
            }
            if !clocks.wait(&self.sshd, self.schedule.next())? {
                return Ok(());
            }
        }
    }

    fn warn(&mut self, left: u64) -> ControlFlow<()> {
        if self.session.renew && self.renew()? {
            return ControlFlow::Continue(());
        }
        let (time, left) = (clock_time(self.session.until), in_words(left));
        let way_out = if self.session.renew {
            "Put a new certificate into your ssh-agent to stay, or save your work."
        } else {
            "Save your work, get a new certificate and log in again."
        };
        self.say(&format!("Your certificate expires at {time}, and this session ends with it, in {left}. {way_out}"));
        self.was_warned = true;
        ControlFlow::Continue(())
    }

    fn last_chance(&mut self) -> ControlFlow<()> {
        self.renew()?;
        ControlFlow::Continue(())
    }

    /// Whether the session goes on with a newer certificate.
    fn renew(&mut self) -> ControlFlow<(), bool> {
        let limit = self.seconds_left();
        match renew(&self.session, &self.sshd, limit) {
            Renewal::SshdGone => ControlFlow::Break(()),
            Renewal::None => ControlFlow::Continue(false),
            Renewal::Until(until, auth_info) => {
                self.session.until = until;
                self.session.login.auth_info = auth_info;
                self.schedule = schedule(&self.session);
                if std::mem::take(&mut self.was_warned) {
                    let time = clock_time(until);
                    self.say(&format!("Your ssh-agent holds a newer certificate: this session goes on until {time}."));
                }
                ControlFlow::Continue(true)
            }
        }
    }

    fn look(&mut self) -> ControlFlow<()> {
        let limit = self.seconds_left().min(Duration::from_secs(LOOK_LIMIT));
        let Some(verdict) = ask(Verb::Look, &self.session, None, &self.sshd, limit, |_| {}) else {
            return ControlFlow::Break(());
        };
        let was_refused = std::mem::take(&mut self.refused_once);
        let was_in_trouble = std::mem::take(&mut self.in_trouble);
        match verdict {
            Verdict::Accepted(_) | Verdict::Ignored => {}
            Verdict::Refused if was_refused => return self.end(Why::Refused),
            Verdict::Refused => {
                self.refused_once = true;
                self.schedule.look_again_soon(Clocks::now());
            }
            Verdict::Unknown(what) => {
                // Between two refusals it changes nothing: who can keep a look from its end must not put the end off.
                (self.in_trouble, self.refused_once) = (true, was_refused);
                if !was_in_trouble {
                    let who = self.session.who();
                    log(Level::Error, &format!("no verdict {who}, the session goes on: {}", plain(&what)));
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn end(&self, why: Why) -> ControlFlow<()> {
        end(&self.session, &self.sshd, why);
        ControlFlow::Break(())
    }

    fn say(&self, line: &str) {
        say(&self.sshd, self.session.uid, line);
    }

    fn seconds_left(&self) -> Duration {
        Duration::from_secs(self.schedule.left(Clocks::now()).clamp(1, 3600))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.sshd.signal(Signal::TERM);
        }
    }
}

impl Session {
    /// For the log: `user="alice" sshd=1234 key_id="alice@corp"`.
    pub(crate) fn who(&self) -> String {
        let (user, sshd, key_id) = (plain(&self.user), self.sshd, plain(&self.login.key_id));
        format!("user=\"{user}\" sshd={sshd} key_id=\"{key_id}\"")
    }
}
