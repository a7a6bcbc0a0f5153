//! How many instructions of the server's own a delivery and an accepted message cost, counted by callgrind:
//! the same on a busy machine as on an idle one.
//! `bin/count` runs it; more than 5 % above `count/known.toml` fails.
//!
//! What the kernel does is not counted. Messages go one at a time, so that nothing depends on what meets what.

use std::collections::BTreeMap;
use std::process::ExitCode;

use protocol::live::{Command, Frame};
use protocol::shapes::RoomKind;
use serde::{Deserialize, Serialize};
use support::people::Person;
use support::server::Server;
use support::socket::Socket;
use uuid::Uuid;

mod callgrind;

use callgrind::Callgrind;

/// Listeners of the two rounds: what the second costs more is the price of the deliveries. There are so many more that
/// what the rest costs by chance, now a little more and now less, is small beside it.
const FEW: usize = 10;
const MANY: usize = 190;
/// Messages that warm everything up, and those that are counted.
const WARM: usize = 20;
const COUNTED: usize = 100;
/// Of each round the least counts: what happens beside it by chance, and more of it on a busy machine, only adds.
const TRIES: usize = 5;
const TEXT_BYTES: usize = 200;
/// By how much a figure may grow until somebody has to say that it may.
const TOLERANCE: f64 = 0.05;
const KNOWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/count/known.toml");

/// Instructions.
#[derive(Debug, Deserialize, Serialize)]
struct Costs {
    per_delivery: u64,
    per_accepted_message: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let costs = count().await;
    let text = toml::to_string(&costs).expect("two numbers");
    print!("{text}");
    if std::env::args().any(|argument| argument == "--write") {
        std::fs::write(KNOWN, text).expect("count/known.toml can be written");
        return ExitCode::SUCCESS;
    }
    let known: Costs = toml::from_str(&std::fs::read_to_string(KNOWN).expect("count/known.toml")).expect("two numbers");
    let delivery = judged("a delivery", costs.per_delivery, known.per_delivery);
    let message = judged(
        "an accepted message",
        costs.per_accepted_message,
        known.per_accepted_message,
    );
    if delivery && message {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn judged(what: &str, now: u64, known: u64) -> bool {
    let change = now as f64 / known as f64 - 1.0;
    println!("{what}: {now} instructions, {:+.1} % against {known}", 100.0 * change);
    if change > TOLERANCE {
        println!("That is more than it was: make it cheaper, or say why in the change that runs `bin/count --write`.");
    } else if change < -TOLERANCE {
        println!("That is better than it was: keep it by `bin/count --write`.");
    }
    change <= TOLERANCE
}

async fn count() -> Costs {
    let server = Server::start().await;
    let callgrind = Callgrind::around(server.pid());
    let [ada, bert] = server.people(["ada", "bert"]).await;
    let room = ada.room(RoomKind::Public, "Counted", &[&bert]).await.id;
    let mut writer = listening(&ada).await;
    let mut listeners = Vec::new();
    let mut instructions = BTreeMap::new();
    for count in [FEW, MANY] {
        while listeners.len() < count {
            listeners.push(listening(&bert).await);
        }
        talk(&mut writer, &mut listeners, room, WARM).await;
        let (mut least, mut least_delivering) = (u64::MAX, u64::MAX);
        for _ in 0..TRIES {
            callgrind.begin();
            talk(&mut writer, &mut listeners, room, COUNTED).await;
            let counted = callgrind.end();
            least = least.min(counted.all);
            // The database does not know who listens, but its index has more to merge the longer a room is.
            least_delivering = least_delivering.min(counted.all - counted.writer);
        }
        instructions.insert(count, (least, least_delivering));
    }
    let per_delivery = (instructions[&MANY].1 - instructions[&FEW].1) / (COUNTED * (MANY - FEW)) as u64;
    // The writer listens too.
    let deliveries = (COUNTED * (FEW + 1)) as u64 * per_delivery;
    Costs {
        per_delivery,
        per_accepted_message: (instructions[&FEW].0 - deliveries) / COUNTED as u64,
    }
}

async fn listening(person: &Person) -> Socket {
    let mut socket = Socket::signed_in(person).await;
    socket.resume(&BTreeMap::new()).await;
    socket
}

/// So many messages, each after everybody has heard the one before.
async fn talk(writer: &mut Socket, listeners: &mut [Socket], room: Uuid, messages: usize) {
    for _ in 0..messages {
        let answer = writer.ask(|reference| post(reference, room)).await.expect("posted");
        let Frame::Ok { seq: Some(seq), .. } = answer else {
            panic!("an answer without a number: {answer:?}")
        };
        for listener in &mut *listeners {
            listener.entries_until(room, seq).await;
        }
    }
}

fn post(reference: String, room: Uuid) -> Command {
    Command::Post {
        client_id: reference.clone(),
        reference,
        room,
        text: "word ".repeat(TEXT_BYTES / 5),
        reply_to: None,
        location: None,
    }
}
