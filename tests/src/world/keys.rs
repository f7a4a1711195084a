//! Keys and CAs, made and used by the real ssh-keygen.

use super::World;

/// A key pair in a file of the world, with its certificate beside it once a CA signed it.
#[derive(Clone)]
pub struct Key<'w> {
    world: &'w World,
    path: String,
}

impl<'w> Key<'w> {
    pub(super) fn generate(world: &'w World, kind: &str, owner: &str, path: &str) -> Key<'w> {
        let (kind, bits) = split_bits(kind);
        let mut command = world.command_as(owner, "ssh-keygen");
        command.args(["-q", "-t", kind, "-N", "", "-C", path.rsplit('/').next().unwrap_or(path), "-f", path]);
        if let Some(bits) = bits {
            command.args(["-b", bits]);
        }
        super::run::run(&mut command).ok();
        Key { world, path: path.to_owned() }
    }

    /// A key that something else made.
    pub fn at(world: &'w World, path: &str) -> Key<'w> {
        Key { world, path: path.to_owned() }
    }

    /// The private key's file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The public key's file.
    pub fn public(&self) -> String {
        format!("{}.pub", self.path)
    }

    /// The certificate's file.
    pub fn certificate(&self) -> String {
        format!("{}-cert.pub", self.path)
    }

    /// `SHA256:…`
    pub fn fingerprint(&self) -> String {
        let answer = self.world.run(&["ssh-keygen", "-l", "-f", &self.public()]);
        answer.ok().stdout.split(' ').nth(1).expect("bits, fingerprint, comment").to_owned()
    }
}

/// A CA: a key pair of root's.
#[derive(Clone)]
pub struct Ca<'w>(pub(super) Key<'w>);

impl<'w> Ca<'w> {
    /// A CA whose key something else made.
    pub fn of(key: Key<'w>) -> Ca<'w> {
        Ca(key)
    }

    /// Its key pair.
    pub fn key(&self) -> &Key<'w> {
        &self.0
    }

    /// `SHA256:…`
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }

    /// Signs a certificate for `key`, beside it, replacing the one before.
    #[track_caller]
    pub fn sign(&self, key: &Key<'_>, request: &Request) {
        let mut command = self.0.world.command("ssh-keygen");
        command.args(["-q", "-s", &self.0.path, "-I", &request.id, "-z", &request.serial.to_string()]);
        command.args(["-V", &request.validity]);
        if !request.principals.is_empty() {
            command.args(["-n", &request.principals]);
        }
        command.args(&request.more).arg(key.public());
        super::run::run(&mut command).ok();
        let owner = if key.path.starts_with("/root/") { "root" } else { "laptop" };
        self.0.world.own(&key.certificate(), owner, 0o644);
    }
}

/// What a certificate shall say. An hour for `alice`, unless told otherwise.
#[derive(Clone, Debug)]
pub struct Request {
    id: String,
    serial: u64,
    principals: String,
    validity: String,
    more: Vec<String>,
}

impl Request {
    /// A request with this key ID.
    pub fn new(id: &str) -> Request {
        Request {
            id: id.to_owned(),
            serial: 1,
            principals: "alice".to_owned(),
            validity: "-1m:+1h".to_owned(),
            more: Vec::new(),
        }
    }

    /// Comma list; empty for a certificate without principals.
    pub fn principals(mut self, principals: &str) -> Request {
        self.principals = principals.to_owned();
        self
    }

    /// Serial number.
    pub fn serial(mut self, serial: u64) -> Request {
        self.serial = serial;
        self
    }

    /// ssh-keygen's `-V`: `-1m:+10s`, `always:forever`, `20200101:20210101`.
    pub fn validity(mut self, validity: &str) -> Request {
        self.validity = validity.to_owned();
        self
    }

    /// ssh-keygen's `-O`: `force-command=id`, `source-address=10.0.0.0/8`, `critical:name=value`, `clear`.
    pub fn option(mut self, option: &str) -> Request {
        self.more.extend(["-O".to_owned(), option.to_owned()]);
        self
    }

    /// Any other words for ssh-keygen: `-h` for a host certificate, `-t rsa-sha2-256`.
    pub fn word(mut self, word: &str) -> Request {
        self.more.push(word.to_owned());
        self
    }
}

/// `ecdsa-384` is ecdsa with 384 bits, `ed25519-sk` a type of its own.
fn split_bits(kind: &str) -> (&str, Option<&str>) {
    match kind.split_once('-') {
        Some((name, bits)) if bits.starts_with(|first: char| first.is_ascii_digit()) => (name, Some(bits)),
        _ => (kind, None),
    }
}
