//! The rules of PC/SC, as libpcsclite's own clients meet them at the stand-in and at the real pcscd.

#[macro_use]
mod support;

use software_yubikey::{Desk, Firmware, YubiKey};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::Duration;
use support::Dialogue;

const CLIENT: &str = env!("CARGO_BIN_EXE_pcsc-client");
const READER: &str = "Yubico YubiKey OTP+FIDO+CCID 00 00";
const SELECT: &str = "transmit 00a4040005a000000308";
const SELECTED: &str = "9000\"";
const VERSION: &str = "transmit 00fd000000";
const NOT_SELECTED: &str = "\"6d00\"";

at_both_desks! {
    a_card_answers_and_its_reader_tells_its_atr,
    a_transaction_keeps_other_clients_waiting,
    a_client_that_dies_in_a_transaction_frees_the_card_and_resets_it,
    a_reset_by_one_client_is_noticed_by_the_others,
    a_disconnect_that_leaves_the_card_keeps_what_was_selected,
    an_exclusive_connection_is_alone,
    a_card_that_speaks_t1_refuses_t0,
    a_reader_nobody_has_is_unknown,
    somebody_who_waits_hears_that_a_card_was_pulled_out,
    waiting_ends_when_it_is_cancelled,
    a_card_pulled_out_before_a_command_is_gone_for_it,
}

fn desk_with_key(desk: &Desk) -> YubiKey {
    let key = YubiKey::new(5_001_234, Firmware::V5_4);
    desk.plug(&key);
    key
}

fn client(desk: &Desk) -> Dialogue {
    let mut client = Dialogue::start(desk, CLIENT);
    assert_eq!(client.ask(&format!("connect {READER}")), "()");
    client
}

fn a_card_answers_and_its_reader_tells_its_atr(desk: &Desk) {
    let _key = desk_with_key(desk);
    let mut client = client(desk);
    assert!(client.ask(SELECT).ends_with(SELECTED));
    assert_eq!(client.ask(VERSION), "\"0504039000\"");
    assert_eq!(client.ask("status"), format!("([\"{READER}\"], Some(T1))"));
    assert_eq!(client.ask("atr"), "\"3bfd1300008131fe158073c021c057597562694b657940\"");
    assert_eq!(client.ask("disconnect leave"), "()");
}

fn a_transaction_keeps_other_clients_waiting(desk: &Desk) {
    let key = desk_with_key(desk);
    let (mut first, mut second) = (client(desk), client(desk));
    assert_eq!(first.ask("begin"), "()");
    second.tell(SELECT);
    assert_eq!(first.ask(VERSION), NOT_SELECTED);
    // Time for the other to push in.
    sleep(Duration::from_millis(500));
    assert_eq!(first.ask(VERSION), NOT_SELECTED);
    assert_eq!(key.commands(), ["GET VERSION", "GET VERSION"]);
    assert_eq!(first.ask("end leave"), "()");
    assert!(second.hear().ends_with(SELECTED));
}

fn a_client_that_dies_in_a_transaction_frees_the_card_and_resets_it(desk: &Desk) {
    let _key = desk_with_key(desk);
    let (mut first, mut second) = (client(desk), client(desk));
    assert_eq!(first.ask("begin"), "()");
    assert!(first.ask(SELECT).ends_with(SELECTED));
    first.kill();
    // Until the service has seen it, the card is as it was.
    let noticed = (0..3000).any(|_| {
        sleep(Duration::from_millis(10));
        second.ask("status") == "ResetCard"
    });
    assert!(noticed);
    assert_eq!(second.ask("reconnect leave"), "()");
    assert_eq!(second.ask(VERSION), NOT_SELECTED);
}

fn a_reset_by_one_client_is_noticed_by_the_others(desk: &Desk) {
    let _key = desk_with_key(desk);
    let (mut first, mut second) = (client(desk), client(desk));
    assert!(first.ask(SELECT).ends_with(SELECTED));
    assert_eq!(second.ask("disconnect reset"), "()");
    assert_eq!(first.ask(VERSION), "ResetCard");
    assert_eq!(first.ask("begin"), "ResetCard");
    assert_eq!(first.ask("reconnect leave"), "()");
    assert_eq!(first.ask(VERSION), NOT_SELECTED);
}

fn a_disconnect_that_leaves_the_card_keeps_what_was_selected(desk: &Desk) {
    let _key = desk_with_key(desk);
    let (mut first, mut second) = (client(desk), client(desk));
    assert!(first.ask(SELECT).ends_with(SELECTED));
    assert_eq!(first.ask("disconnect leave"), "()");
    assert_eq!(second.ask(VERSION), "\"0504039000\"");
}

fn an_exclusive_connection_is_alone(desk: &Desk) {
    let _key = desk_with_key(desk);
    let (mut first, mut second) = (client(desk), Dialogue::start(desk, CLIENT));
    assert_eq!(second.ask(&format!("exclusive {READER}")), "SharingViolation");
    assert_eq!(first.ask("disconnect leave"), "()");
    assert_eq!(second.ask(&format!("exclusive {READER}")), "()");
    assert_eq!(first.ask(&format!("connect {READER}")), "SharingViolation");
    assert!(second.ask(SELECT).ends_with(SELECTED));
    assert_eq!(second.ask("disconnect leave"), "()");
    assert_eq!(first.ask(&format!("connect {READER}")), "()");
}

fn a_card_that_speaks_t1_refuses_t0(desk: &Desk) {
    let _key = desk_with_key(desk);
    let mut client = Dialogue::start(desk, CLIENT);
    assert_eq!(client.ask(&format!("t0 {READER}")), "ProtoMismatch");
}

fn a_reader_nobody_has_is_unknown(desk: &Desk) {
    let mut client = Dialogue::start(desk, CLIENT);
    assert_eq!(client.ask("connect No such reader 00 00"), "UnknownReader");
}

fn somebody_who_waits_hears_that_a_card_was_pulled_out(desk: &Desk) {
    let key = desk_with_key(desk);
    let mut client = Dialogue::start(desk, CLIENT);
    assert_eq!(client.ask(&format!("wait {READER}")), "waiting");
    desk.unplug(&key);
    // A reader that goes with its card is unknown from then on (or already, on a slow machine), one that stays is empty.
    let change = client.hear();
    assert!(["State(CHANGED | UNKNOWN)", "UnknownReader", "State(CHANGED | EMPTY)"].contains(&change.as_str()), "{change}");
}

fn waiting_ends_when_it_is_cancelled(desk: &Desk) {
    let _key = desk_with_key(desk);
    let mut client = Dialogue::start(desk, CLIENT);
    assert_eq!(client.ask(&format!("wait-cancelled {READER}")), "waiting");
    assert_eq!(client.hear(), "Cancelled");
    assert_eq!(client.ask(&format!("connect {READER}")), "()");
}

fn a_card_pulled_out_before_a_command_is_gone_for_it(desk: &Desk) {
    let key = desk_with_key(desk);
    let mut client = client(desk);
    assert!(client.ask(SELECT).ends_with(SELECTED));
    key.unplug_before("GET VERSION");
    // vpcd takes a lost connection for an empty answer.
    let error = client.ask(VERSION);
    assert!(["ReaderUnavailable", "\"\""].contains(&error.as_str()), "{error}");
    desk.unplug(&key);
    desk.plug(&key);
    assert_eq!(client.ask("disconnect leave"), "()");
    assert_eq!(client.ask(&format!("connect {READER}")), "()");
    assert_eq!(client.ask(VERSION), NOT_SELECTED);
}

#[test]
fn at_the_stand_in_a_reader_goes_with_its_card() {
    let desk = Desk::new();
    let key = desk_with_key(&desk);
    let mut client = client(&desk);
    desk.unplug(&key);
    assert_eq!(client.ask(VERSION), "InvalidValue");
    assert_eq!(client.ask("status"), "ReaderUnavailable");
    assert_eq!(client.ask("list"), "[]");
    assert_eq!(client.ask("disconnect reset"), "()");
    assert_eq!(client.ask(&format!("connect {READER}")), "UnknownReader");
}

#[test]
fn at_the_real_pcscd_a_reader_stays_without_its_card() {
    let desk = Desk::with_pcscd();
    let key = desk_with_key(&desk);
    let mut client = client(&desk);
    desk.unplug(&key);
    assert_eq!(client.ask(VERSION), "RemovedCard");
    assert_eq!(client.ask("status"), "RemovedCard");
    assert_eq!(client.ask(&format!("connect {READER}")), "NoSmartcard");
}

#[test]
fn at_the_stand_in_somebody_who_waits_hears_of_a_new_reader() {
    let desk = Desk::new();
    let mut client = Dialogue::start(&desk, CLIENT);
    assert_eq!(client.ask("wait readers"), "waiting");
    // The first one may come before the client waits.
    let heard = (1..10).find_map(|serial| {
        desk.plug(&YubiKey::new(serial, Firmware::V5_4));
        client.hear_soon()
    });
    assert_eq!(heard.as_deref(), Some("State(CHANGED)"));
    assert!(client.ask("list").starts_with(&format!("[\"{READER}\"")));
}

#[test]
fn a_desk_leaves_nothing_behind() {
    for desk in [Desk::new(), Desk::with_pcscd()] {
        let key = desk_with_key(&desk);
        let (folder, socket) = (desk.folder().to_path_buf(), desk.socket().to_path_buf());
        let _client = client(&desk);
        assert!(folder.exists() && socket.exists());
        drop(desk);
        assert!(!folder.exists() && !socket.exists());
        drop(key);
    }
}

/// libpcsclite says which protocol it speaks, and comes again with the service's version when that is older.
#[test]
fn the_stand_in_speaks_protocol_4_4_and_4_5_and_offers_4_5_to_newer_clients() {
    const CMD_VERSION: u32 = 0x11;
    const SERVICE_STOPPED: u32 = 0x8010_001e;
    let desk = Desk::new();
    for (version, answer) in [([4, 4], [4, 4, 0]), ([4, 5], [4, 5, 0]), ([4, 6], [4, 5, SERVICE_STOPPED])] {
        let mut stream = UnixStream::connect(desk.socket()).expect("the service listens");
        let message = [12, CMD_VERSION, version[0], version[1], 0];
        stream.write_all(&message.map(u32::to_ne_bytes).concat()).expect("the service reads");
        let mut bytes = [0; 12];
        stream.read_exact(&mut bytes).expect("the service answers");
        assert_eq!(bytes.to_vec(), answer.map(u32::to_ne_bytes).concat());
    }
}

#[test]
fn the_stand_in_hangs_up_on_a_client_that_speaks_something_else() {
    let desk = Desk::new();
    let mut stream = UnixStream::connect(desk.socket()).expect("the service listens");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("the service reads");
    assert_eq!(stream.read_to_end(&mut vec![]).unwrap_or(0), 0);
    desk_with_key(&desk);
    client(&desk);
}
