//! Nothing gets out: the host stays as it is.

use super::{GOOD, doctor, has, world};
use tests::world::World;

/// Everything of the host that programs write to; its mounts and processes.
pub fn snapshot(world: &World) -> Vec<String> {
    world.write("/root/new", "");
    let files = "find /etc /var /run /root /home /tmp -not -path '/etc/alternatives*' -not -path /root/new";
    let look = format!(
        "{files} -printf '%p %m %U %s %T@ %C@\\n'; {files} -type f -exec sha256sum {{}} +; \
         cat /proc/self/mountinfo; ps -e -o comm="
    );
    let mut lines: Vec<String> = world.run(&["bash", "-c", &look]).ok().stdout.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The same as before, or the lines that are not.
#[track_caller]
pub fn assert_unchanged(world: &World, before: &[String]) {
    let after = snapshot(world);
    let gone: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
    let new: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(gone.is_empty() && new.is_empty() && before.len() == after.len(), "gone {gone:#?}, new {new:#?}");
}

#[test]
fn a_good_file_is_found_good_and_nothing_of_the_host_changes() {
    let world = world();
    world.pam("sudo", "auth required pam_unix.so\naccount required pam_unix.so\n");
    world.log();
    let before = snapshot(&world);
    let answer = doctor(&world, &[], GOOD);
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "ok", &["alice with a valid certificate: let in by sudo."]);
    has(&answer, "ok", &["alice with an expired certificate: refused.", "expired 1 hour ago"]);
    has(&answer, "ok", &["alice with an agent that holds no certificate: refused.", "holds no certificate"]);
    has(&answer, "ok", &["alice without an agent: refused.", "SSH_AUTH_SOCK is not set"]);
    has(&answer, "ok", &["root's own sudo, as in a cron job: let in."]);
    assert!(!answer.stdout.contains("warning") && !answer.stdout.contains("problem"), "{answer}");
    assert_unchanged(&world, &before);
    assert_eq!(world.log(), [""; 0], "the host's own log hears nothing of it");
}

#[test]
fn counters_of_failures_are_not_the_hosts() {
    let world = world();
    world.mkdir("/run/faillock", "root", 0o755);
    let says = "#!/bin/sh\n[ ! -s /run/faillock/alice ] || logger -t ussh-pam-try 'PAM has counted'\n";
    world.write_as("/opt/says", says.as_bytes(), "root", 0o755);
    let file = GOOD.replace(
        "auth required pam_unix.so",
        "auth optional pam_exec.so seteuid /opt/says\nauth required pam_faillock.so preauth\nauth [default=die] pam_faillock.so authfail",
    );
    let before = snapshot(&world);
    let answer = doctor(&world, &[], &file);
    has(&answer, "ok", &["alice with a valid certificate: let in by sudo."]);
    has(&answer, "problem", &["libpam says: has counted"]);
    assert_unchanged(&world, &before);
}

#[test]
fn the_hosts_name_is_not_the_trials() {
    let world = world();
    let before = world.run(&["hostname"]).ok().stdout.clone();
    world.write_as("/root/rename", b"#!/bin/sh\nhostname trial && logger renamed\n", "root", 0o755);
    let answer = doctor(&world, &[], &format!("auth required pam_exec.so /root/rename\n{GOOD}"));
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(world.run(&["hostname"]).ok().stdout, before);
}

/// A module runs as root, and tries. What is not as it should be is in the trial's log, and so in the answer.
const TRIES: &str = r#"#!/bin/bash
wrong() { logger -t ussh-pam-try "PAM finds $1"; exit 1; }
for folder in / /etc /etc/ssh /usr /var /var/lib /root /home/alice "/srv/a b" /run/nscd; do
    (: >"$folder/planted") 2>/dev/null && wrong "$folder of the host's"
done
[ ! -w /proc/sys/kernel/printk ] || wrong "the kernel's settings"
[ "$(cat /proc/1/comm)" = ca-tool ] || wrong "the host's processes"
grep -q '/srv/a\\040b ro,nosuid,nodev' /proc/self/mountinfo || wrong "a mount without its restrictions"
for folder in /tmp /run /dev/shm /var/log /var/tmp; do
    : >"$folder/planted" || wrong "no room in $folder"
done
ipcmk -Q >/dev/null || wrong "no queues"
[ -e /run/nscd/socket ] || wrong "nobody to ask for users"
"#;

#[test]
fn a_module_that_writes_where_it_can_changes_nothing_of_the_host() {
    let world = world();
    world.mkdir("/srv/a b", "root", 0o755);
    world.run(&["mount", "-t", "tmpfs", "-o", "nosuid,nodev", "tmpfs", "/srv/a b"]).ok();
    // As systemd has it: what is mounted in a namespace of its own could come out.
    world.run(&["mount", "--make-rshared", "/"]).ok();
    world.mkdir("/run/nscd", "root", 0o755);
    world.write("/run/nscd/socket", "");
    world.write_as("/opt/tries", TRIES.as_bytes(), "root", 0o755);
    let (before, queues) = (snapshot(&world), || world.run(&["ipcs", "-q"]).ok().stdout.clone());
    let none = queues();
    let answer = doctor(&world, &[], &format!("auth required pam_exec.so seteuid /opt/tries\n{GOOD}"));
    assert_eq!(answer.code, 0, "{answer}");
    has(&answer, "ok", &["alice with a valid certificate: let in by sudo."]);
    assert_unchanged(&world, &before);
    assert_eq!(queues(), none);
}

#[test]
fn what_runs_as_the_person_is_heard_too() {
    let world = world();
    world.write_as("/opt/says", b"#!/bin/bash\nlogger -t ussh-pam-try \"PAM of $(id -un)\"\n", "root", 0o755);
    let answer = doctor(&world, &[], &format!("auth optional pam_exec.so /opt/says\n{GOOD}"));
    has(&answer, "problem", &["libpam says: of alice."]);
}

#[test]
fn what_a_stack_has_started_ends_when_somebody_ends_the_trial() {
    let world = world();
    world.write("/root/new", &format!("auth required pam_exec.so /usr/bin/sleep 4321\n{GOOD}"));
    let line = "ca-tool doctor --pam /root/new --user alice >/dev/null 2>&1 & \
        runs() { pgrep -fx '/usr/bin/sleep 4321'; }; \
        for i in {1..600}; do if runs; then break; fi; sleep 0.1; done; runs || exit 1; pkill -KILL -x unshare; \
        for i in {1..100}; do runs || exit 0; sleep 0.1; done; exit 1";
    world.run(&["bash", "-c", line]).ok();
}

#[test]
fn where_nothing_can_be_sealed_nothing_is_tried() {
    let world = world();
    world.write("/root/new", GOOD);
    // A root folder that is no mount point, as in a chroot.
    let chroot = "mkdir /opt/root && cp -a /etc /opt/root && mkdir /opt/root/{proc,usr,tmp,root,opt} && \
        for link in bin sbin lib lib64; do ln -s usr/$link /opt/root/$link; done && cp /root/new /opt/root/root && \
        mount --bind /usr /opt/root/usr && mount --bind /usr/libexec /opt/root/usr/libexec && \
        mount -t proc proc /opt/root/proc && cp -r /opt/rig /opt/root/opt && \
        chroot /opt/root /opt/rig/ca-tool doctor --pam /root/new --user alice";
    let answer = world.run(&["bash", "-c", chroot]);
    assert!(answer.refused().stderr.contains("a root folder that is a mount point"), "{answer}");
    assert_eq!(answer.stdout, "");
}

#[test]
fn a_trial_that_does_not_begin_is_no_good_news() {
    let world = world();
    world.run(&["mount", "--bind", "/bin/false", "/usr/bin/unshare"]).ok();
    let answer = doctor(&world, &[], GOOD);
    assert!(answer.refused().stderr.contains("The file could not be tried"), "{answer}");
}

#[test]
fn a_folder_for_temporary_files_that_is_the_hosts_is_not_needed() {
    let world = world();
    world.write("/root/new", GOOD);
    let words = ["ca-tool", "doctor", "--pam", "/root/new", "--user", "alice"];
    world.run_with("root", &[("TMPDIR", "/var/tmp/nowhere")], &words).ok();
}
