//! Keys, CAs and certificates by the real ssh-keygen, about which the lists are asked.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use ssh_key::encoding::base64::{Base64, Encoding as _};
use tempfile::TempDir;
use ussh_cert::Certificate;
use ussh_cert::krl::{Krl, Subject, Verdict, check};
use ussh_cert::revoked_keys::check_all;

use super::keygen;
use super::random::Random;

/// Serial numbers of certificates, and about which lists are made.
pub const SERIALS: [u64; 12] = [0, 1, 2, 7, 100, 101, 164, 1000, 1 << 32, 1 << 63, u64::MAX - 1, u64::MAX];
pub const KEY_IDS: [&str; 6] = ["alice", "bob", "alice ", "a#b", "\u{e9}\u{2028}x", "two words"];

pub struct Pool {
    dir: TempDir,
    /// Files of CAs' public keys.
    pub cas: Vec<String>,
    /// Files of everything that can be asked about.
    pub files: Vec<String>,
    /// Those of them that are certificates.
    pub certificates: Vec<String>,
    /// Their blobs, in the same order.
    blobs: Vec<Vec<u8>>,
}

impl Pool {
    pub fn new(random: &mut Random, certificates: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = |name: &str, kind: &str, bits: &str| {
            keygen::ok(dir.path(), &["-q", "-t", kind, "-b", bits, "-N", "", "-C", "", "-f", name]);
            format!("{name}.pub")
        };
        let cas = [("ca0", "ed25519", "256"), ("ca1", "ecdsa", "256"), ("ca2", "rsa", "2048"), ("ca3", "ed25519", "256")];
        let cas: Vec<_> = cas.into_iter().map(|(name, kind, bits)| key(name, kind, bits)).collect();
        let keys = [("k0", "ed25519", "256"), ("k1", "ecdsa", "384"), ("k2", "rsa", "1024"), ("k3", "ecdsa", "521")];
        let keys: Vec<_> = keys.into_iter().map(|(name, kind, bits)| key(name, kind, bits)).collect();
        let mut pool = Self { dir, cas: cas.clone(), files: [keys.clone(), cas].concat(), certificates: vec![], blobs: vec![] };
        for number in 0..certificates {
            let file = pool.certificate(random, number, &keys);
            pool.files.push(file.clone());
            pool.certificates.push(file);
        }
        pool.blobs = pool.files.iter().map(|file| pool.blob(file)).collect();
        pool
    }

    fn certificate(&self, random: &mut Random, number: usize, keys: &[String]) -> String {
        let copy = format!("c{number}");
        std::fs::copy(self.path().join(random.pick(keys)), self.path().join(format!("{copy}.pub"))).unwrap();
        let ca = random.pick(&self.cas).trim_end_matches(".pub");
        let serial = random.pick(&SERIALS).to_string();
        let public = format!("{copy}.pub");
        let key_id = *random.pick(&KEY_IDS);
        keygen::ok(self.path(), &["-q", "-s", ca, "-I", key_id, "-z", &serial, "-n", "alice", &public]);
        format!("{copy}-cert.pub")
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn file(&self, name: impl AsRef<str>) -> PathBuf {
        self.path().join(name.as_ref())
    }

    /// The line in a .pub file, without its comment.
    pub fn line(&self, file: impl AsRef<str>) -> String {
        let line = std::fs::read_to_string(self.file(file)).unwrap();
        line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    pub fn blob(&self, file: impl AsRef<str>) -> Vec<u8> {
        Base64::decode_vec(self.line(file).split(' ').nth(1).unwrap()).unwrap()
    }

    /// ssh-keygen and we give the same answers about some of what is here, and list the same.
    #[track_caller]
    pub fn agree_on(&self, random: &mut Random, krl: &[u8]) {
        // It checks the signature of every certificate that it is asked about, which takes most of the time.
        let (files, blobs): (Vec<_>, Vec<_>) = self.files.iter().cloned().zip(&self.blobs).filter(|_| random.one_in(3)).unzip();
        let (listing, revoked) = keygen::query(self.path(), krl, &files);
        let ours: Vec<bool> = blobs.iter().map(|blob| is_revoked(krl, blob)).collect();
        let different = || files.iter().zip(revoked.iter().zip(&ours)).filter(|(_, (theirs, ours))| theirs != ours);
        assert_eq!(revoked, ours, "(file, (theirs, ours)): {:?}\n{listing}", different().collect::<Vec<_>>());
        let date = listing.lines().nth(1).and_then(|line| line.strip_prefix("# Generated at ")).expect("a date");
        assert_eq!(Krl::read(krl).unwrap().listing(date), listing);
    }
}

/// As a list in memory and as a stream in small pieces, which say the same.
pub fn is_revoked(krl: &[u8], blob: &[u8]) -> bool {
    let certificate = Certificate::parse(blob);
    let subject = match &certificate {
        Ok(certificate) => Subject::certificate(certificate),
        Err(_) => Subject::key(blob),
    };
    let subject = subject.unwrap();
    let (_, verdict) = check(krl, &subject).unwrap();
    let stream = BufReader::with_capacity(7, krl);
    let (_, streamed) = check_all(stream, krl.len(), &[subject]).unwrap();
    assert_eq!(streamed, [verdict]);
    matches!(verdict, Verdict::Revoked(_))
}
