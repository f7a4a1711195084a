//! When what is due: a warning, another look, the end. Clocks are passed in; nothing here reads one.

/// Both clocks at one moment, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// CLOCK_REALTIME: what the certificate's validity is told in. It may step, forwards and backwards.
    pub(crate) wall: u64,
    /// CLOCK_BOOTTIME: never steps, and goes on while the machine sleeps.
    pub(crate) boot: u64,
}

/// Something to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The session is over.
    End,
    /// The agent may be asked for a newer certificate once more before the end.
    LastChance,
    /// So many seconds are left, and the person should know.
    Warning(u64),
    /// The certificate should be judged again.
    Look,
}

/// How many seconds before the end the agent is asked for the last time.
const LAST_CHANCE: u64 = 10;

/// A refusal counts when it is repeated after so many seconds: a file may have been caught half way in its replacement.
const CONFIRMATION: u64 = 2;

/// What is still to come.
///
/// The session ends when the wall clock says that the certificate is over, and at the latest when as much time has
/// passed as was left at login: a clock that is set back gives nobody more.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    until: u64,
    boot_end: u64,
    /// Seconds before the end, the longest first; what has been said is taken out.
    warnings: Vec<u64>,
    last_chance: bool,
    check: u64,
    next_look: u64,
}

impl Schedule {
    /// `until` in seconds of the wall clock, the others in seconds.
    pub(crate) fn new(until: u64, warnings: &[u64], check: u64, last_chance: bool, now: Moment) -> Self {
        let left = until.saturating_sub(now.wall);
        let warnings = warnings.iter().copied().filter(|&before| before < left).collect();
        // A second more, as the clocks' parts of seconds differ: the wall clock ends sessions, this one those it would not.
        let boot_end = now.boot.saturating_add(left).saturating_add(1);
        Self { until, boot_end, warnings, last_chance, check, next_look: now.boot.saturating_add(check) }
    }

    /// Seconds until the end.
    pub(crate) fn left(&self, now: Moment) -> u64 {
        self.until.saturating_sub(now.wall).min(self.boot_end.saturating_sub(now.boot))
    }

    /// The most urgent thing that is due; asking takes it from the list.
    pub(crate) fn due(&mut self, now: Moment) -> Option<Due> {
        let left = self.left(now);
        if left == 0 {
            return Some(Due::End);
        }
        if self.last_chance && left <= LAST_CHANCE {
            self.last_chance = false;
            return Some(Due::LastChance);
        }
        if self.warnings.first().is_some_and(|&before| left <= before) {
            // Several may have been slept through: one word is enough.
            self.warnings.retain(|&before| before < left);
            return Some(Due::Warning(left));
        }
        if now.boot >= self.next_look {
            self.next_look = now.boot.saturating_add(self.check);
            return Some(Due::Look);
        }
        None
    }

    /// The next look comes sooner.
    pub(crate) fn look_again_soon(&mut self, now: Moment) {
        self.next_look = now.boot.saturating_add(CONFIRMATION);
    }

    /// Whichever of these moments comes first, [`Schedule::due`] should be asked then. And when the wall clock is set.
    pub(crate) fn next(&self) -> Moment {
        let chance = self.last_chance.then_some(LAST_CHANCE);
        let before = self.warnings.first().copied().into_iter().chain(chance).max().unwrap_or(0);
        Moment { wall: self.until.saturating_sub(before), boot: self.boot_end.saturating_sub(before).min(self.next_look) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Due::{End, LastChance, Look, Warning};

    const LOGIN: Moment = Moment { wall: 1_000_000, boot: 500 };

    fn after(seconds: u64) -> Moment {
        Moment { wall: LOGIN.wall + seconds, boot: LOGIN.boot + seconds }
    }

    /// An hour, warnings five minutes and one minute before, looks so rare that they do not come.
    fn hour() -> Schedule {
        Schedule::new(LOGIN.wall + 3600, &[300, 60], 100_000, false, LOGIN)
    }

    /// All that happens until the end, each with the seconds after login at which it does, woken by `next` alone.
    fn story(mut schedule: Schedule) -> Vec<(u64, Due)> {
        let (mut told, mut now) = (Vec::new(), LOGIN);
        while told.len() < 100 {
            while let Some(due) = schedule.due(now) {
                told.push((now.boot - LOGIN.boot, due));
                if due == End {
                    return told;
                }
            }
            let next = schedule.next();
            let wait = (next.wall.saturating_sub(now.wall)).min(next.boot.saturating_sub(now.boot));
            assert!(wait > 0, "it would spin: {told:?}");
            now = Moment { wall: now.wall + wait, boot: now.boot + wait };
        }
        panic!("there is no end: {told:?}");
    }

    #[test]
    fn the_person_is_warned_and_then_the_session_ends() {
        assert_eq!(story(hour()), [(3300, Warning(300)), (3540, Warning(60)), (3600, End)]);
    }

    #[test]
    fn the_certificate_is_looked_at_every_so_often() {
        let schedule = Schedule::new(LOGIN.wall + 100, &[], 40, false, LOGIN);
        assert_eq!(story(schedule), [(40, Look), (80, Look), (100, End)]);
    }

    #[test]
    fn a_session_shorter_than_a_warning_has_none() {
        assert_eq!(story(Schedule::new(LOGIN.wall + 60, &[300, 60], 1000, false, LOGIN)), [(60, End)]);
        let short = Schedule::new(LOGIN.wall + 200, &[300, 60], 1000, false, LOGIN);
        assert_eq!(story(short), [(140, Warning(60)), (200, End)]);
    }

    #[test]
    fn there_is_one_last_chance_where_there_may_be_a_newer_certificate() {
        let schedule = Schedule::new(LOGIN.wall + 100, &[60], 1000, true, LOGIN);
        assert_eq!(story(schedule), [(40, Warning(60)), (90, LastChance), (100, End)]);
        let none_said = Schedule::new(LOGIN.wall + 100, &[], 1000, true, LOGIN);
        assert_eq!(story(none_said), [(90, LastChance), (100, End)]);
    }

    #[test]
    fn a_clock_stepped_forwards_ends_the_session_when_it_says_so() {
        let mut schedule = hour();
        let stepped = Moment { wall: LOGIN.wall + 3600, boot: LOGIN.boot + 5 };
        assert_eq!(schedule.due(stepped), Some(End));
    }

    #[test]
    fn a_clock_stepped_forwards_past_the_warnings_says_one() {
        let mut schedule = hour();
        let stepped = Moment { wall: LOGIN.wall + 3570, boot: LOGIN.boot + 5 };
        assert_eq!(schedule.due(stepped), Some(Warning(30)));
        assert_eq!(schedule.due(stepped), None);
        assert_eq!(schedule.next().wall, LOGIN.wall + 3600);
    }

    #[test]
    fn a_clock_set_back_gives_no_more_time_than_was_left_at_login() {
        let mut schedule = hour();
        let back = |boot| Moment { wall: LOGIN.wall - 86_400, boot: LOGIN.boot + boot };
        assert_eq!(schedule.due(back(3299)), None);
        assert_eq!(schedule.due(back(3301)), Some(Warning(300)));
        assert_eq!(schedule.due(back(3600)), Some(Warning(1)));
        assert_eq!(schedule.due(back(3601)), Some(End));
        assert_eq!(hour().next().boot, LOGIN.boot + 3301);
    }

    #[test]
    fn what_was_said_before_the_clock_was_set_back_is_not_said_again() {
        let mut schedule = hour();
        assert_eq!(schedule.due(after(3300)), Some(Warning(300)));
        let back = Moment { wall: LOGIN.wall, boot: LOGIN.boot + 3301 };
        assert_eq!(schedule.due(back), None);
        assert_eq!(schedule.due(after(3310)), None);
        assert_eq!(schedule.due(after(3540)), Some(Warning(60)));
    }

    #[test]
    fn time_asleep_counts() {
        let mut schedule = Schedule::new(LOGIN.wall + 3600, &[300, 60], 60, false, LOGIN);
        assert_eq!(schedule.due(after(3550)), Some(Warning(50)));
        assert_eq!(schedule.due(after(3550)), Some(Look));
        assert_eq!(schedule.due(after(3550)), None, "looks that were slept through are not made up for");
        assert_eq!(schedule.due(after(9999)), Some(End));
    }

    #[test]
    fn a_refusal_is_confirmed_soon() {
        let mut schedule = Schedule::new(LOGIN.wall + 3600, &[], 60, false, LOGIN);
        assert_eq!(schedule.due(after(60)), Some(Look));
        schedule.look_again_soon(after(60));
        assert_eq!(schedule.due(after(61)), None);
        assert_eq!(schedule.due(after(62)), Some(Look));
        assert_eq!(schedule.due(after(63)), None);
    }

    #[test]
    fn a_certificate_for_ever_is_only_looked_at() {
        let mut schedule = Schedule::new(u64::MAX, &[300, 60], 60, true, LOGIN);
        assert_eq!(schedule.due(after(60)), Some(Look));
        assert_eq!(schedule.next(), Moment { wall: u64::MAX - 300, boot: LOGIN.boot + 120 });
        assert_eq!(schedule.due(after(119)), None);
    }

    #[test]
    fn a_certificate_that_is_over_ends_at_once() {
        assert_eq!(story(Schedule::new(LOGIN.wall, &[60], 60, true, LOGIN)), [(0, End)]);
        assert_eq!(story(Schedule::new(0, &[60], 60, true, LOGIN)), [(0, End)]);
    }
}
