//! Who is here and who is typing: told to those whom it concerns, and to nobody else.

use std::collections::BTreeMap;

use protocol::live::{Command, Frame};
use protocol::shapes::{RoomKind, Status};
use support::stream::Events;
use support::{Person, Server, Socket, until};
use uuid::Uuid;

async fn listening(person: &Person) -> Socket {
    let mut socket = person.socket().await;
    socket.resume(&BTreeMap::new()).await;
    socket
}

fn typing(frames: &[Frame]) -> Vec<(Uuid, Uuid, bool)> {
    let typing = frames.iter().filter_map(|frame| match frame {
        Frame::Typing { room, person, on } => Some((*room, person.id, *on)),
        _ => None,
    });
    typing.collect()
}

#[tokio::test]
async fn typing_is_told_to_the_others_in_the_room_and_to_no_stranger() {
    let server = Server::start().await;
    let [ada, bob, eve] = server.people(["ada", "bob", "eve"]).await;
    let room = ada.room(RoomKind::Private, "two", &[&bob]).await.id;
    let (mut adas, mut bobs, mut eves) = (listening(&ada).await, listening(&bob).await, listening(&eve).await);
    adas.send(&Command::Typing { room, on: true }).await;
    let told = bobs
        .expect("typing", |frame| match frame {
            Frame::Typing { room, person, on } => Some((*room, person.clone(), *on)),
            _ => None,
        })
        .await;
    assert_eq!(told, (room, ada.me.person.clone(), true));
    ada.api.typing(room, false).await.expect("no longer");
    let off = bobs
        .expect("typing has ended", |frame| match frame {
            Frame::Typing { on, .. } => Some(*on),
            _ => None,
        })
        .await;
    assert!(!off);
    assert_eq!(typing(&adas.heard_so_far().await), [], "nobody is told of oneself");
    assert_eq!(typing(&eves.heard_so_far().await), [], "a stranger hears nothing");

    eves.send(&Command::Typing { room, on: true }).await;
    assert_eq!(
        eve.api.typing(room, true).await.expect_err("a foreign room").code(),
        Some("not_found")
    );
    eves.heard_so_far().await;
    assert_eq!(
        typing(&bobs.heard_so_far().await),
        [],
        "and cannot be heard typing there"
    );
}

async fn status(socket: &mut Socket, of: &Person) -> Status {
    socket
        .expect("presence", |frame| match frame {
            Frame::Presence { user, status, .. } if *user == of.id() => Some(*status),
            _ => None,
        })
        .await
}

async fn listed(asker: &Person, room: Uuid, of: &Person) -> Status {
    let members = asker.api.members(room).await.expect("members");
    members
        .iter()
        .find(|member| member.person.id == of.id())
        .expect("a member")
        .status
}

#[tokio::test]
async fn somebody_is_here_while_one_of_their_sockets_is_and_a_little_longer() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "two", &[&bob]).await.id;
    let mut adas = listening(&ada).await;
    assert_eq!(listed(&ada, room, &bob).await, Status::Offline);
    let first = listening(&bob).await;
    assert_eq!(status(&mut adas, &bob).await, Status::Online);
    assert_eq!(listed(&ada, room, &bob).await, Status::Online);
    let mut second = listening(&bob).await;
    drop(first);
    second.send(&Command::Presence { status: Status::Away }).await;
    assert_eq!(
        status(&mut adas, &bob).await,
        Status::Away,
        "a second socket is not news, being away is"
    );
    second.send(&Command::Presence { status: Status::Online }).await;
    assert_eq!(status(&mut adas, &bob).await, Status::Online);
    drop(second);
    assert_eq!(status(&mut adas, &bob).await, Status::Offline);
    until("bob is listed as offline", async || {
        (listed(&ada, room, &bob).await == Status::Offline).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_reload_is_not_a_departure() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "two", &[&bob]).await.id;
    let mut adas = listening(&ada).await;
    let before = listening(&bob).await;
    assert_eq!(status(&mut adas, &bob).await, Status::Online);
    drop(before);
    let _after = listening(&bob).await;
    let seq = bob.says(room, "back").await;
    adas.expect("the message, and no word of leaving", |frame| match frame {
        Frame::Presence {
            user,
            status: Status::Offline,
            ..
        } if *user == bob.id() => panic!("offline in between"),
        Frame::Entry { entry } if entry.seq == seq => Some(()),
        _ => None,
    })
    .await;
    assert_eq!(listed(&ada, room, &bob).await, Status::Online);
}

#[tokio::test]
async fn who_only_listens_to_a_stream_says_by_a_request_that_they_are_away() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "two", &[&bob]).await.id;
    let mut adas = listening(&ada).await;
    bob.api.set_presence(Status::Online).await.expect("said");
    assert_eq!(
        listed(&ada, room, &bob).await,
        Status::Offline,
        "who holds no connection is not here"
    );
    let mut stream = Events::open(&bob, "", None).await;
    stream
        .expect("resumed", |frame| matches!(frame, Frame::Resumed { .. }).then_some(()))
        .await;
    assert_eq!(status(&mut adas, &bob).await, Status::Online);
    bob.api.set_presence(Status::Away).await.expect("said");
    assert_eq!(status(&mut adas, &bob).await, Status::Away);
    let elsewhere = bob.again().await;
    elsewhere.api.set_presence(Status::Online).await.expect("said");
    assert_eq!(
        listed(&ada, room, &bob).await,
        Status::Away,
        "another session does not speak for this one's stream"
    );
    let socket = listening(&elsewhere).await;
    assert_eq!(status(&mut adas, &bob).await, Status::Online);
    elsewhere.api.set_presence(Status::Away).await.expect("said");
    assert_eq!(
        listed(&ada, room, &bob).await,
        Status::Online,
        "a socket speaks for itself"
    );
    drop(socket);
    assert_eq!(status(&mut adas, &bob).await, Status::Away);
    bob.api.set_presence(Status::Online).await.expect("said");
    assert_eq!(status(&mut adas, &bob).await, Status::Online);
    let refused = bob
        .api
        .set_presence(Status::Offline)
        .await
        .expect_err("close it instead");
    assert_eq!(refused.code(), Some("invalid"));
    drop(stream);
    assert_eq!(status(&mut adas, &bob).await, Status::Offline);
}
