//! polkit: a system bus and polkitd, as Debian starts them, but without logind.

use super::{World, needs};

/// Users that Debian's packages make.
const USERS: [(&str, u32); 2] = [("messagebus", 901), ("polkitd", 902)];

/// Nobody starts polkitd on demand here: until its name is on the bus there is no answer.
const START: &str = "dbus-daemon --system --fork --nopidfile
/usr/lib/polkit-1/polkitd --no-debug </dev/null >/dev/null 2>&1 &
until dbus-send --system --print-reply --dest=org.freedesktop.PolicyKit1 \
    /org/freedesktop/PolicyKit1/Authority org.freedesktop.DBus.Peer.Ping; do sleep 0.05; done";

impl World {
    /// Starts dbus-daemon and polkitd with a rule of yours, in polkit's JavaScript, in front of its own. Without logind
    /// nobody is at the console: the `allow_any` of an action applies.
    #[track_caller]
    pub fn polkit(&self, rule: &str) {
        needs::check_programs(&[
            ("dbus-daemon", "dbus"),
            ("dbus-send", "dbus"),
            ("polkitd", "polkitd"),
            ("pkttyagent", "polkitd"),
            ("pkexec", "pkexec"),
        ]);
        for (name, id) in USERS {
            self.append("/etc/passwd", &format!("{name}:x:{id}:{id}::/nonexistent:/usr/sbin/nologin\n"));
            self.append("/etc/group", &format!("{name}:x:{id}:\n"));
        }
        self.mkdir("/run/dbus", "root", 0o755);
        self.mkdir("/etc/dbus-1", "root", 0o755);
        self.mkdir("/etc/polkit-1/rules.d", "polkitd", 0o700);
        self.mkdir("/var/lib/polkit-1", "polkitd", 0o700);
        self.write("/etc/polkit-1/rules.d/10-rig.rules", rule);
        self.run(&["bash", "-c", START]).ok();
        self.log();
    }

    fn append(&self, file: &str, line: &str) {
        self.write(file, &(self.read(file) + line));
    }
}
