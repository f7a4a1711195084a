//! An AuthorizedPrincipals file. A line means the same alone as among others, and only names of ours ever match.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ussh_cert::principals;
use ussh_cert::timestamp::CivilTime;

const PRINCIPALS: [&[u8]; 3] = [b"alice", b"ops", b"a"];

fuzz_target!(|content: &[u8]| {
    let found = principals::find(content, &PRINCIPALS, local_time);
    let mut lines = content.split(|&byte| byte == b'\n');
    assert_eq!(found, lines.find_map(|line| principals::find(line, &PRINCIPALS, local_time)));
    assert!(found.is_none_or(|found| content.windows(found.principal.len()).any(|part| part == found.principal)));
});

fn local_time(civil: CivilTime) -> Option<u64> {
    civil.utc()
}
