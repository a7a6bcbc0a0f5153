//! What is unread and who is meant: the same figures on every device, moved by reading and by nothing else.

use std::collections::BTreeMap;

use protocol::live::Frame;
use protocol::shapes::{MyPart, RoomKind};
use support::people::post;
use support::{Person, Server};
use uuid::Uuid;

async fn mine(person: &Person, room: Uuid) -> MyPart {
    let rooms = person.api.rooms().await.expect("rooms");
    rooms
        .into_iter()
        .find(|mine| mine.id == room)
        .and_then(|room| room.me)
        .expect("a member")
}

async fn figures(person: &Person, room: Uuid) -> (u64, u64) {
    let part = mine(person, room).await;
    (part.unread, part.mentions)
}

#[tokio::test]
async fn only_messages_count_as_unread_and_only_those_of_others() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "count", &[&bob]).await.id;
    assert_eq!(
        (figures(&ada, room).await, figures(&bob, room).await),
        ((0, 0), (0, 0)),
        "a new room is read"
    );
    let message = ada
        .api
        .post(room, &post("one"))
        .await
        .expect("posted")
        .id
        .expect("an id");
    ada.says(room, "two").await;
    ada.api.react(room, message, "👍", true).await.expect("reacted");
    ada.api.edit(room, message, "one, edited").await.expect("edited");
    ada.api.pin(room, message, true).await.expect("pinned");
    assert_eq!((figures(&ada, room).await, figures(&bob, room).await), ((0, 0), (2, 0)));
    bob.says(room, "three").await;
    assert_eq!(
        (figures(&ada, room).await, figures(&bob, room).await),
        ((1, 0), (0, 0)),
        "who answers has read"
    );
}

#[tokio::test]
async fn reading_moves_the_marker_forward_on_all_devices_and_never_back() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "marker", &[&bob]).await.id;
    let mut seqs = Vec::new();
    for number in 0..5 {
        seqs.push(ada.says(room, &format!("message {number}")).await);
    }
    let mut phone = bob.again().await.socket().await;
    phone.resume(&BTreeMap::new()).await;
    let part = bob.api.mark_read(room, seqs[2]).await.expect("read");
    assert_eq!((part.unread, part.read_seq), (2, seqs[2]));
    let told = phone
        .expect("the marker moved", |frame| match frame {
            Frame::Read {
                room: told,
                seq,
                mentions,
                ..
            } if *told == room => Some((*seq, *mentions)),
            _ => None,
        })
        .await;
    assert_eq!(told, (seqs[2], 0));
    let part = bob.api.mark_read(room, seqs[0]).await.expect("read");
    assert_eq!((part.unread, part.read_seq), (2, seqs[2]), "never back");
    let part = bob.api.mark_read(room, u64::MAX >> 1).await.expect("read");
    assert_eq!((part.unread, part.read_seq), (0, seqs[4]), "never beyond the head");
    ada.says(room, "a new one").await;
    assert_eq!(figures(&bob, room).await, (1, 0));
}

#[tokio::test]
async fn who_is_named_is_meant_until_it_is_read_deleted_or_edited_away() {
    let server = Server::start().await;
    let [ada, bob, cleo] = server.people(["ada", "bob", "cleo"]).await;
    let room = ada.room(RoomKind::Private, "names", &[&bob]).await.id;
    let named = ada
        .api
        .post(room, &post("hello @bob and @ada and @cleo"))
        .await
        .expect("posted");
    ada.says(room, "not `@bob` in code, nor bob@bob.example").await;
    assert_eq!(figures(&bob, room).await, (2, 1));
    let message = bob
        .api
        .message(room, named.id.expect("an id"))
        .await
        .expect("the message");
    assert!(
        message.mentions.contains(&bob.id()) && !message.mentions.contains(&cleo.id()),
        "only members are meant: {message:?}"
    );
    let all = ada.api.post(room, &post("@room listen")).await.expect("posted");
    assert_eq!(figures(&bob, room).await, (3, 2));
    ada.api.delete(room, all.id.expect("an id")).await.expect("deleted");
    assert_eq!(figures(&bob, room).await.1, 1, "what was deleted means nobody");
    ada.api
        .edit(room, named.id.expect("an id"), "hello")
        .await
        .expect("edited");
    assert_eq!(figures(&bob, room).await.1, 0, "nor does what was edited away");
    ada.says(room, "@bob again").await;
    assert_eq!(figures(&bob, room).await.1, 1);
    let head = ada.api.room(room).await.expect("the room").last_seq;
    assert_eq!(bob.api.mark_read(room, head).await.expect("read").mentions, 0);
}

#[tokio::test]
async fn a_newcomer_starts_with_nothing_unread() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "old", &[]).await.id;
    for number in 0..3 {
        ada.says(room, &format!("@room message {number}")).await;
    }
    bob.api.join(room).await.expect("joined");
    assert_eq!(figures(&bob, room).await, (0, 0));
    ada.says(room, "after").await;
    assert_eq!(figures(&bob, room).await, (1, 0));
    let messages = bob
        .api
        .messages(room, client::api::messages::Range::Latest, 10)
        .await
        .expect("a page");
    assert_eq!(messages.items.len(), 4, "although the history is there to read");
}
