//! A client of PC/SC that a test leads step by step: one line, one call of libpcsclite, one line back.

use pcsc::{Card, Context, Disposition, Error, PNP_NOTIFICATION, Protocols, ReaderState, Scope, ShareMode, State};
use std::ffi::CString;
use std::time::Duration;

fn main() {
    let context = Context::establish(Scope::User).expect("SCardEstablishContext");
    let mut card = None;
    let mut lines = std::io::stdin().lines().map_while(Result::ok);
    while let Some(line) = lines.next() {
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        match command {
            "list" => say(context.list_readers_owned()),
            "connect" => say(connect(&context, argument, ShareMode::Shared).map(|new| card = Some(new))),
            "exclusive" => say(connect(&context, argument, ShareMode::Exclusive).map(|new| card = Some(new))),
            "t0" => {
                let name = CString::new(argument).expect("a name");
                say(context.connect(&name, ShareMode::Shared, Protocols::T0).map(drop));
            }
            "disconnect" => say(card.take().expect("a card").disconnect(disposition(argument)).map_err(|(_, error)| error)),
            "wait" => wait(&context, argument),
            "wait-cancelled" => wait_cancelled(&context, argument),
            "begin" => transact(card.as_mut().expect("a card"), &mut lines),
            _ => with_card(card.as_mut().expect("a card"), command, argument),
        }
    }
}

fn connect(context: &Context, name: &str, share: ShareMode) -> Result<Card, Error> {
    context.connect(&CString::new(name).expect("a name"), share, Protocols::ANY)
}

fn transact(card: &mut Card, lines: &mut dyn Iterator<Item = String>) {
    let transaction = match card.transaction() {
        Ok(transaction) => transaction,
        Err(error) => return say(Err::<(), _>(error)),
    };
    say(Ok(()));
    for line in lines {
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        match command {
            "end" => return say(transaction.end(disposition(argument)).map_err(|(_, error)| error)),
            "transmit" => transmit(&transaction, argument),
            _ => panic!("{command} in a transaction"),
        }
    }
}

fn with_card(card: &mut Card, command: &str, argument: &str) {
    match command {
        "transmit" => transmit(card, argument),
        "reconnect" => say(card.reconnect(ShareMode::Shared, Protocols::ANY, disposition(argument))),
        "status" => say(card.status2_owned().map(|status| (status.reader_names().to_vec(), status.protocol2()))),
        "atr" => say(card.status2_owned().map(|status| hex(status.atr()))),
        "control" => say(card.control(pcsc::ctl_code(3400), &[], &mut [0; 256]).map(hex)),
        _ => panic!("what is {command}?"),
    }
}

fn transmit(card: &Card, apdu: &str) {
    let bytes = (0..apdu.len()).step_by(2).map(|at| u8::from_str_radix(&apdu[at..at + 2], 16).expect("hex"));
    let bytes: Vec<u8> = bytes.collect();
    say(card.transmit(&bytes, &mut [0; 4096]).map(hex));
}

/// Says `waiting`, then what changed at the reader (or, for `readers`, that their list changed).
fn wait(context: &Context, name: &str) {
    let name = if name == "readers" { PNP_NOTIFICATION().to_owned() } else { CString::new(name).expect("a name") };
    let mut states = [ReaderState::new(name, State::UNAWARE)];
    if states[0].name() != PNP_NOTIFICATION() {
        context.get_status_change(None, &mut states).expect("the state now");
        states[0].sync_current_state();
    }
    println!("waiting");
    let changed = context.get_status_change(None, &mut states);
    say(changed.map(|()| states[0].event_state() & (State::PRESENT | State::EMPTY | State::UNKNOWN | State::CHANGED)));
}

fn wait_cancelled(context: &Context, name: &str) {
    let canceller = context.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        canceller.cancel()
    });
    wait(context, name);
    thread.join().expect("our thread").expect("SCardCancel");
}

fn disposition(text: &str) -> Disposition {
    if text == "reset" { Disposition::ResetCard } else { Disposition::LeaveCard }
}

fn say<T: std::fmt::Debug>(result: Result<T, Error>) {
    match result {
        Ok(value) => println!("{value:?}"),
        Err(error) => println!("{error:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
