//! `ca-tool update` over https, from a server that does as it likes: `openssl s_server -HTTP` sends files as they are, head
//! and all.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod room;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use room::{Done, Room};

struct Server {
    room: Room,
    process: Child,
    port: u16,
}

impl Server {
    /// What it sends is in `www`. The host trusts the CA, and has one list already; `list` and `list.sig` are a newer one.
    fn start() -> Self {
        let room = Room::new();
        // curl is nobody.
        std::fs::set_permissions(room.path("."), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir(room.path("www")).unwrap();
        std::fs::create_dir(room.path("host")).unwrap();
        room.key("ca", "ed25519");
        room.write("host/cas", room.read("ca.pub"));
        room.write("spec", "serial: 3\n");
        for version in 1..3 {
            room.ok(env!("CARGO_BIN_EXE_ca-tool"), &["--krl", "list", "krl", "update", "--no-journal", "-s", "any", "spec"]);
            if version == 1 {
                std::fs::copy(room.path("list"), room.path("host/krl")).unwrap();
            }
        }
        room.ok(env!("CARGO_BIN_EXE_ca-tool"), &["--krl", "list", "krl", "sign", "-s", "ca"]);
        let name = "subjectAltName=IP:127.0.0.1";
        let request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj"];
        room.ok("openssl", &[&request[..], &["/CN=host", "-addext", name, "-keyout", "tls.key", "-out", "tls.pem"]].concat());
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-key", "../tls.key", "-cert", "../tls.pem", "-HTTP"]);
        command.current_dir(room.path("www")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("install openssl");
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = said.find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit(':').next()?.parse().ok()).expect("a port");
        std::thread::spawn(move || said.for_each(drop));
        let server = Self { room, process, port };
        server.configure("60s");
        server
    }

    fn configure(&self, timeout: &str) {
        let path = |name: &str| self.room.path(name).display().to_string();
        let (krl, cas, cacert) = (path("host/krl"), path("host/cas"), path("tls.pem"));
        let update = format!("krl = 'https://127.0.0.1:{}/krl'\ntimeout = '{timeout}'\ncacert = '{cacert}'", self.port);
        self.room.write("ca.toml", format!("krl = '{krl}'\nca_file = '{cas}'\n[update]\n{update}\n"));
    }

    /// Sends this at `/NAME` from now on.
    fn serve(&self, name: &str, head: &str, body: &[u8]) {
        self.room.write(&format!("www/{name}"), [head.as_bytes(), b"\r\n\r\n", body].concat());
    }

    fn serve_the_list(&self) {
        for (name, file) in [("krl", "list"), ("krl.sig", "list.sig")] {
            self.serve(name, "HTTP/1.0 200 OK", &std::fs::read(self.room.path(file)).unwrap());
        }
    }

    fn update(&self) -> Done {
        let mut command = self.room.program(env!("CARGO_BIN_EXE_ca-tool"));
        // None of these counts.
        command
            .env("CURL_CA_BUNDLE", "/dev/null")
            .env("https_proxy", "http://127.0.0.1:1")
            .env("ALL_PROXY", "http://127.0.0.1:1");
        self.room.write(".curlrc", "insecure\nuser-agent = \"x\"\nproxy = \"http://127.0.0.1:1\"\n");
        command.args(["--config", "ca.toml", "update"]);
        Done::of(command)
    }

    #[track_caller]
    fn refused(&self, words: &str) {
        let before = std::fs::read(self.room.path("host/krl")).unwrap();
        self.update().refused(words);
        assert_eq!(std::fs::read(self.room.path("host/krl")).unwrap(), before);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_list_comes_over_https_and_over_nothing_else() {
    let server = Server::start();
    server.serve_the_list();
    server.update().done();
    assert_eq!(std::fs::read(server.room.path("host/krl")).unwrap(), std::fs::read(server.room.path("list")).unwrap());
    // Sent on: to https it goes, to the host's own files and to plain http it does not.
    let list = std::fs::read(server.room.path("www/krl")).unwrap();
    server.room.write("www/elsewhere", list);
    let to = |place: &str| format!("HTTP/1.0 302 Found\r\nLocation: {place}");
    server.serve("krl", &to(&format!("https://127.0.0.1:{}/elsewhere", server.port)), b"");
    server.update().done();
    let list = server.room.path("list").display().to_string();
    for place in [format!("file://{list}"), "http://127.0.0.1/krl".to_owned(), "ftp://127.0.0.1/krl".to_owned()] {
        server.serve("krl", &to(&place), b"");
        server.refused("Protocol");
    }
    server.serve("krl", &to(&format!("https://127.0.0.1:{}/krl", server.port)), b"");
    server.refused("redirects");
    // Another server's certificate.
    server.serve_the_list();
    let toml = server.room.read("ca.toml");
    server.room.write("ca.toml", toml.lines().filter(|line| !line.starts_with("cacert")).collect::<Vec<_>>().join("\n"));
    server.refused("certificate");
}

#[test]
fn whatever_the_server_sends_what_is_here_stays() {
    let server = Server::start();
    server.serve_the_list();
    server.serve("krl", "HTTP/1.0 404 Not Found", b"gone");
    server.refused("404");
    server.serve("krl", "HTTP/1.0 200 OK", b"<html>Please log in</html>");
    server.refused("has not signed these bytes");
    server.serve_the_list();
    server.serve("krl", "HTTP/1.0 200 OK\r\nContent-Length: 1000", b"half");
    server.refused("cannot be fetched");
    server.serve("krl", "HTTP/1.0 200 OK\r\nContent-Length: 99999999999", b"");
    server.refused("Maximum file size exceeded");
    server.serve_the_list();
    server.serve("krl.sig", "HTTP/1.0 200 OK", &vec![b'x'; 1 << 20]);
    // ca-tool says it, or a newer curl.
    server.refused("16384");
    server.serve("krl.sig", "HTTP/1.0 200 OK", b"");
    server.refused("not one SSH signature");
    // A body that never ends.
    server.room.ok("mkfifo", &["www/endless"]);
    std::fs::rename(server.room.path("www/endless"), server.room.path("www/krl.sig")).unwrap();
    let endless = "{ printf 'HTTP/1.0 200 OK\\r\\n\\r\\n'; yes; } > www/krl.sig";
    let mut endless = server.room.program("sh").args(["-c", endless]).spawn().unwrap();
    server.refused("16384");
    assert!(!endless.wait().unwrap().success(), "nobody reads it to its end");
    // And one that never comes.
    server.configure("2s");
    let mut silent = server.room.program("sh").args(["-c", "exec sleep 600 > www/krl.sig"]).spawn().unwrap();
    server.refused("timed out");
    silent.kill().unwrap();
    silent.wait().unwrap();
}

#[test]
fn curl_has_no_rights_of_roots() {
    let server = Server::start();
    server.serve_the_list();
    // Readable by root alone: curl is somebody else, when root runs this.
    std::fs::set_permissions(server.room.path("tls.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(nix::unistd::geteuid().is_root(), "run this as root");
    server.refused("certificate");
    std::fs::set_permissions(server.room.path("tls.pem"), std::fs::Permissions::from_mode(0o644)).unwrap();
    server.update().done();
}

#[test]
fn a_proxys_password_is_nobody_elses_to_read() {
    let server = Server::start();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let toml = server.room.read("ca.toml");
    let url = format!("http://host:secret@{}", proxy.local_addr().unwrap());
    server.room.write("ca.toml", format!("{toml}proxy = '{url}'\n"));
    let mut command = server.room.program(env!("CARGO_BIN_EXE_ca-tool"));
    let mut process = command.args(["--config", "ca.toml", "update"]).stderr(Stdio::null()).spawn().unwrap();
    let mut asked = proxy.accept().unwrap().0;
    let mut request = [0; 2048];
    let length = asked.read(&mut request).unwrap();
    let request = String::from_utf8_lossy(&request[..length]);
    let (id, word) = (process.id(), "Basic aG9zdDpzZWNyZXQ="); // host:secret
    assert!(request.starts_with("CONNECT 127.0.0.1:") && request.contains(word), "{request}");
    let curl = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let words = std::fs::read_to_string(format!("/proc/{}/cmdline", curl.trim())).unwrap();
    assert!(words.starts_with("/usr/bin/curl") && !words.contains("secret"), "{words:?}");
    drop((asked, proxy));
    assert!(!process.wait().unwrap().success());
}
