//! Random requests, as both programs take them.

/// A generator that a failing run can be repeated with.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next()).unwrap() % bound
    }

    fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn some_of(&mut self, list: &[&str], most: usize) -> Vec<String> {
        (0..self.below(most + 1)).map(|_| self.one_of(list).to_owned()).collect()
    }
}

const IDS: [&str; 8] = ["alice@corp", "a", "with space", "ünïcödé ✓", "quote\"s 'n $(things)", "tab\tand\x01", "-", "a,b=c:d"];
const NAMES: [&str; 7] = ["alice", "root", "deploy@host", "host.example.org", "*.example.org", "with space", "ü"];
const FROM: [&str; 9] =
    ["-5m", "+1h", "-1w2d3h4m5s", "always", "20200101", "202001020304", "20200102030405", "20200102Z", "0x5e0be100"];
const TO: [&str; 9] =
    ["+1d", "+52w", "forever", "20360101", "203601020304", "20360102030405", "20360102030405Z", "0x7c255a80", "+8000000"];
const LENGTHS: [&str; 6] = ["+1h", "+90", "+1d12h", "+10M", "+1w", "+0001s"];
const FLAGS: [&str; 17] = [
    "clear",
    "no-x11-forwarding",
    "permit-X11-forwarding",
    "no-agent-forwarding",
    "permit-agent-forwarding",
    "no-port-forwarding",
    "PERMIT-PORT-FORWARDING",
    "no-pty",
    "permit-pty",
    "no-user-rc",
    "permit-user-rc",
    "touch-required",
    "no-touch-required",
    "no-verify-required",
    "verify-required",
    "Clear",
    "permit-x11-forwarding",
];
const VALUES: [&str; 12] = [
    "force-command=/bin/true",
    "Force-Command=echo \"a=b:c\" | cat",
    "source-address=192.0.2.0/24",
    "source-address=192.0.2.1,2001:db8::/32,::1",
    "extension:login@example.org=alice",
    "extension:zz",
    "extension:aa@example.org=",
    "Extension:Upper=x=y",
    "critical:unknown@example.org",
    "critical:a@example.org=v:w=x",
    "CRITICAL:zz@example.org=",
    "extension:mm@example.org=ü \" '",
];

/// The words of one request, without program, CA and keys.
pub(crate) fn request(random: &mut Random) -> Vec<String> {
    // ssh-keygen forgets what stood before -h; and only after clear do both programs begin with nothing.
    let mut words: Vec<String> = if random.below(3) == 0 { vec!["-h".into()] } else { vec![] };
    words.extend(["-O".into(), "clear".into()]);
    let principals: Vec<_> = (0..=random.below(4)).map(|_| random.one_of(&NAMES)).collect();
    // Glued to their letters where they could pass for options.
    words.extend([format!("-I{}", random.one_of(&IDS)), format!("-n{}", principals.join(","))]);
    words.push(match random.below(3) {
        0 => format!("-V{}", random.one_of(&LENGTHS)),
        _ => format!("-V{}:{}", random.one_of(&FROM), random.one_of(&TO)),
    });
    let serial = [1, 7, u64::from(u32::MAX), 1 << 53, u64::MAX - 20][random.below(5)];
    words.push(format!("-z+{serial}"));
    let mut options = random.some_of(&FLAGS, 6);
    let mut valued = random.some_of(&VALUES, 3);
    // An option that is given twice is a difference of its own, in whatever case.
    valued.sort_by_key(|word| word.to_ascii_lowercase());
    valued.dedup_by_key(|word| word.split(['=']).next().unwrap().to_ascii_lowercase());
    options.extend(valued);
    let shift = random.below(options.len().max(1));
    options.rotate_left(shift);
    words.extend(options.into_iter().flat_map(|option| ["-O".to_owned(), option]));
    words
}
