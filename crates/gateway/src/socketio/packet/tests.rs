//! Every form of packet, those that are none, and any text at all.

use proptest::prelude::*;

use super::*;

fn packet<'a>(kind: Kind, namespace: &'a str, number: Option<u64>, payload: &'a str) -> Option<Packet<'a>> {
    Some(Packet {
        kind,
        namespace,
        number,
        payload,
    })
}

#[test]
fn packets_of_the_engine_are_told_apart() {
    for (text, meant) in [
        ("1", Some(Engine::Close)),
        ("2probe", Some(Engine::Ping("probe"))),
        ("2", Some(Engine::Ping(""))),
        ("3", Some(Engine::Pong)),
        ("3probe", Some(Engine::Pong)),
        ("40", Some(Engine::Message("0"))),
        ("4", Some(Engine::Message(""))),
        ("5", Some(Engine::Upgrade)),
        ("6", Some(Engine::Noop)),
        ("bAQID", Some(Engine::Binary)),
        ("0{}", None),
        ("1x", None),
        ("5x", None),
        ("7", None),
        ("", None),
        ("é", None),
    ] {
        assert_eq!(engine(text), meant, "{text}");
    }
}

#[test]
fn packets_of_socket_io_are_read_as_its_description_says() {
    for (text, meant) in [
        ("0", packet(Kind::Connect, "/", None, "")),
        ("0/rill,", packet(Kind::Connect, "/rill", None, "")),
        ("0/rill", packet(Kind::Connect, "/rill", None, "")),
        (
            "0/rill?a=1,{\"token\":\"x\"}",
            packet(Kind::Connect, "/rill", None, "{\"token\":\"x\"}"),
        ),
        ("1/rill,", packet(Kind::Disconnect, "/rill", None, "")),
        ("2[\"a\"]", packet(Kind::Event, "/", None, "[\"a\"]")),
        ("2/rill,12[\"a\"]", packet(Kind::Event, "/rill", Some(12), "[\"a\"]")),
        ("3/rill,0[]", packet(Kind::Acknowledgement, "/rill", Some(0), "[]")),
        ("51-[1]", packet(Kind::BinaryEvent(1), "/", None, "[1]")),
        ("52-/rill,7[1]", packet(Kind::BinaryEvent(2), "/rill", Some(7), "[1]")),
        ("61-9[1]", packet(Kind::BinaryAcknowledgement(1), "/", Some(9), "[1]")),
    ] {
        assert_eq!(read(text), meant, "{text}");
    }
}

#[test]
fn what_is_no_packet_of_a_client_is_refused() {
    for text in [
        "",
        "9",
        "4{}",
        "2",
        "2{}",
        "2/rill,",
        "2/rill",
        "2 [\"a\"]",
        "21234567890123456[]",
        "0[]",
        "07{}",
        "1[]",
        "15",
        "3[]",
        "5[1]",
        "5-[1]",
        "5x-[1]",
        "5999-[1]",
        "599999999999999999999-[1]",
        "6-",
        "é",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_harm(text in "\\PC{0,60}", odd in "[0-9b/,\\[\\]{}\"\\-?é ]{0,40}") {
        for text in [&text, &odd] {
            if let Some(Engine::Message(inside)) = engine(text) {
                let _ = read(inside);
            }
            if let Some(packet) = read(text) {
                prop_assert!(packet.namespace.starts_with('/') && !packet.namespace.contains([',', '?']));
                prop_assert!(text.ends_with(packet.payload));
            }
        }
    }

    #[test]
    fn what_a_client_writes_is_what_is_read(
        namespace in "(/[a-z]{1,8})?",
        number in proptest::option::of(0..=999_999_999_999_999_u64),
        name in "[a-z]{1,8}",
        attachments in proptest::option::of(0..=ATTACHMENTS_MAX),
    ) {
        let payload = format!("[\"{name}\"]");
        let kind = attachments.map_or("2".to_owned(), |count| format!("5{count}-"));
        let place = if namespace.is_empty() { String::new() } else { format!("{namespace},") };
        let text = format!("{kind}{place}{}{payload}", number.map(|number| number.to_string()).unwrap_or_default());
        let meant = packet(
            attachments.map_or(Kind::Event, Kind::BinaryEvent),
            if namespace.is_empty() { "/" } else { &namespace },
            number,
            &payload,
        );
        prop_assert_eq!(read(&text), meant);
    }
}
