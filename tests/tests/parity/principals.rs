//! The principals in the certificate, without a principals file: the user's name must be one of them.

use tests::world::World;

use super::draft::{Draft, HOST};
use super::rig::Rig;

#[test]
fn both_judge_principals_alike() {
    let world = World::new();
    let rig = Rig::new(&world);
    let names = |name, principals: &[&str]| rig.case(name, rig.draft().principals(principals));
    let many = |count: usize| -> Vec<String> { (1..count).map(|n| format!("user{n}")).chain(["alice".to_owned()]).collect() };
    let listed =
        |names: Vec<String>| rig.draft().change(|draft| draft.principals = names.into_iter().map(String::into_bytes).collect());
    let raw = |name: &[u8]| rig.draft().change(|draft| draft.principals.insert(0, name.to_vec()));

    names("her name", &["alice"]).accepted();
    names("her name with a NUL behind it", &["alice\0"]).accepted();
    names("her name among others", &["bob", "alice", "ops"]).accepted();
    names("her name twice", &["alice", "alice"]).accepted();
    rig.case("256 principals, hers the last", listed(many(256))).accepted();
    rig.case("a principal of 5,000 characters before hers", raw(&[b'x'; 5000])).accepted();
    rig.case("a principal that is not UTF-8 before hers", raw(b"\xff\xfe")).accepted();
    rig.case("an empty principal before hers", raw(b"")).accepted();
    rig.case("a principal with a line feed before hers", raw(b"a\nb")).accepted();

    let stranger = |name, principals: &[&str]| {
        names(name, principals).refused("Certificate invalid: name is not a listed principal", "does not name alice");
    };
    stranger("somebody else's name", &["bob"]);
    stranger("her name in capitals", &["ALICE"]);
    stranger("her name with a blank behind it", &["alice "]);
    stranger("the beginning of her name", &["alic"]);
    stranger("a longer name that begins with hers", &["alicex"]);
    stranger("a star", &["*"]);
    stranger("a pattern that matches her name", &["al*", "alic?"]);
    stranger("her name in one principal with another", &["alice,bob"]);
    stranger("an empty principal", &[""]);

    names("no principals", &[]).refused("Certificate lacks principal list", "names no principals");
    rig.case("257 principals, hers the first", {
        let mut names = many(257);
        names.reverse();
        listed(names)
    })
    .unreadable("malformed");
    rig.case("a principal with a NUL in it", raw(b"alice\0x")).unreadable("malformed");

    rig.finish();
}

#[test]
fn both_refuse_what_is_not_a_user_certificate() {
    let world = World::new();
    let rig = Rig::new(&world);
    let kind = |kind| rig.draft().change(|draft: &mut Draft| draft.kind = kind);
    rig.case("a host certificate for a host of her name", kind(HOST))
        .refused("Certificate invalid: not a user certificate", "is a host certificate");
    rig.case("a certificate of type 0", kind(0)).unreadable("malformed");
    rig.case("a certificate of type 3", kind(3)).unreadable("malformed");
    rig.finish();
}
