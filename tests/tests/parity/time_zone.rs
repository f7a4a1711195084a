//! `expiry-time=` without a zone is in the host's, which the person behind sudo cannot choose.

use tests::world::World;
use ussh_cert::timestamp::rfc3339;

use super::draft::now;
use super::principals_file::case;
use super::rig::Rig;

const PASSED: &str = "expiry-time has passed";
const OPTIONS: &str = "Refused by certificate principals options";

#[test]
fn both_read_expiry_times_in_the_host_s_zone() {
    for (hours_east, name) in [(9, "JST"), (-5, "EST")] {
        let world = World::new();
        world.write_as("/etc/localtime", &zone(hours_east * 3600, name), "root", 0o644);
        let rig = Rig::new(&world);
        let until = |hours: i64, zone: &str| {
            let time = now().checked_add_signed(hours * 3600).unwrap();
            case(&rig, &format!("expiry-time=\"{}{zone}\" ops", digits(time)))
        };
        until(1, "Z").accepted();
        until(-1, "Z").refused(OPTIONS, PASSED);
        until(hours_east + 1, "").accepted();
        until(hours_east - 1, "").refused(OPTIONS, PASSED);

        rig.alice_runs("export TZ=AAA24");
        until(hours_east - 1, "").refused(OPTIONS, PASSED);
        rig.alice_runs("export TZ=AAA-24");
        until(hours_east + 1, "").accepted();
        rig.finish();
    }
}

/// `YYYYMMDDHHMMSS`, in UTC.
fn digits(time: u64) -> String {
    rfc3339(time).chars().filter(char::is_ascii_digit).collect()
}

/// A zone file with one offset and no changes (tzfile(5), version 1).
fn zone(offset: i64, name: &str) -> Vec<u8> {
    let count = |number: u32| number.to_be_bytes();
    let header = [count(0), count(0), count(0), count(0), count(1), count(4)].concat();
    let local_time_type = [&i32::try_from(offset).unwrap().to_be_bytes()[..], &[0, 0]].concat();
    [b"TZif".to_vec(), vec![0; 16], header, local_time_type, name.as_bytes().to_vec(), vec![0]].concat()
}
