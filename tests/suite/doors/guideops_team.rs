//! The API of channels, messages and people that GuideOps had between V1 and V2, in the demo and on a server without
//! guests.

use reqwest::Method;
use serde_json::{Value, json};

use super::guideops::{Client, two};
use super::setting::BOTH;
use super::wire::{ask, json};

async fn put(client: &Client, path: &str, body: Value) -> (u16, Value) {
    json(client.ask(Method::PUT, path).json(&body)).await
}

async fn delete(client: &Client, path: &str, body: Value) -> (u16, Value) {
    json(client.ask(Method::DELETE, path).json(&body)).await
}

fn success() -> (u16, Value) {
    (200, json!({"success": true}))
}

#[tokio::test]
async fn channels_have_members_and_messages_that_can_be_changed() {
    for setting in BOTH {
        let (_server, ben, amy) = two(setting).await;
        let wanted = json!({"name": "Guides", "description": "On the road", "type": "private"});
        let (_, channel) = ben.post("/api/channels", wanted).await;
        let path = format!("/api/channels/{}", channel["id"].as_str().expect("an id"));
        brought_in_and_removed(&ben, &amy, &path).await;
        said_and_changed(&ben, &amy, &path).await;
    }
}

async fn brought_in_and_removed(ben: &Client, amy: &Client, path: &str) {
    let unknown = (404, json!({"error": "Channel not found"}));
    assert_eq!(amy.get(path).await, unknown, "it is private");
    let members = format!("{path}/members");
    let wanted = json!({"userIds": [amy.number]});
    assert_eq!(ben.post(&members, wanted.clone()).await, success());
    let (status, shown) = amy.get(path).await;
    assert_eq!(status, 200);
    let expected = json!({"name": "Guides", "description": "On the road", "type": "private",
        "owner_id": ben.number, "member_count": 2});
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&shown[key], value, "{key}");
    }
    assert!(shown["created_at"].is_f64() && shown["updated_at"].is_f64(), "{shown}");
    let one = |client: &Client| format!("{members}/{}", client.number);
    let refused = delete(amy, &one(ben), json!({})).await;
    assert_eq!(refused.0, 403, "amy does not look after the channel: {refused:?}");
    assert_eq!(delete(ben, &one(amy), json!({})).await, success());
    assert_eq!(amy.get(path).await, unknown, "she was removed");
    assert_eq!(ben.post(&members, wanted).await, success());
    assert_eq!(ben.post(&members, json!({})).await.0, 400);
}

async fn said_and_changed(ben: &Client, amy: &Client, path: &str) {
    let messages = format!("{path}/messages");
    let (status, first) = ben.post(&messages, json!({"text": "Aple pie"})).await;
    assert_eq!((status, &first["text"]), (201, &json!("Aple pie")));
    let empty =
        json!({"message_type": "regular", "attachments": [], "reactions": {}, "thread_id": null, "reply_count": 0});
    for (key, value) in empty.as_object().expect("an object") {
        assert_eq!(&first[key], value, "{key}");
    }
    assert_eq!(
        (&first["user_id"], &first["user"]["id"]),
        (&json!(ben.number), &json!(ben.number))
    );
    assert_eq!(amy.post(&messages, json!({"text": "Who bakes?"})).await.0, 201);
    assert_eq!(amy.post(&messages, json!({"text": ""})).await.0, 400);
    let texts = async |query: &str| {
        let (status, page) = amy.get(&format!("{messages}{query}")).await;
        assert_eq!(status, 200, "{page}");
        let page = page.as_array().expect("an array").clone();
        page.into_iter().map(|one| one["text"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(texts("").await, ["Who bakes?", "Aple pie"], "the newest first");
    assert_eq!(texts("?offset=1&limit=1").await, ["Aple pie"]);

    let channel = first["channel_id"].clone();
    let message = format!("/api/messages/{}", first["id"].as_str().expect("an id"));
    let change = json!({"channel_id": channel, "text": "Apple pie"});
    assert_eq!(
        put(ben, &message, json!({"text": "x"})).await,
        (400, json!({"error": "channel_id required"}))
    );
    assert_eq!(put(amy, &message, change.clone()).await.0, 403, "it is ben's");
    assert_eq!(put(ben, &message, change.clone()).await, success());
    assert_eq!(texts("").await, ["Who bakes?", "Apple pie"], "changed, and there once");
    let unknown = put(ben, "/api/messages/7", change.clone()).await;
    assert_eq!(unknown, (404, json!({"error": "Message not found"})));
    assert_eq!(delete(ben, &message, change).await, success());
    assert_eq!(texts("").await, ["Who bakes?"]);
}

#[tokio::test]
async fn people_are_shown_change_their_own_names_and_are_talked_with() {
    for setting in BOTH {
        let (server, ben, amy) = two(setting).await;
        let (_, channel) = ben.post(&format!("/api/dm/{}", amy.number), json!({})).await;
        assert_eq!((&channel["type"], &channel["member_count"]), (&json!("dm"), &json!(2)));
        let path = format!("/api/channels/{}/messages", channel["id"].as_str().expect("an id"));
        assert_eq!(ben.post(&path, json!({"text": "just us"})).await.0, 201);
        assert_eq!(amy.get(&path).await.1[0]["text"], "just us");
        let again = amy.post(&format!("/api/dm/{}", ben.number), json!({})).await.1;
        assert_eq!(again["id"], channel["id"], "the same from both sides");
        let nobody = ben.post("/api/dm/7", json!({})).await;
        assert_eq!(nobody, (404, json!({"error": "User not found"})));

        let (bens, amys) = (
            format!("/api/users/{}", ben.number),
            format!("/api/users/{}", amy.number),
        );
        assert_eq!(amy.get(&amys).await.1["email"], "amy@x.io");
        let (status, seen) = amy.get(&bens).await;
        assert_eq!(
            (status, &seen["email"]),
            (200, &json!("")),
            "addresses are for their owners"
        );
        let names = json!({"first_name": "Amelia", "last_name": "A", "role": "super_admin", "password": "x"});
        assert_eq!(put(&amy, &amys, names.clone()).await, success());
        let (_, changed) = amy.get(&amys).await;
        assert_eq!(
            (&changed["first_name"], &changed["role"]),
            (&json!("Amelia"), &json!("user")),
            "names alone"
        );
        let denied = (403, json!({"error": "Permission denied"}));
        assert_eq!(put(&amy, &bens, names).await, denied);
        assert_eq!(json(ask(&server.url(), Method::GET, &bens)).await.0, 401);
    }
}
