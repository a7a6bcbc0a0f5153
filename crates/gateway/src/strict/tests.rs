//! What is JSON here and what is not.

use protocol::live::Command;
use protocol::rest::{OpenRoom, PostMessage, SignIn};
use serde_json::Value;

use super::*;

fn reads(text: &[u8]) -> Result<Value, Refusal> {
    from_slice(text)
}

#[test]
fn what_has_two_meanings_or_none_is_malformed() {
    let deep = "[".repeat(100_000);
    let just_too_deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
    let cases: [&[u8]; 22] = [
        b"",
        b" ",
        b"{",
        b"[1,]",
        b"{\"a\":1}}",
        b"{} {}",
        b"\xef\xbb\xbf{}",
        b"'a'",
        b"NaN",
        b"1e400",
        b"01",
        b"{\"a\":1,\"a\":2}",
        b"{\"x\":{\"a\":1,\"\\u0061\":2}}",
        b"\"a\\u0000b\"",
        b"{\"a\\u0000\":1}",
        b"\"\\ud800\"",
        b"\"\\udc00\\ud800\"",
        b"\"\xff\"",
        b"\"\xc0\x80\"",
        b"\"\xed\xa0\x80\"",
        deep.as_bytes(),
        just_too_deep.as_bytes(),
    ];
    for case in cases {
        let shown = String::from_utf8_lossy(&case[..case.len().min(40)]).into_owned();
        assert!(
            matches!(reads(case), Err(Refusal::Malformed(_))),
            "{shown} gave {:?}",
            reads(case)
        );
    }
}

#[test]
fn what_is_json_is_read() {
    let deep_enough = format!("{}1{}", "[".repeat(32), "]".repeat(32));
    for case in [
        "null",
        "[]",
        "{\"a\":{\"b\":[1,-2.5,true,\"\\ud83d\\ude00 ä\"]}}",
        "{\"a\":{\"x\":1},\"b\":{\"x\":1}}",
        &deep_enough,
    ] {
        assert!(
            reads(case.as_bytes()).is_ok(),
            "{case} gave {:?}",
            reads(case.as_bytes())
        );
    }
}

#[test]
fn a_refusal_says_where() {
    let Err(Refusal::Malformed(detail)) = reads(b"{\"a\":[{\"b/c\":1,\"b/c\":2}]}") else {
        panic!("accepted a key twice");
    };
    assert!(detail.contains("/a/0/b~1c") && detail.contains("twice"), "{detail}");
}

fn misfit<T: DeserializeOwned>(text: &str) -> (String, String) {
    match from_slice::<T>(text.as_bytes()) {
        Err(Refusal::Invalid { pointer, detail }) => (pointer, detail),
        Err(other) => panic!("{text} gave {other:?}"),
        Ok(_) => panic!("{text} was accepted"),
    }
}

#[test]
fn the_wrong_shape_is_pointed_at() {
    assert_eq!(
        misfit::<SignIn>("{\"login\":\"ada\",\"session\":\"token\"}").0,
        "/password"
    );
    assert_eq!(
        misfit::<SignIn>("{\"login\":{\"$ne\":1},\"password\":\"x\",\"session\":\"token\"}").0,
        "/login"
    );
    assert_eq!(
        misfit::<SignIn>("{\"login\":\"ada\",\"password\":\"x\",\"session\":\"token\",\"role\":\"admin\"}").0,
        "/role"
    );
    assert_eq!(
        misfit::<SignIn>("{\"login\":\"ada\",\"password\":\"x\",\"session\":\"other\"}").0,
        "/session"
    );
    assert_eq!(
        misfit::<OpenRoom>("{\"kind\":\"public\",\"name\":\"x\",\"members\":[\"nobody\"]}").0,
        "/members/0"
    );
    let place = "{\"text\":\"x\",\"location\":{\"latitude\":1,\"longitude\":2,\"height\":3}}";
    assert_eq!(misfit::<PostMessage>(place).0, "/location/height");
    assert_eq!(misfit::<PostMessage>("[]").0, "");
}

#[test]
fn commands_of_sockets_are_read_as_strictly() {
    let room = "0198c0de-0000-7000-8000-000000000000";
    assert_eq!(misfit::<Command>("{\"type\":\"typing\",\"on\":true}").0, "/room");
    let extra = format!("{{\"type\":\"typing\",\"room\":\"{room}\",\"on\":true,\"user\":\"{room}\"}}");
    assert_eq!(misfit::<Command>(&extra).0, "/user");
    assert!(misfit::<Command>("{\"type\":\"entry\"}").1.contains("entry"));
}

#[test]
fn a_list_of_fields_is_not_an_object() {
    let list = "[\"ada\",\"a long enough secret\",\"token\"]".as_bytes();
    assert!(from_slice::<SignIn>(list).is_ok(), "serde alone would read it");
    assert!(matches!(
        object_from_slice::<SignIn>(list),
        Err(Refusal::Invalid { .. })
    ));
}
