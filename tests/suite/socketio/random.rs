//! Packets that no client sends: sound ones, cut, doubled and changed at random, over sockets and by requests. The
//! server refuses them or hangs up; it neither panics nor lets anybody else feel it.
//!
//! `RANDOM_ROUNDS` says how many rounds, for who wants to let it run for hours; `RANDOM_SEED` where to begin.

use std::sync::Arc;

use protocol::live::{Command, Frame};
use serde_json::json;
use support::engine::{CONNECT, Poller, Told, Wire};
use support::{Server, Socket};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

const ROUNDS: u64 = 30;
const PACKETS: u64 = 24;

/// A generator of no worth but that it always does the same (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below.max(1)
    }

    fn place(&mut self, text: &[u8]) -> usize {
        self.next(text.len() as u64 + 1) as usize
    }
}

/// One of the sound packets, changed a few times.
fn packet(dice: &mut Dice, sound: &[String]) -> Vec<u8> {
    const SIGNS: &[u8] = b"0123456789b[]{}\"\\,/-:.\x1e \x00\xff\xc3\xa9aeu";
    let pick = |dice: &mut Dice| sound[dice.next(sound.len() as u64) as usize].clone().into_bytes();
    let mut bytes = pick(dice);
    for _ in 0..dice.next(5) {
        let at = dice.place(&bytes);
        match dice.next(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, SIGNS[dice.next(SIGNS.len() as u64) as usize]),
            2 if at < bytes.len() => bytes[at] = SIGNS[dice.next(SIGNS.len() as u64) as usize],
            3 => {
                let part = bytes.split_off(at);
                bytes.extend_from_slice(&part.repeat(1 + dice.next(20) as usize));
            }
            4 => bytes.extend(pick(dice)),
            _ => drop(bytes.drain(..at)),
        }
    }
    bytes.truncate(100_000);
    bytes
}

fn sound(token: &str, room: Uuid) -> Vec<String> {
    let post = json!(["post", {"room": room, "client_id": "c", "text": "t"}]);
    [
        "1",
        "2",
        "2probe",
        "3",
        "5",
        "6",
        "bAQID",
        "40",
        "41",
        "41/rill,",
        "42[\"message\",{\"roomId\":\"0\",\"message\":\"x\"}]",
        "42/rill,[\"ping\"]",
        "42/rill,0[\"typing\",{\"room\":\"0\",\"on\":true}]",
        "43/rill,1[]",
        "44/rill,{}",
        "451-/rill,3[\"post\",{\"_placeholder\":true,\"num\":0}]",
        "461-/rill,3[{\"_placeholder\":true,\"num\":0}]",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([
        format!("{CONNECT}{{\"token\":\"{token}\"}}"),
        format!("{CONNECT}{{\"token\":\"{token}\",\"rooms\":{{\"{room}\":1}},\"epoch\":\"x\"}}"),
        format!("42/rill,12{post}"),
        format!("42/rill,{}", json!(["resume", {"rooms": {room.to_string(): 0}}])),
    ])
    .collect()
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

#[tokio::test]
async fn packets_at_random_harm_nobody() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = bob.api.rooms().await.expect("rooms")[0].id;
    let mut other = Socket::signed_in(&bob).await;
    let seed = setting("RANDOM_SEED", 0x05ee_d0fa_11c0_ffee);
    println!("RANDOM_SEED={seed}");
    let mut dice = Dice(seed.max(1));
    for round in 0..setting("RANDOM_ROUNDS", ROUNDS) {
        if round % 100 == 0 {
            println!("round {round}");
        }
        let token = ada.api.access_token().await.expect("signed in");
        let sound = sound(&token, room);
        let connect = format!("{CONNECT}{{\"token\":\"{token}\"}}");
        let mut wire = Wire::open(&server.url(), None).await;
        if dice.next(4) > 0 {
            wire.say(&connect).await;
        }
        let poller = Poller::open(&server.url(), &[]).await.expect("a handshake");
        if dice.next(4) > 0 {
            poller.say(&[&connect]).await;
        }
        let poller = Arc::new(poller);
        let fetching = tokio::spawn({
            let poller = poller.clone();
            async move { while poller.get().await.0 == 200 {} }
        });
        for _ in 0..PACKETS {
            let bytes = packet(&mut dice, &sound);
            poller.post(&[&String::from_utf8_lossy(&bytes)]).await;
            let message = match String::from_utf8(bytes) {
                Ok(text) => Message::text(text),
                Err(error) => Message::binary(error.into_bytes()),
            };
            wire.send(message).await;
        }
        // One that begins with something else than it should.
        let mut probe = Wire::open(&server.url(), None).await;
        probe.say(&String::from_utf8_lossy(&packet(&mut dice, &sound))).await;
        probe.say("1").await;
        wire.say("1").await;
        while let Told::Packet(_) = wire.next().await {}
        poller.post(&["1"]).await;
        fetching.await.expect("every request is answered");
        let reference = Some(round.to_string());
        other
            .send(&Command::Ping {
                reference: reference.clone(),
            })
            .await;
        other
            .expect("a pong", |frame| match frame {
                Frame::Pong { reference: mine } if *mine == reference => Some(()),
                _ => None,
            })
            .await;
        assert!(!server.log().contains("panicked"), "round {round}: {}", server.log());
    }
}
