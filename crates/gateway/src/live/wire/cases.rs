//! The examples of RFC 6455 (section 5.7), what breaks its rules, and how messages come in pieces.

use chat::limits::{FRAGMENTS_MAX, FRAME_BYTES_MAX};
use proptest::prelude::*;

use super::{Assembler, Fault, Message, close, ping, pong, text};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A client's frame: the first byte, and the payload masked.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let mut bytes = vec![first];
    if length < 126 {
        bytes.push(0x80 | length as u8);
    } else if length < 65_536 {
        bytes.push(0x80 | 126);
        bytes.extend((length as u16).to_be_bytes());
    } else {
        bytes.push(0x80 | 127);
        bytes.extend((length as u64).to_be_bytes());
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// All messages in the bytes, or what is wrong with them.
pub(super) fn read(assembler: &mut Assembler, mut bytes: &[u8]) -> Result<Vec<Message>, Fault> {
    let mut messages = Vec::new();
    while let Some(message) = assembler.take(&mut bytes)? {
        messages.push(message);
    }
    assert!(bytes.is_empty(), "nothing is left over");
    Ok(messages)
}

fn all(bytes: &[u8]) -> Result<Vec<Message>, Fault> {
    read(&mut Assembler::default(), bytes)
}

fn said(text: &str) -> Message {
    Message::Text(text.to_owned())
}

#[test]
fn the_examples_of_the_standard_mean_what_it_says() {
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(all(&hello), Ok(vec![said("Hello")]));
    let pong_of_hello = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(all(&pong_of_hello), Ok(vec![Message::Pong(b"Hello".to_vec())]));
    let parts = [frame(0x01, b"Hel"), frame(0x80, b"lo")].concat();
    assert_eq!(all(&parts), Ok(vec![said("Hello")]));
    let unmasked = text(|bytes| bytes.extend(b"Hello"));
    assert_eq!(unmasked, &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f][..]);
    assert_eq!(all(&unmasked), Err(Fault::Protocol), "a client has to mask");
    assert_eq!(pong(b"Hello"), &[0x8a, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f][..]);
    assert_eq!(ping(), &[0x89, 0x00][..]);
}

#[test]
fn a_length_is_written_in_as_few_bytes_as_it_can_be() {
    for (length, head) in [
        (0, vec![0x81, 0]),
        (125, vec![0x81, 125]),
        (126, vec![0x81, 126, 0, 126]),
        (256, vec![0x81, 126, 1, 0]),
        (65_535, vec![0x81, 126, 255, 255]),
        (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let frame = text(|bytes| bytes.resize(bytes.len() + length, b'x'));
        assert_eq!(frame.len(), head.len() + length);
        assert!(frame.starts_with(&head), "{length}");
    }
}

#[test]
fn what_breaks_the_rules_is_refused() {
    let lying = |length: &[u8]| [&[0x81][..], length, &MASK, &[0; 200]].concat();
    let masked = |seven_bits: u8| 0x80 | seven_bits;
    for (what, bytes, fault) in [
        ("a reserved bit", frame(0xc1, b""), Fault::Protocol),
        ("another reserved bit", frame(0x91, b""), Fault::Protocol),
        ("a reserved operation", frame(0x83, b""), Fault::Protocol),
        ("a reserved control operation", frame(0x8b, b""), Fault::Protocol),
        ("a ping in parts", frame(0x09, b""), Fault::Protocol),
        ("a long ping", frame(0x89, &[0; 126]), Fault::Protocol),
        ("a continuation of nothing", frame(0x80, b"x"), Fault::Protocol),
        (
            "a text inside a text",
            [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
            Fault::Protocol,
        ),
        ("125 in two bytes", lying(&[masked(126), 0, 125]), Fault::Protocol),
        (
            "65535 in eight bytes",
            lying(&[masked(127), 0, 0, 0, 0, 0, 0, 255, 255]),
            Fault::Protocol,
        ),
        ("2^62", lying(&[masked(127), 0x40, 0, 0, 0, 0, 0, 0, 0]), Fault::TooBig),
        ("2^63", lying(&[masked(127), 0x80, 0, 0, 0, 0, 0, 0, 0]), Fault::TooBig),
        (
            "one byte too many",
            frame(0x81, &vec![b'x'; FRAME_BYTES_MAX + 1]),
            Fault::TooBig,
        ),
        (
            "too many bytes in parts",
            [frame(0x01, &vec![b'x'; FRAME_BYTES_MAX]), frame(0x80, b"x")].concat(),
            Fault::TooBig,
        ),
        ("not UTF-8", frame(0x81, b"\xff"), Fault::NotUtf8),
        ("half a character", frame(0x81, b"\xe2\x82"), Fault::NotUtf8),
        ("half a code", frame(0x88, b"\x03"), Fault::Protocol),
        ("a code that never travels", frame(0x88, b"\x03\xed"), Fault::Protocol),
        ("words not in UTF-8", frame(0x88, b"\x03\xe8\xff"), Fault::NotUtf8),
    ] {
        assert_eq!(all(&bytes), Err(fault), "{what}");
    }
}

#[test]
fn what_is_wrong_is_told_at_the_second_byte() {
    for start in [[0x81, 0x05], [0x09, 0x80], [0x89, 0xfe], [0x83, 0x80]] {
        assert_eq!(all(&start), Err(Fault::Protocol), "{start:?}");
    }
}

#[test]
fn the_greatest_message_and_the_most_parts_are_taken() {
    let most = vec![b'x'; FRAME_BYTES_MAX];
    let text = String::from_utf8(most.clone()).expect("text");
    assert_eq!(all(&frame(0x81, &most)), Ok(vec![said(&text)]));
    let parts = |count: usize| {
        let middle = frame(0x00, b"x").repeat(count - 2);
        [frame(0x01, b"x"), middle, frame(0x80, b"x")].concat()
    };
    assert_eq!(all(&parts(FRAGMENTS_MAX)), Ok(vec![said(&"x".repeat(FRAGMENTS_MAX))]));
    assert_eq!(all(&parts(FRAGMENTS_MAX + 1)), Err(Fault::Flood));
}

#[test]
fn what_is_about_the_connection_may_come_between_the_parts() {
    let bytes = [
        frame(0x02, b"a"),
        frame(0x89, b"are you there"),
        frame(0x00, b""),
        frame(0x8a, b""),
        frame(0x80, b"b"),
        frame(0x88, b"\x03\xe8"),
    ];
    let messages = vec![
        Message::Ping(b"are you there".to_vec()),
        Message::Pong(Vec::new()),
        Message::Binary(b"ab".to_vec()),
        Message::Close(Some(1000)),
    ];
    assert_eq!(all(&bytes.concat()), Ok(messages));
}

#[test]
fn no_buffer_is_kept_while_nothing_is_half_read() {
    let mut assembler = Assembler::default();
    let whole = [
        frame(0x01, &[b'x'; 9_000]),
        frame(0x89, b"?"),
        frame(0x80, &[b'y'; 9_000]),
    ]
    .concat();
    let (most, last) = whole.split_at(whole.len() - 1);
    assert_eq!(read(&mut assembler, most).map(|messages| messages.len()), Ok(1));
    assert!(assembler.is_midway() && assembler.held_bytes() > 0);
    assert_eq!(read(&mut assembler, last).map(|messages| messages.len()), Ok(1));
    assert_eq!((assembler.is_midway(), assembler.held_bytes()), (false, 0));
}

#[test]
fn a_promise_of_much_costs_only_what_came() {
    let mut assembler = Assembler::default();
    let promised = frame(0x81, &vec![b'x'; FRAME_BYTES_MAX]);
    assert_eq!(read(&mut assembler, &promised[..20]), Ok(vec![]));
    assert!(assembler.held_bytes() < 100);
}

#[test]
fn a_goodbye_says_why_in_125_bytes_at_most() {
    assert_eq!(close(Some(1000), "bye"), &b"\x88\x05\x03\xe8bye"[..]);
    assert_eq!(close(None, "not said"), &b"\x88\x00"[..]);
    let cut = close(Some(4008), &"ü".repeat(100));
    assert_eq!(cut.len(), 2 + 2 + 122, "no half characters");
}

/// Messages and what they are sent as, in parts, with pings between.
fn conversation() -> impl Strategy<Value = (Vec<Message>, Vec<u8>)> {
    let text = (".{0,40}", 1_usize..5).prop_map(|(text, parts)| {
        let bytes = text.as_bytes();
        let size = bytes.len().div_ceil(parts).max(1);
        let mut chunks: Vec<&[u8]> = bytes.chunks(size).collect();
        if chunks.is_empty() {
            chunks.push(b"");
        }
        let count = chunks.len();
        let frames = chunks.into_iter().enumerate().flat_map(move |(at, chunk)| {
            let (opcode, last) = (u8::from(at == 0), if at + 1 == count { 0x80 } else { 0 });
            frame(opcode | last, chunk)
        });
        let frames: Vec<u8> = frames.collect();
        (Message::Text(text), frames)
    });
    let other = proptest::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| {
        let frames = frame(0x82, &bytes);
        (Message::Binary(bytes), frames)
    });
    let ping = proptest::collection::vec(any::<u8>(), 0..126).prop_map(|bytes| {
        let frames = frame(0x89, &bytes);
        (Message::Ping(bytes), frames)
    });
    proptest::collection::vec(prop_oneof![text, other, ping], 0..12).prop_map(|pairs| {
        let (messages, frames): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        (messages, frames.concat())
    })
}

proptest! {
    #[test]
    fn wherever_the_bytes_are_cut_the_messages_are_the_same(
        (messages, bytes) in conversation(),
        cuts in proptest::collection::vec(1_usize..50, 1..20),
    ) {
        let mut assembler = Assembler::default();
        let (mut rest, mut heard) = (&bytes[..], Vec::new());
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(cut.min(rest.len()));
            heard.extend(read(&mut assembler, now).expect("within the rules"));
            rest = later;
        }
        prop_assert_eq!(heard, messages);
        prop_assert_eq!((assembler.is_midway(), assembler.held_bytes()), (false, 0));
    }

    #[test]
    fn no_bytes_make_it_panic(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..64), 0..16)) {
        let mut assembler = Assembler::default();
        for piece in pieces {
            if read(&mut assembler, &piece).is_err() {
                break;
            }
        }
    }

    /// Random bytes seldom get past the first head; these often do.
    #[test]
    fn no_frames_make_it_panic(frames in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..200)), 0..16)) {
        let mut assembler = Assembler::default();
        for (first, payload) in frames {
            if read(&mut assembler, &frame(first & 0x8f, &payload)).is_err() {
                break;
            }
        }
    }
}
