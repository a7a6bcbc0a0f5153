//! The events of guideops over Socket.IO: the same rooms and people as everybody else's, by their own names.

use std::collections::BTreeMap;

use protocol::live::{Command, Frame};
use protocol::shapes::EntryBody;
use serde_json::{Value, json};
use support::engine::Poller;
use support::{Person, Server, Socket};

use crate::doors::setting::BOTH;

/// Somebody who connects as the tutorial's clients do; and their number.
struct Guest {
    poller: Poller,
    number: String,
}

impl Guest {
    async fn enter(person: &Person) -> Self {
        let token = person.api.access_token().await.expect("signed in");
        let bearer = format!("Bearer {token}");
        let server = person.api.server();
        let mut poller = Poller::open(server.as_str(), &[("Authorization", &bearer)])
            .await
            .expect("a handshake");
        poller.say(&["40"]).await;
        assert!(poller.next().await.starts_with("40{\"sid\":"));
        let (name, connected) = event(&poller.next().await).expect("an event");
        assert_eq!(
            (name.as_str(), &connected["status"]),
            ("connected", &json!("authenticated"))
        );
        assert_eq!(connected["rooms"], json!(["0"]));
        let number = connected["user_id"].as_str().expect("a number").to_owned();
        let (name, own) = event(&poller.next().await).expect("an event");
        assert_eq!(name, "user.connected");
        assert_eq!((&own["id"], &own["online"]), (&json!(number), &json!(true)));
        assert_eq!(own["username"], person.username.as_str());
        Self { poller, number }
    }

    async fn say(&self, name: &str, argument: Value, number: &str) {
        self.poller
            .say(&[&format!("42{number}{}", json!([name, argument]))])
            .await;
    }

    /// The next event of this name.
    async fn hear(&mut self, wanted: &str) -> Value {
        self.poller
            .expect(wanted, |packet| {
                let (name, argument) = event(packet)?;
                (name == wanted).then_some(argument)
            })
            .await
    }
}

fn event(packet: &str) -> Option<(String, Value)> {
    serde_json::from_str(packet.strip_prefix("42")?).ok()
}

#[tokio::test]
async fn clients_of_guideops_and_of_the_native_protocol_talk_with_each_other() {
    for setting in BOTH {
        println!("in the setting {setting:?}");
        they_talk(&Server::with(setting.options()).await).await;
    }
}

async fn they_talk(server: &Server) {
    let [anna, bert] = server.people(["anna", "bert"]).await;
    let mut native = Socket::signed_in(&bert).await;
    native.resume(&BTreeMap::new()).await;
    let general = bert.api.rooms().await.expect("rooms")[0].id;
    let mut guest = Guest::enter(&anna).await;
    guest.say("room.join", json!("0"), "").await;
    assert_eq!(
        guest.hear("room_joined").await,
        json!({"room_id": "0", "status": "success"})
    );

    // Author and time are the server's, whatever the client says.
    let said = json!({"roomId": "0", "message": "hello <all>", "from": "999", "date": 1});
    guest.say("message", said, "7").await;
    let (mut heard, mut told) = (Value::Null, Value::Null);
    let mut awaited = 3;
    guest
        .poller
        .expect("the message, its receipt and the acknowledgement", |packet| {
            match event(packet) {
                Some((name, argument)) if name == "message" => heard = argument,
                Some((name, argument)) if name == "message_ack" => told = argument,
                Some(_) | None if packet == "437[]" => {}
                Some(_) | None => return None,
            }
            awaited -= 1;
            (awaited == 0).then_some(())
        })
        .await;
    assert_eq!(told, json!({"status": "received", "version": "v2"}));
    assert_eq!(
        (&heard["roomId"], &heard["message"]),
        (&json!("0"), &json!("hello <all>"))
    );
    assert_eq!(heard["from"], guest.number.as_str());
    assert!(
        heard["date"]
            .as_u64()
            .is_some_and(|date| (1_700_000_000..10_000_000_000).contains(&date))
    );
    let text = native
        .expect("the message", |frame| match frame {
            Frame::Entry { entry } if entry.actor.id == anna.id() => Some(entry.body.clone()),
            _ => None,
        })
        .await;
    assert!(matches!(text, EntryBody::MessagePosted { text, .. } if text == "hello <all>"));

    native
        .ask(|reference| Command::Post {
            reference,
            room: general,
            client_id: "answer".to_owned(),
            text: "hello yourself".to_owned(),
            reply_to: None,
            location: None,
        })
        .await
        .expect("posted");
    let heard = guest.hear("message").await;
    assert_eq!(
        (&heard["message"], &heard["user"]["username"]),
        (&json!("hello yourself"), &json!("bert"))
    );
}

#[tokio::test]
async fn a_conversation_of_two_is_shown_to_them_and_to_nobody_else() {
    for setting in BOTH {
        println!("in the setting {setting:?}");
        two_talk(&Server::with(setting.options()).await).await;
    }
}

async fn two_talk(server: &Server) {
    let [anna, bert, clara] = server.people(["anna", "bert", "clara"]).await;
    let (mut anna, mut bert, mut clara) = (
        Guest::enter(&anna).await,
        Guest::enter(&bert).await,
        Guest::enter(&clara).await,
    );
    let numbers = [&anna.number, &bert.number].map(|number| number.parse::<u64>().expect("a number"));
    let room = format!("{}:{}", numbers[0].min(numbers[1]), numbers[0].max(numbers[1]));
    anna.say("message", json!({"roomId": room, "message": "just us"}), "")
        .await;
    for guest in [&mut anna, &mut bert] {
        let shown = guest.hear("show.room").await;
        assert_eq!(shown["id"], room.as_str());
        assert_eq!(shown["names"].as_array().map(Vec::len), Some(2), "{shown}");
        let heard = guest.hear("message").await;
        assert_eq!((&heard["roomId"], &heard["message"]), (&json!(room), &json!("just us")));
    }
    clara.say("room.join", json!(room), "").await;
    assert_eq!(clara.hear("room_joined").await["status"], "error");
    clara
        .say("message", json!({"roomId": room, "message": "and me"}), "")
        .await;
    assert!(clara.hear("error").await["error"].is_string());
    clara
        .say("message", json!({"roomId": "0", "message": "hello"}), "")
        .await;
    assert_eq!(
        clara.hear("message").await["message"],
        "hello",
        "and nothing of the others"
    );
    assert_eq!(
        bert.hear("message").await["message"],
        "hello",
        "and nothing of what was refused"
    );
}

#[tokio::test]
async fn who_connects_twice_is_told_once_and_who_goes_is_told_of() {
    for setting in BOTH {
        println!("in the setting {setting:?}");
        one_connects_twice(&Server::with(setting.options()).await).await;
    }
}

async fn one_connects_twice(server: &Server) {
    let [anna, bert] = server.people(["anna", "bert"]).await;
    let mut watcher = Guest::enter(&anna).await;
    let mut guest = Guest::enter(&bert).await;
    let seen = watcher.hear("user.connected").await;
    assert_eq!((&seen["username"], &seen["online"]), (&json!("bert"), &json!(true)));
    guest.poller.say(&["40"]).await;
    assert!(guest.poller.next().await.starts_with("40{\"sid\":"));
    guest
        .say("message", json!({"roomId": "0", "message": "here"}), "")
        .await;
    assert_eq!(guest.hear("message").await["message"], "here");
    let mut again = 0;
    watcher
        .poller
        .expect("the message", |packet| {
            let (name, _) = event(packet)?;
            again += u32::from(name == "user.connected");
            (name == "message").then_some(())
        })
        .await;
    assert_eq!(again, 0, "announced twice");
    guest.poller.say(&["41", "1"]).await;
    let gone = watcher.hear("user.disconnected").await;
    assert_eq!((&gone["username"], &gone["online"]), (&json!("bert"), &json!(false)));
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_so_and_hears_nothing() {
    for setting in BOTH {
        println!("in the setting {setting:?}");
        a_stranger_connects(&Server::with(setting.options()).await).await;
    }
}

async fn a_stranger_connects(server: &Server) {
    let anna = server.person("anna").await;
    let mut stranger = Poller::open(&server.url(), &[("Cookie", "session=old")])
        .await
        .expect("a handshake");
    stranger.say(&["40"]).await;
    assert!(stranger.next().await.starts_with("40{\"sid\":"));
    let unknown = event(&stranger.next().await).expect("an event");
    assert_eq!(
        unknown,
        (
            "connected".to_owned(),
            json!({"status": "unauthenticated", "version": "v2"})
        )
    );
    stranger
        .say(&["42[\"message\",{\"roomId\":\"0\",\"message\":\"hello\",\"from\":\"1\"}]"])
        .await;
    let mut guest = Guest::enter(&anna).await;
    guest
        .say("message", json!({"roomId": "0", "message": "only anna"}), "")
        .await;
    assert_eq!(guest.hear("message").await["message"], "only anna");
}
