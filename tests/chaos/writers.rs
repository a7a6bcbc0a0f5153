//! Who writes: over a socket that resumes by itself, over REST with repeats by any node, and many at once over a bare
//! socket. Nobody gives up a send before the run is over.

use std::sync::Arc;
use std::time::Duration;

use client::live::Live;
use protocol::live::{Command, Frame};
use serde_json::json;
use support::engine::{Told, Wire, event, frame};
use support::history::{Attempt, Outcome, Way};
use support::people::post_as;
use support::socket::{Heard, Socket};
use tokio::time::{sleep, timeout};

use crate::load::{Lane, Load, acknowledged};
use crate::people::Member;
use crate::seed::Chance;

/// Before the same is asked again.
const AGAIN: Duration = Duration::from_millis(60);
/// After so many failures in a row another way is tried.
const PATIENCE: u32 = 3;
/// Sends that are under way at once on a bare socket.
const AT_ONCE: usize = 3;
/// A bare socket that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(6);

/// Writes over a live connection until the load stops.
pub(crate) async fn over_live(load: Arc<Load>, live: Live, lane: Lane, mut chance: Chance) {
    let mut number = 0;
    while load.goes_on() {
        let mut attempt = load.begin(&lane, number, &mut chance);
        number += 1;
        attempt.outcome = tokio::select! {
            done = live.post(attempt.room, post_as(&attempt.client_id, &attempt.text)) => match done {
                Ok(done) => acknowledged(done.seq, done.id),
                Err(error) => {
                    eprintln!("lane {} was refused: {error}", lane.number);
                    Outcome::Refused
                }
            },
            () = load.over() => Outcome::Unknown,
        };
        load.end(attempt);
        sleep(load.pause).await;
    }
}

/// Writes over REST until the load stops.
pub(crate) async fn over_rest(load: Arc<Load>, member: Member, lane: Lane, mut chance: Chance) {
    let mut number = 0;
    while load.goes_on() {
        let mut attempt = load.begin(&lane, number, &mut chance);
        number += 1;
        post(&load, &member, &mut attempt).await;
        load.end(attempt);
        sleep(load.pause).await;
    }
}

/// Posts until there is an answer. A refusal counts only where no earlier try may still be on its way.
async fn post(load: &Load, member: &Member, attempt: &mut Attempt) {
    let words = post_as(&attempt.client_id, &attempt.text);
    let (mut node, mut failures, mut unsure) = (attempt.node, 0, false);
    while !load.is_over() {
        match member.through(node).post(attempt.room, &words).await {
            Ok(recorded) => {
                attempt.outcome = acknowledged(recorded.seq, recorded.id);
                return;
            }
            Err(error) if error.retry_after().is_none() && !unsure => {
                attempt.outcome = Outcome::Refused;
                return;
            }
            Err(_) => {
                unsure = true;
                failures += 1;
                if failures == PATIENCE {
                    (node, attempt.node) = (None, None);
                }
                sleep(AGAIN).await;
            }
        }
    }
}

/// Writes over Socket.IO until the load stops; what was not answered is sent again on another connection.
pub(crate) async fn over_socket_io(load: Arc<Load>, member: Member, lane: Lane, mut chance: Chance) {
    let mut wire = None;
    let mut number = 0;
    while load.goes_on() {
        let mut attempt = load.begin(&lane, number, &mut chance);
        number += 1;
        while attempt.outcome == Outcome::Unknown && !load.is_over() {
            let mut open = match wire.take() {
                Some(open) => open,
                None => match connect_socket_io(&member, lane.node).await {
                    Some(open) => open,
                    None => {
                        sleep(AGAIN).await;
                        continue;
                    }
                },
            };
            match ask(&mut open, &attempt, number).await {
                Some(Frame::Ok { seq, id, .. }) => attempt.outcome = acknowledged(seq, id),
                Some(_) => sleep(AGAIN).await,
                None => continue,
            }
            wire = Some(open);
        }
        load.end(attempt);
        sleep(load.pause).await;
    }
}

async fn connect_socket_io(member: &Member, node: Option<usize>) -> Option<Wire> {
    let api = member.through(node);
    let token = api.access_token().await.ok()?;
    Wire::try_signed_in(api.server().as_str(), &json!({ "token": token })).await
}

/// The answer to the send; nothing if the connection is not good any longer.
async fn ask(wire: &mut Wire, attempt: &Attempt, number: u64) -> Option<Frame> {
    wire.say(&event(&command(attempt), Some(number))).await;
    while let Ok(Told::Packet(packet)) = timeout(SILENCE, wire.told()).await {
        if packet == "2" {
            wire.say("3").await;
        } else if let Some(answer) = frame(&packet, Some(number)) {
            return Some(answer);
        }
    }
    None
}

/// Writes several at once over a bare socket until the load stops. What a connection did not answer is repeated on
/// another, and has no order any longer.
pub(crate) async fn over_bare_sockets(load: Arc<Load>, member: Member, lane: Lane, mut chance: Chance) {
    let mut socket = None;
    let (mut number, mut loose) = (0, lane.number * 1_000_000);
    while load.goes_on() {
        let room = load.begin(&lane, 0, &mut chance).room;
        let mut waiting: Vec<Attempt> = (0..AT_ONCE)
            .map(|_| {
                number += 1;
                let mut attempt = load.begin(&lane, number, &mut chance);
                attempt.room = room;
                attempt
            })
            .collect();
        while !waiting.is_empty() && !load.is_over() {
            let mut open = match socket.take() {
                Some(open) => open,
                None => match connect(&member, lane.node).await {
                    Some(open) => open,
                    None => {
                        sleep(AGAIN).await;
                        continue;
                    }
                },
            };
            if exchange(&load, &mut open, &mut waiting).await {
                socket = Some(open);
            } else {
                sleep(AGAIN).await;
            }
            for attempt in &mut waiting {
                loose += 1;
                attempt.lane = loose;
            }
        }
        waiting.into_iter().for_each(|attempt| load.end(attempt));
        sleep(load.pause * AT_ONCE as u32).await;
    }
}

async fn connect(member: &Member, node: Option<usize>) -> Option<Socket> {
    let api = member.through(node);
    let token = api.access_token().await.ok()?;
    Socket::try_signed_in(api.server().as_str(), &token).await
}

/// Sends all and notes who was answered; false if the socket is not good any longer.
async fn exchange(load: &Load, socket: &mut Socket, waiting: &mut Vec<Attempt>) -> bool {
    let commands: Vec<Command> = waiting.iter().map(command).collect();
    if !socket.try_send_all(&commands).await {
        return false;
    }
    let mut answers = waiting.len();
    while answers > 0 {
        let frame = match timeout(SILENCE, socket.read()).await {
            Ok(Heard::Frame(frame)) => frame,
            Ok(Heard::Closed(_)) | Err(_) => return false,
        };
        match *frame {
            Frame::Ok { reference, seq, id, .. } => {
                answers -= 1;
                if let Some(at) = waiting.iter().position(|attempt| attempt.client_id == reference) {
                    let mut attempt = waiting.remove(at);
                    attempt.outcome = acknowledged(seq, id);
                    load.end(attempt);
                }
            }
            Frame::Error { reference: Some(_), .. } => answers -= 1,
            Frame::Error { reference: None, .. } => return false,
            _ => {}
        }
    }
    true
}

fn command(attempt: &Attempt) -> Command {
    Command::Post {
        reference: attempt.client_id.clone(),
        room: attempt.room,
        client_id: attempt.client_id.clone(),
        text: attempt.text.clone(),
        reply_to: None,
        location: None,
    }
}

/// The lane of somebody, by its number.
pub(crate) fn lane(number: u64, member: &Member, way: Way, node: Option<usize>) -> Lane {
    Lane {
        number,
        sender: member.id(),
        way,
        node,
    }
}
