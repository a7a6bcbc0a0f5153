//! Who listens: over a socket that resumes by itself, and over a stream of server-sent events with its last id.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::live::{Live, Proof, Settings};
use protocol::live::Frame;
use reqwest::Method;
use serde_json::json;
use support::engine::{Told, Wire, frame};
use support::history::{Heard, Line, Listener};
use support::stream::{Events, Piece};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::load::Load;
use crate::people::Member;

/// What somebody has heard so far.
pub(crate) type Ear = Arc<Mutex<Listener>>;

/// Before a stream is opened again.
const AGAIN: Duration = Duration::from_millis(150);
/// A stream that says nothing for so long is given up; the server comments every 15 s.
const SILENCE: Duration = Duration::from_secs(20);
/// How long a stream may be open at most.
const STREAM: Duration = Duration::from_secs(600);

fn ear(load: &Load, member: &Member, way: &str) -> Ear {
    Arc::new(Mutex::new(Listener {
        name: format!("{} over {way}", member.person.username),
        user: member.id(),
        cursors: load.crowd.heads.clone(),
        ..Listener::default()
    }))
}

/// A live connection from where the rooms stood at the start.
pub(crate) fn live(load: &Arc<Load>, member: &Member, node: Option<usize>, proof: Proof) -> (Live, Ear) {
    let ear = ear(load, member, "a socket");
    let (watch, mut frames) = mpsc::channel(1024);
    let person = member.person_through(node);
    let settings = Settings {
        cursors: load.crowd.heads.clone(),
        epoch: Some(load.crowd.epoch.clone()),
        watch: Some(watch),
        ..person.live_settings(proof)
    };
    let (live, mut events) = Live::start(person.api.clone(), settings);
    let (wire, view, clock) = (ear.clone(), ear.clone(), load.clone());
    tokio::spawn(async move {
        while let Some((_, frame)) = frames.recv().await {
            let at = clock.now();
            wire.lock().expect("not poisoned").note_frame_at(at, &frame);
        }
    });
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            view.lock().expect("not poisoned").note_event(&event);
        }
    });
    (live, ear)
}

/// A stream of events that is opened again whenever it ends, until its task is aborted.
pub(crate) fn stream(load: &Arc<Load>, member: &Member, node: Option<usize>) -> (JoinHandle<()>, Ear) {
    let ear = ear(load, member, "a stream");
    let (load, member, mine) = (load.clone(), member.clone(), ear.clone());
    let task = tokio::spawn(async move {
        let mut follower = Follower {
            cursors: load.crowd.heads.clone(),
            ear: mine,
            last_id: None,
        };
        loop {
            follower.follow(&load, &member, node).await;
            sleep(AGAIN).await;
        }
    });
    (task, ear)
}

/// A client of Socket.IO that connects again whenever its connection ends, until its task is aborted.
pub(crate) fn socket_io(load: &Arc<Load>, member: &Member, node: Option<usize>) -> (JoinHandle<()>, Ear) {
    let ear = ear(load, member, "Socket.IO");
    let (load, member, mine) = (load.clone(), member.clone(), ear.clone());
    let task = tokio::spawn(async move {
        let mut follower = Follower {
            cursors: load.crowd.heads.clone(),
            ear: mine,
            last_id: None,
        };
        loop {
            follower.follow_by_socket_io(&load, &member, node).await;
            sleep(AGAIN).await;
        }
    });
    (task, ear)
}

/// The rule of a client, for streams and for Socket.IO.
struct Follower {
    cursors: BTreeMap<Uuid, u64>,
    ear: Ear,
    last_id: Option<String>,
}

impl Follower {
    async fn follow_by_socket_io(&mut self, load: &Load, member: &Member, node: Option<usize>) {
        let api = member.through(node);
        let Ok(token) = api.access_token().await else { return };
        // Whoever connects follows their rooms at once: the cursors come with it.
        let auth = json!({ "token": token, "epoch": load.crowd.epoch, "rooms": self.cursors });
        let Some(mut wire) = Wire::try_signed_in(api.server().as_str(), &auth).await else {
            return;
        };
        self.ear.lock().expect("not poisoned").wire.push(Heard::Connected);
        // The server pings every 25 s.
        while let Ok(Told::Packet(packet)) = timeout(2 * SILENCE, wire.told()).await {
            if packet == "2" {
                wire.say("3").await;
            } else if let Some(frame) = frame(&packet, None) {
                self.hear(load.now(), &frame);
                if matches!(frame, Frame::Resync) {
                    return;
                }
            }
        }
    }

    async fn follow(&mut self, load: &Load, member: &Member, node: Option<usize>) {
        let Some(mut events) = self.open(load, member, node).await else {
            return;
        };
        while let Ok(piece) = timeout(SILENCE, events.piece()).await {
            match piece {
                Piece::Event { frame, .. } => self.hear(load.now(), &frame),
                Piece::Comment(_) | Piece::Retry(_) => {}
                Piece::Closed => return,
            }
            if !events.last_id.is_empty() {
                self.last_id = Some(events.last_id.clone());
            }
        }
    }

    async fn open(&self, load: &Load, member: &Member, node: Option<usize>) -> Option<Events> {
        let mut path = "events".to_owned();
        if self.last_id.is_none() {
            let rooms = load.crowd.heads.iter().map(|(room, seq)| format!("{room}:{seq}"));
            let rooms = rooms.collect::<Vec<_>>().join(",");
            path = format!("events?rooms={rooms}&epoch={}", load.crowd.epoch);
        }
        let mut request = member.through(node).request(Method::GET, &path).await.ok()?;
        request = request.header("Accept", "text/event-stream").timeout(STREAM);
        if let Some(id) = &self.last_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = timeout(SILENCE, request.send()).await.ok()?.ok()?;
        let status = response.status();
        assert!(
            status.is_success() || status.is_server_error() || status.as_u16() == 429,
            "the stream was refused with {status}"
        );
        status.is_success().then(|| Events::read(response))
    }

    fn hear(&mut self, at: u64, frame: &Frame) {
        let mut ear = self.ear.lock().expect("not poisoned");
        ear.note_frame_at(at, frame);
        match frame {
            Frame::Entry { entry } => {
                let cursor = self.cursors.entry(entry.room).or_insert(entry.seq - 1);
                if entry.seq > *cursor {
                    *cursor = entry.seq;
                    ear.view.push(Line::from(&**entry));
                }
            }
            Frame::Reset { room, head } => {
                self.cursors.insert(*room, *head);
            }
            Frame::RoomAdded { room, seq } => {
                let cursor = self.cursors.entry(*room).or_insert(seq - 1);
                *cursor = (*cursor).max(seq - 1);
            }
            Frame::RoomGone { room, .. } => {
                self.cursors.remove(room);
            }
            Frame::Resumed { rooms, .. } => {
                for (room, head) in rooms {
                    self.cursors.entry(*room).or_insert(*head);
                }
            }
            _ => {}
        }
    }
}
