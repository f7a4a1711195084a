//! Types, sizes and signature algorithms of keys and CAs.

use tests::world::{Ca, Key, Request, World};

use super::case::{Accepts, Case, Refuses};
use super::draft::{Draft, blob_of_line, now, string};
use super::rig::{Rig, line_of_blob};

/// ssh itself keeps such certificates back.
const SHA1: &str = "-oCASignatureAlgorithms=+ssh-rsa";
const DSA: &str = "-oPubkeyAcceptedAlgorithms=+ssh-dss-cert-v01@openssh.com";

/// A certificate by ssh-keygen, from a CA that is the only trusted one.
fn signed<'r, 'w>(rig: &'r Rig<'w>, name: &str, ca: &Ca<'w>, words: &[&str], key: &Key<'w>) -> Case<'r, 'w> {
    let request = words.iter().fold(Request::new(name), |request, word| request.word(word));
    ca.sign(key, &request);
    let certificate = blob_of_line(&rig.world.read(&key.certificate()));
    rig.case_of(name, certificate, key).ca_file(rig.world.read(&ca.key().public()))
}

#[test]
fn both_judge_the_ca_s_signature_algorithm_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let (rsa, ecdsa, ed25519) = (world.ca("rsa-2048"), world.ca("ecdsa-256"), world.ca("ed25519"));
    let by = |name: &str, ca, words: &[&str]| signed(&rig, name, ca, words, &rig.key);

    by("RSA with SHA-512", &rsa, &["-t", "rsa-sha2-512"]).accepted();
    by("RSA with SHA-256", &rsa, &["-t", "rsa-sha2-256"]).accepted();
    by("RSA with SHA-1", &rsa, &["-t", "ssh-rsa"]).client(SHA1).refused("ssh-rsa", "is signed with 'ssh-rsa'");
    by("RSA with SHA-1, allowed", &rsa, &["-t", "ssh-rsa"]).client(SHA1).rule("CASignatureAlgorithms +ssh-rsa", "").differs(
        Accepts,
        Refuses("is signed with 'ssh-rsa'"),
        "SHA-1 cannot be allowed in the module",
    );
    let only = |list: &str| (format!("CASignatureAlgorithms {list}"), format!("ca_signature_algorithms={list}"));
    let (sshd, module) = only("rsa-sha2-512");
    by("SHA-512 where only it is allowed", &rsa, &["-t", "rsa-sha2-512"]).rule(&sshd, &module).accepted();
    by("SHA-256 where only SHA-512 is allowed", &rsa, &["-t", "rsa-sha2-256"])
        .rule(&sshd, &module)
        .refused("rsa-sha2-256", "is signed with");
    by("ed25519 where only RSA is allowed", &ed25519, &[]).rule(&sshd, &module).refused("ssh-ed25519", "is signed with");
    let (sshd, module) = only("ssh-ed25519,ecdsa-sha2-nistp256");
    by("ecdsa where it is allowed", &ecdsa, &[]).rule(&sshd, &module).accepted();
    by("ed25519 where it is allowed", &ed25519, &[]).rule(&sshd, &module).accepted();
    by("RSA where it is not", &rsa, &[]).rule(&sshd, &module).refused("rsa-sha2", "is signed with");
    rig.finish();
}

#[test]
fn both_judge_the_key_s_algorithm_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let (rsa, ecdsa) = (rig.key_of("rsa-2048"), rig.key_of("ecdsa-384"));
    let ca = world.ca("ed25519");
    let of = |name: &str, key| signed(&rig, name, &ca, &[], key);
    let only = |list: &str| (format!("PubkeyAcceptedAlgorithms {list}"), format!("accepted_algorithms={list}"));

    of("an RSA key", &rsa).accepted();
    of("an ecdsa key", &ecdsa).accepted();
    let (sshd, module) = only("ssh-ed25519-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com");
    of("ed25519 where it is allowed", &rig.key).rule(&sshd, &module).accepted();
    of("RSA with SHA-512 where it is allowed", &rsa).rule(&sshd, &module).accepted();
    of("ecdsa where it is not", &ecdsa).rule(&sshd, &module).refused("not in PubkeyAcceptedAlgorithms", "is for a key of type");
    let (sshd, module) = only("rsa-sha2-256-cert-v01@openssh.com");
    of("RSA with SHA-256 where only it is allowed", &rsa)
        .client("-oPubkeyAcceptedAlgorithms=rsa-sha2-256-cert-v01@openssh.com")
        .rule(&sshd, &module)
        .accepted();
    let (sshd, module) = only("ssh-ed25519");
    of("a certificate where only plain keys are allowed", &rig.key).rule(&sshd, &module).differs(
        Refuses("not in PubkeyAcceptedAlgorithms"),
        Accepts,
        "the module takes certificates only, so a key's plain name means its certificates",
    );
    rig.finish();
}

#[test]
fn both_judge_rsa_sizes_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let (small, usual, large) = (rig.key_of("rsa-1024"), rig.key_of("rsa-2048"), rig.key_of("rsa-3072"));
    let (ca, small_ca) = (world.ca("ed25519"), world.ca("rsa-1024"));
    let of = |name: &str, key| signed(&rig, name, &ca, &[], key);
    let required = |bits: u32| (format!("RequiredRSASize {bits}"), format!("required_rsa_size={bits}"));

    let (sshd, module) = required(2048);
    of("1,024 bits where 2,048 are required", &small)
        .rule(&sshd, &module)
        .refused("Invalid key length", "RSA key of only 1024 bits");
    of("2,048 bits where 2,048 are required", &usual).rule(&sshd, &module).accepted();
    let (sshd, module) = required(3072);
    of("2,048 bits where 3,072 are required", &usual)
        .rule(&sshd, &module)
        .refused("Invalid key length", "RSA key of only 2048 bits");
    of("3,072 bits where 3,072 are required", &large).rule(&sshd, &module).accepted();
    let (sshd, module) = required(1024);
    of("1,024 bits where 1,024 are allowed", &small).rule(&sshd, &module).accepted();

    of("1,024 bits, nothing said", &small).differs(
        Accepts,
        Refuses("RSA key of only 1024 bits"),
        "the module's own default is 2048",
    );
    signed(&rig, "a CA of 1,024 bits", &small_ca, &[], &rig.key)
        .rule("RequiredRSASize 2048", "required_rsa_size=2048")
        .differs(
            Accepts,
            Refuses("signed by an RSA key of only 1024 bits"),
            "sshd measures the user's key only; a CA's weak key is worth more to a thief",
        );
    rig.finish();
}

#[test]
fn both_refuse_dsa() {
    let world = World::new();
    let rig = Rig::new(&world);
    if world.run(&["ssh", "-Q", "key"]).ok().stdout.contains("ssh-dss\n") {
        let (key, ca) = (rig.key_of("dsa"), world.ca("dsa"));
        signed(&rig, "a DSA key", &Ca::of(world.ca("ed25519").key().clone()), &[], &key)
            .client(DSA)
            .refused("not in PubkeyAcceptedAlgorithms", "is of the type");
        signed(&rig, "a DSA CA", &ca, &[], &rig.key).refused("ssh-dss", "unsupported key type");
    } else {
        // OpenSSH 10 has forgotten it.
        let dsa: Vec<u8> = [&b"ssh-dss"[..], &[1; 128], &[1; 20], &[2], &[3]].iter().flat_map(|part| string(part)).collect();
        rig.case("a DSA key", Draft::for_key(&dsa)).unreadable("is of the type");
        let file = line_of_blob(&dsa);
        let signed = rig.draft().change(|draft| draft.signature_key = Some(dsa));
        rig.case("a DSA CA", signed).ca_file(file).unreadable("unsupported key type");
    }
    rig.finish();
}

#[test]
fn both_look_further_when_the_first_certificate_does_not_do() {
    let world = World::new();
    let rig = Rig::new(&world);
    let other = rig.key_of("ecdsa-256");
    let good = || rig.case("good", rig.draft());
    let expired = || rig.case("an expired one first", rig.draft().valid(0, now() - 60));
    expired().and(good()).accepted();
    rig.case_of("a plain key first", rig.blob(&other), &other).and(good()).accepted();
    rig.case("one for somebody else first", rig.draft().principals(&["bob"])).and(good()).accepted();
    rig.case_of("nonsense first", b"\0\0\0\x08nonsense".to_vec(), &other).and(good()).accepted();
    expired().and(rig.case("", rig.draft().principals(&["bob"]))).refused("Failed publickey", "expired");

    let mut self_signed = rig.draft();
    self_signed.key_id = b"self-signed".to_vec();
    let own_key = ssh_key::PrivateKey::from_openssh(world.read(rig.key.path())).unwrap();
    rig.case_of("a key that is its own trusted CA", self_signed.sign(&own_key), &rig.key)
        .ca_file(world.read(&rig.key.public()))
        .accepted();
    rig.finish();
}
