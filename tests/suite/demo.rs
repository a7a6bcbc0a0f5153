//! `rill demo` as people find it who try the product for the first time.

use client::api::Api;
use client::api::messages::Range;
use protocol::rest::{SessionKind, SignIn};
use protocol::shapes::{Message, Room, RoomKind};
use reqwest::Method;
use support::people::answer;
use support::{Options, Server};

async fn signed_in(server: &Server, name: &str) -> Api {
    let api = server.api();
    let sign_in = SignIn {
        login: name.to_owned(),
        password: "correct horse".to_owned(),
        session: SessionKind::Token,
    };
    api.sign_in(&sign_in)
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    api
}

fn named<'a>(rooms: &'a [Room], name: &str) -> &'a Room {
    rooms
        .iter()
        .find(|room| room.name == name)
        .unwrap_or_else(|| panic!("no room {name}"))
}

fn unread(room: &Room) -> (u64, u64) {
    let me = room.me.as_ref().expect("one of ada's rooms");
    (me.unread, me.mentions)
}

#[tokio::test]
async fn the_demo_has_people_rooms_and_a_talk_over_days_with_something_unread() {
    let server = Server::with(Options::demo()).await;
    let api = signed_in(&server, "ada").await;
    for name in ["grace", "nour", "haruka", "tomas", "yael", "linh", "maxi"] {
        signed_in(&server, name).await;
    }
    let rooms = api.rooms().await.expect("rooms");
    let field = named(&rooms, "Field team");
    assert_eq!(unread(field), (4, 1));
    assert_eq!(unread(named(&rooms, "Announcements")), (0, 0));
    assert_eq!(named(&rooms, "Next season").kind, RoomKind::Private);
    assert!(named(&rooms, "Last season").archived);
    let directs = rooms
        .iter()
        .filter(|room| room.kind == RoomKind::Direct && unread(room).0 > 0);
    assert_eq!(directs.count(), 2);
    let group = rooms.iter().find(|room| room.kind == RoomKind::Group).expect("a group");
    assert_eq!(unread(group), (1, 0));
    assert!(!rooms.iter().any(|room| room.name == "Archive"), "only if it is wanted");

    let talk = api
        .messages(field.id, Range::Latest, 100)
        .await
        .expect("the talk")
        .items;
    let days: std::collections::BTreeSet<&str> = talk.iter().map(|message| &message.at[..10]).collect();
    assert!(days.len() >= 4, "{days:?}");
    let any = |what: &str, is: &dyn Fn(&Message) -> bool| assert!(talk.iter().any(is), "{what}");
    any("an edit", &|message| message.edited_at.is_some());
    any("a deletion", &|message| message.deleted_at.is_some());
    any("a pin", &|message| message.pinned_at.is_some());
    any("a thread", &|message| message.replies >= 5);
    any("reactions", &|message| message.reactions.len() == 2);
    any("a place", &|message| message.location.is_some());
    any("code", &|message| {
        message
            .text
            .contains("```python\ndef in_a_hurry(widths, limit=0.5):\n    ")
    });
    any("a table", &|message| {
        message.text.contains("| 3 | 2.7 | 4.4 | **+1.7** |")
    });

    let me = api.me().await.expect("ada");
    let path = me.person.avatar.expect("a picture");
    let path = path.strip_prefix("/api/v1/").expect("a path of the API");
    let picture = api.request(Method::GET, path).await.expect("signed in");
    let picture = picture.send().await.expect("an answer");
    assert_eq!(picture.headers()["content-type"], "image/png");
}

#[tokio::test]
async fn a_demo_with_an_archive_has_that_many_messages_over_a_year_and_the_same_ones_each_time() {
    let demo = || Options::demo().flag("--messages", "700");
    let mut texts = Vec::new();
    for server in [Server::with(demo()).await, Server::with(demo()).await] {
        let api = signed_in(&server, "grace").await;
        let rooms = api.rooms().await.expect("rooms");
        let archive = named(&rooms, "Archive");
        assert_eq!((archive.last_ordinal, unread(archive)), (700, (0, 0)));
        let first = api
            .messages(archive.id, Range::After(0), 200)
            .await
            .expect("the oldest")
            .items;
        let last = api
            .messages(archive.id, Range::Latest, 1)
            .await
            .expect("the newest")
            .items;
        let years = |message: &Message| message.at[..4].parse::<u32>().expect("a year");
        assert!(years(&first[0]) < years(&last[0]), "{} to {}", first[0].at, last[0].at);
        let found = api
            .messages_at(archive.id, &first[150].at, 1)
            .await
            .expect("a page")
            .items;
        assert_eq!(found[0].at, first[150].at);
        texts.push(first.into_iter().map(|message| message.text).collect::<Vec<_>>());
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn the_demo_makes_no_secret_of_itself_and_asks_for_no_code() {
    let server = Server::with(Options::demo()).await;
    let (_, info) = answer(server.api().open(Method::GET, "server")).await;
    assert_eq!(
        (&info["first_account"], &info["setup_code_needed"]),
        (&false.into(), &false.into())
    );
    assert!(server.log().contains("password `correct horse`"), "{}", server.log());
}
