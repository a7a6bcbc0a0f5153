//! How adapters store what an entry says: JSON of `Body` and of `Location`.
//!
//! Stored rows outlive the program that wrote them, so a change of shape must be deliberate: the snapshots below tell.

use chat::event::Body;
use chat::message::Location;
use ring::digest::{SHA256, digest};

/// The body as it stands in `log.body`.
pub(crate) fn write_body(body: &Body) -> String {
    serde_json::to_string(body).expect("a body is plain data")
}

/// Reads what `write_body` wrote, today or with an earlier version.
pub(crate) fn read_body(json: &str) -> serde_json::Result<Body> {
    serde_json::from_str(json)
}

/// Of what the client said: two sends with one client id are the same send if this is equal.
pub(crate) fn summary(body: &Body) -> Vec<u8> {
    digest(&SHA256, body.said().as_bytes()).as_ref()[..16].to_vec()
}

/// The place as it stands in `messages.location`.
pub(crate) fn write_location(place: &Location) -> String {
    serde_json::to_string(place).expect("a place is plain data")
}

/// Reads what `write_location` wrote.
pub(crate) fn read_location(json: &str) -> serde_json::Result<Location> {
    serde_json::from_str(json)
}

#[cfg(test)]
mod tests {
    use chat::ids::{EntryId, UserId};
    use chat::message::Target;
    use chat::room::{History, NewRoom, RoomChanges, RoomKind, RoomRole};
    use uuid::Uuid;

    use super::*;

    fn bodies() -> Vec<Body> {
        let user = UserId(Uuid::from_u128(7));
        let message = Target {
            id: EntryId(Uuid::from_u128(9)),
            seq: 3,
        };
        let room = NewRoom {
            kind: RoomKind::Public,
            name: "Garden".into(),
            topic: "Beans".into(),
            description: "All about beans".into(),
            history: History::All,
            protected: false,
            direct_key: None,
        };
        let location = Location {
            latitude: 0.0,
            longitude: -13.4,
            accuracy: Some(12.5),
            label: "Pier".into(),
        };
        vec![
            Body::RoomOpened {
                room,
                members: vec![user],
            },
            Body::RoomChanged {
                changes: RoomChanges {
                    name: Some("Orchard".into()),
                    history: Some(History::Joined),
                    ..Default::default()
                },
            },
            Body::RoomArchived,
            Body::RoomUnarchived,
            Body::RoomDeleted,
            Body::MemberJoined,
            Body::MemberInvited { user },
            Body::MemberLeft,
            Body::MemberRemoved { user },
            Body::MemberRoleChanged {
                user,
                role: RoomRole::Moderator,
            },
            Body::MessagePosted {
                text: "Grüße @ada".into(),
                thread: Some(message),
                mentions: vec![user],
                mentions_room: true,
                location: Some(location),
            },
            Body::MessageEdited {
                message,
                text: "Hallo".into(),
                mentions: vec![user],
                mentions_room: false,
            },
            Body::MessageDeleted { message },
            Body::ReactionAdded {
                message,
                emoji: "👍".into(),
            },
            Body::ReactionRemoved {
                message,
                emoji: "👍".into(),
            },
            Body::MessagePinned { message },
            Body::MessageUnpinned { message },
        ]
    }

    #[test]
    fn the_stored_shape_of_every_body_stays_as_it_is() {
        let lines: Vec<String> = bodies().iter().map(write_body).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn what_was_stored_reads_back_the_same() {
        for body in bodies() {
            assert_eq!(read_body(&write_body(&body)).unwrap(), body);
        }
    }

    #[test]
    fn a_redacted_message_says_nothing_but_keeps_its_place() {
        let words = ["Grüße", "Hallo", "Pier", "00000007"];
        for body in bodies()
            .into_iter()
            .filter(|body| matches!(body, Body::MessagePosted { .. } | Body::MessageEdited { .. }))
        {
            let stored = write_body(&body.clone().without_words());
            assert!(words.iter().all(|word| !stored.contains(word)), "{stored}");
            assert_eq!(body.clone().without_words().target(), body.target());
        }
    }
}
