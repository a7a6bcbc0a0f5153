//! Who is in the demo: eight people, some with names that are long, or written from right to left.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::Result;
use chat::Chat;
use chat::account::register::Registration;
use chat::account::{Peer, ProfileChanges};

use super::{People, picture};

/// What all of them sign in with.
pub const PASSWORD: &str = "correct horse";

/// Somebody who is made up.
pub struct Sample {
    pub username: &'static str,
    pub display_name: &'static str,
    /// Paints a profile picture.
    picture: Option<fn() -> Vec<u8>>,
}

/// The first of them owns the server.
pub const PEOPLE: &[Sample] = &[
    person("ada", "Ada Lovelace", Some(picture::dawn)),
    person("grace", "Grace Hopper", None),
    person("nour", "نور الهدى", None),
    person("haruka", "春香", Some(picture::moon)),
    person("tomas", "Tomás Ó Briain", None),
    person("yael", "יעל בן־דוד", None),
    person("linh", "Linh 🌿", None),
    person("maxi", "Maximiliana Theodora von Hohenstein-Papadimitriou", None),
];

const fn person(username: &'static str, display_name: &'static str, picture: Option<fn() -> Vec<u8>>) -> Sample {
    Sample {
        username,
        display_name,
        picture,
    }
}

/// Makes their accounts.
pub async fn register(chat: &Chat) -> Result<People> {
    let peer = Peer {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        label: "demo".into(),
    };
    let mut people = People(Default::default());
    for sample in PEOPLE {
        let registration = Registration {
            username: sample.username.into(),
            password: PASSWORD.into(),
            profile: ProfileChanges {
                display_name: Some(sample.display_name.into()),
                ..ProfileChanges::default()
            },
            setup_code: None,
        };
        let mut account = chat.register(registration, &peer).await?;
        if let Some(paint) = sample.picture {
            account = chat.set_avatar(&chat.local_actor(&account), Some(paint())).await?;
        }
        people.0.insert(sample.username, chat.local_actor(&account));
    }
    Ok(people)
}
