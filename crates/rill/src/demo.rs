//! `rill demo`: sample rooms and people in memory, on loopback, to try everything at once.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use anyhow::{Result, ensure};
use chat::Chat;
use chat::account::{Actor, Peer, ProfileChanges};
use chat::message::post::Post;
use chat::room::RoomKind;
use chat::room::open::NewRoomRequest;

use crate::config::Config;
use crate::serve;

/// What all of them sign in with.
const PASSWORD: &str = "correct horse";

const PEOPLE: &[(&str, &str)] = &[
    ("ada", "Ada Lovelace"),
    ("grace", "Grace Hopper"),
    ("nour", "نور الهدى"),
    ("haruka", "春香"),
];

const TALK: &[(&str, &str)] = &[
    ("ada", "Morning! The survey of the **north slope** starts at 9."),
    ("grace", "On my way. Roads are icy, I will be there at 9:15."),
    ("nour", "صباح الخير، أنا في الموقع"),
    ("haruka", "おはようございます。カメラの準備ができました 📷"),
    ("ada", "Great. @grace please bring the second tripod."),
    ("grace", "Packed. Notes from yesterday: `slope 14°`, 3 new cracks."),
];

/// Runs the server with everything made up.
pub fn run(mut config: Config, ready_file: Option<&str>) -> Result<()> {
    ensure!(
        config.is_loopback(),
        "the demo listens on loopback only; leave `listen` alone or use 127.0.0.1:PORT"
    );
    config.database = "sqlite::memory:".into();
    config.setup_code = None;
    serve::run_with(&config, ready_file, |chat| async move {
        fill(&chat).await?;
        let names: Vec<_> = PEOPLE.iter().map(|(name, _)| *name).collect();
        eprintln!(
            "Sign in as {} with the password `{PASSWORD}`; nothing is kept.",
            names.join(", ")
        );
        Ok(())
    })
}

async fn fill(chat: &Arc<Chat>) -> Result<()> {
    let peer = Peer {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        label: "demo".into(),
    };
    let mut actors: Vec<Actor> = Vec::new();
    for (username, display_name) in PEOPLE {
        let registration = chat::account::register::Registration {
            username: (*username).into(),
            password: PASSWORD.into(),
            profile: ProfileChanges {
                display_name: Some((*display_name).into()),
                ..ProfileChanges::default()
            },
            setup_code: None,
        };
        let account = chat.register(registration, &peer).await?;
        actors.push(chat.local_actor(&account));
    }
    let field = NewRoomRequest {
        kind: RoomKind::Public,
        name: "Field team".into(),
        topic: "North slope survey".into(),
        description: "Who is where, and what they see.".into(),
        history: None,
        members: actors[1..].iter().map(Actor::id).collect(),
    };
    let room = chat.open_room(&actors[0], field, None).await?.room.id;
    for (name, text) in TALK {
        let actor = actors
            .iter()
            .find(|actor| actor.person.username == *name)
            .expect("one of PEOPLE");
        let post = Post {
            room,
            client_id: None,
            text: (*text).into(),
            reply_to: None,
            location: None,
        };
        chat.post_message(actor, post).await?;
    }
    let (direct, _) = chat.open_direct(&actors[0], vec![actors[1].id()]).await?;
    let hello = Post {
        room: direct.room.id,
        client_id: None,
        text: "Coffee afterwards?".into(),
        reply_to: None,
        location: None,
    };
    chat.post_message(&actors[1], hello).await?;
    Ok(())
}
