//! docs/updating.md: what a CA publishes, fetched over https by a host that then refuses whoever was revoked.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tests::world::World;

use super::page::{Step, steps};
use super::runbooks::ready;
use super::stage::{Stage, Worlds};

const PAGE: &str = "docs/updating.md";

/// A web server of that name, at the host's own port 443.
struct WebServer(Child);

impl WebServer {
    /// What it has stands in /srv/ussh.
    fn start(world: &World) -> WebServer {
        let (key, certificate) = ("/root/tls.key", "/etc/ssl/certs/ca-certificates.crt");
        world.mkdir("/srv/ussh", "root", 0o755);
        world.mkdir("/etc/ssl/certs", "root", 0o755);
        world.write("/etc/hosts", "127.0.0.1 localhost private-host ca.example.org\n");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=ca.example.org", "-addext", "subjectAltName=DNS:ca.example.org"])
            .arg("-keyout")
            .arg(world.path(key))
            .arg("-out")
            .arg(world.path(certificate))
            .output()
            .expect("install openssl");
        assert!(made.status.success(), "{made:?}");
        world.own(certificate, "root", 0o644);
        let serve = format!("cd /srv/ussh; exec openssl s_server -accept 443 -key {key} -cert {certificate} -WWW");
        let mut command = world.daemon_as("root", "bash");
        command.args(["-c", &serve]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = command.spawn().expect("bash starts");
        let mut said = BufReader::new(server.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        assert!(said.any(|line| line.starts_with("ACCEPT")), "openssl serves");
        std::thread::spawn(move || said.for_each(drop));
        WebServer(server)
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_the_ca_publishes_comes_to_the_host_and_whoever_was_revoked_stays_outside() {
    let worlds = Worlds::new();
    let stage = ready(&worlds);
    let _server = WebServer::start(&worlds.host);
    let mut log = Vec::new();
    for step in steps(PAGE) {
        match &step {
            Step::Run(block) if block.commands.starts_with("grep") => {
                log.extend(worlds.host.log());
                worlds.host.write("/var/log/auth.log", &log.join("\n"));
                let lines = stage.take(PAGE, &step);
                assert_eq!(lines.lines().count(), 3, "{lines}");
                assert!(lines.lines().all(|line| line.contains("from=\"https://ca.example.org/")), "{lines}");
            }
            Step::Run(block) if block.commands == "ca-tool update\n" => {
                others_can_write(&stage);
                stage.take(PAGE, &step);
            }
            Step::Run(block) if block.refused => {
                let answer = stage.shell(PAGE, "laptop", &block.commands);
                answer.refused();
                log.extend(worlds.host.log());
                assert!(log.iter().any(|line| line.contains("revoked by file /etc/ssh/revoked_keys")), "{log:#?}");
            }
            _ => drop(stage.take(PAGE, &step)),
        }
    }
    assert!(worlds.host.read("/etc/ssh/trusted_user_ca").starts_with("# ussh-ca-file version=1 date="));
}

/// The last line of the page's table. A newer list is there.
fn others_can_write(stage: &Stage<'_>) {
    let run = |commands: &str| stage.shell(PAGE, "host", commands);
    run("chown alice /etc/ssh/trusted_user_ca; chmod 666 /etc/ssh/trusted_user_ca").ok();
    let answer = run("ca-tool update");
    answer.refused();
    assert!(answer.stderr.contains("Others can write to /etc/ssh/trusted_user_ca."), "{answer}");
    run("chown root /etc/ssh/trusted_user_ca; chmod go-w /etc/ssh/trusted_user_ca").ok();
}
