//! Medians of one case, and a line of the table.

use crate::setting::{Case, Setting};
use crate::worker::What;

/// What one case took, in microseconds.
pub(crate) struct Times {
    fresh: Pair,
    repeated: Pair,
    /// libpam with a module that does nothing, in a fresh process.
    libpam: f64,
}

/// Floor and whole, measured in turn.
struct Pair {
    floor: f64,
    whole: f64,
    /// Of each whole over the floor right before it, so that it does not matter how busy the machine was.
    own: f64,
}

/// Processes among which the repeated calls of a case are divided.
const PARTS: usize = 10;

pub(crate) fn print_header(runs: usize) {
    println!(
        "Microseconds, medians of {runs}. own: of whole - floor; ratio: whole / floor; libpam: with a module that does nothing."
    );
    println!("{:36} | {:^38} | {:^30}", "", "fresh process", "repeated calls");
    println!("{:36} | floor  libpam  whole     own   ratio | floor  whole     own   ratio", "key, CA");
}

impl Times {
    /// Measures these cases in turn too, so that they can be compared with each other.
    pub(crate) fn measure<const N: usize>(cases: [Case; N], runs: usize) -> [Self; N] {
        let mut taken = cases.map(|case| (Setting::new(&case), [const { Vec::new() }; 5]));
        for _ in 0..runs {
            for (setting, [floor, libpam, whole, ..]) in &mut taken {
                floor.push(setting.worker(What::Floor).once());
                libpam.push(setting.worker(What::Permit).once());
                whole.push(setting.worker(What::Module).once());
            }
        }
        for _ in 0..PARTS {
            for (setting, [.., floor, whole]) in &mut taken {
                let (floors, wholes) = setting.worker(What::Both).in_turn(runs.div_ceil(PARTS));
                floor.extend(floors);
                whole.extend(wholes);
            }
        }
        taken.map(|(_, [floor, libpam, whole, floor_again, whole_again])| Self {
            fresh: Pair::new(floor, whole),
            repeated: Pair::new(floor_again, whole_again),
            libpam: median(libpam),
        })
    }

    pub(crate) fn print(&self, case: &Case) {
        let [fresh, repeated] = [&self.fresh, &self.repeated]
            .map(|Pair { floor, whole, own }| (floor, format!("{whole:6.0}  {own:6.0}  {:6.2}", whole / floor)));
        let case = case.to_string();
        println!("{case:36} | {:5.0}  {:6.0} {} | {:5.0} {}", fresh.0, self.libpam, fresh.1, repeated.0, repeated.1);
    }

    /// Own time over that of another case: fresh, repeated.
    pub(crate) fn own_over(&self, other: &Self) -> (f64, f64) {
        (self.fresh.own / other.fresh.own, self.repeated.own / other.repeated.own)
    }

    /// Whole time over that of another case: fresh, repeated.
    pub(crate) fn whole_over(&self, other: &Self) -> (f64, f64) {
        (self.fresh.whole / other.fresh.whole, self.repeated.whole / other.repeated.whole)
    }
}

impl Pair {
    fn new(floor: Vec<f64>, whole: Vec<f64>) -> Self {
        let own = floor.iter().zip(&whole).map(|(floor, whole)| whole - floor).collect();
        Self { floor: median(floor), whole: median(whole), own: median(own) }
    }
}

/// The middle one.
pub(crate) fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
