//! Only what a trusted CA signed comes, and what pam_ussh can read.

use crate::host::*;

#[test]
fn what_no_trusted_ca_signed_stays_outside() {
    let room = room();
    update(&room).done();
    publish_krl(&room, "new", "serial: 4\n");
    refused(&room, "which is no trusted CA");
    std::fs::remove_file(room.path("out/krl.sig")).unwrap();
    refused(&room, "krl.sig cannot be fetched: No such file");
    publish_krl(&room, "ca", "serial: 5\n");
    let list = bytes(&room, "out/krl");
    for half in [0, list.len() / 2, list.len() - 1] {
        room.write("out/krl", &list[..half]);
        refused(&room, "has not signed these bytes");
    }
    // Signed, but for the other file.
    room.write("out/krl", bytes(&room, "out/cas"));
    std::fs::copy(room.path("out/cas.sig"), room.path("out/krl.sig")).unwrap();
    refused(&room, "for another use, \"ussh-ca-file\"");
}

#[test]
fn a_list_that_pam_ussh_could_not_read_stays_outside_although_it_is_signed() {
    let room = room();
    update(&room).done();
    let list = bytes(&room, "out/krl");
    let too_many = "x".repeat(5 << 20);
    for (name, content, use_, words) in [
        ("out/krl", list[..list.len() - 1].to_vec(), "ussh-krl", "malformed KRL"),
        ("out/krl", dated(&list, 2, IN_2100), "ussh-krl", "is dated in the future: version 2 of 2100-"),
        ("out/krl", room.read("ca.pub").into_bytes(), "ussh-krl", "no version and no date"),
        ("out/cas", format!("{}nonsense", room.read("out/cas")).into_bytes(), "ussh-ca-file", "line 3"),
        ("out/cas", room.read("ca.pub").into_bytes(), "ussh-ca-file", "has no version"),
        ("out/cas", too_many.into_bytes(), "ussh-ca-file", "has more than 4194304 bytes"),
    ] {
        let good = (bytes(&room, name), bytes(&room, &format!("{name}.sig")));
        room.write(name, content);
        std::fs::remove_file(room.path(&format!("{name}.sig"))).unwrap();
        room.ok("ssh-keygen", &["-q", "-Y", "sign", "-f", "ca", "-n", use_, name]);
        refused(&room, words);
        room.write(name, good.0);
        room.write(&format!("{name}.sig"), good.1);
    }
    update(&room).done();
}

#[test]
fn a_new_ca_comes_by_the_old_ones_word_and_then_signs_itself() {
    let room = room();
    update(&room).done();
    room.write("out/cas", room.read("new.pub"));
    publish_cas(&room, "new");
    refused(&room, "which is no trusted CA");
    // Both, by the old one; and in the same run a list that the new one signed.
    room.write("out/cas", room.read("host/cas") + &room.read("new.pub"));
    publish_cas(&room, "ca");
    publish_krl(&room, "new", "serial: 4\n");
    update(&room).done();
    is_brought(&room);
    // Then the old one goes, and its word with it.
    room.write("out/cas", room.read("out/cas").lines().next().unwrap().to_owned() + "\n" + &room.read("new.pub"));
    publish_cas(&room, "new");
    update(&room).done();
    is_brought(&room);
    publish_krl(&room, "ca", "serial: 5\n");
    refused(&room, "which is no trusted CA");
}

#[test]
fn a_ca_that_is_revoked_here_cannot_take_that_back() {
    let room = room();
    room.write("out/cas", room.read("ca.pub") + &room.read("new.pub"));
    publish_cas(&room, "ca");
    update(&room).done();
    room.write("revoked", room.read("ca.pub"));
    krl(&room, &["update", "--no-journal", "revoked"]);
    krl(&room, &["sign", "-s", "new"]);
    publish_cas(&room, "new");
    update(&room).done();
    publish_krl(&room, "ca", "serial: 6\n");
    refused(&room, "which is revoked");
    publish_krl(&room, "new", "serial: 7\n");
    let done = update(&room).done();
    assert!(!done.stderr.contains("Every CA"), "{done:?}");
    // The last one ends itself: that counts, and it is said.
    room.write("revoked", room.read("new.pub"));
    krl(&room, &["update", "--no-journal", "revoked"]);
    krl(&room, &["sign", "-s", "new"]);
    let done = update(&room).done();
    assert!(done.stderr.contains("is revoked: nobody's certificate is accepted"), "{done:?}");
    is_brought(&room);
}

#[test]
fn the_first_file_of_trusted_cas_is_not_fetched() {
    let room = room();
    std::fs::remove_file(room.path("host/cas")).unwrap();
    refused(&room, "The first file of trusted CAs comes to a host by other means");
    assert!(!room.path("host/krl").exists());
}
