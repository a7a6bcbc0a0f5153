//! Frames of a server (RFC 6455, section 5.2): never masked, never in parts.

use bytes::{Buf, Bytes};

use super::head::{CONTROL_BYTES_MAX, LAST, LENGTH_IN_EIGHT, LENGTH_IN_TWO, Opcode};

/// The longest head of a server: two bytes, and a length of eight.
const HEAD_BYTES_MAX: usize = 10;
/// What a text is given room for at first: most events fit.
const TEXT_BYTES: usize = 512;

/// A text frame of what `put` appends, in one buffer: room for the head is left in front and filled afterwards.
pub(crate) fn text(put: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut bytes = Vec::with_capacity(TEXT_BYTES);
    bytes.resize(HEAD_BYTES_MAX, 0);
    put(&mut bytes);
    let (head, length) = head(Opcode::Text, bytes.len() - HEAD_BYTES_MAX);
    let unused = HEAD_BYTES_MAX - length;
    bytes[unused..HEAD_BYTES_MAX].copy_from_slice(&head[..length]);
    let mut frame = Bytes::from(bytes);
    frame.advance(unused);
    frame
}

/// What a frame of `text` carries, without its head; nothing is copied.
pub(crate) fn carried(frame: &Bytes) -> Bytes {
    let head = match frame.get(1) {
        Some(&LENGTH_IN_TWO) => 4,
        Some(&LENGTH_IN_EIGHT) => HEAD_BYTES_MAX,
        Some(_) => 2,
        None => 0,
    };
    frame.slice(head.min(frame.len())..)
}

/// "Are you there?"
pub(crate) fn ping() -> Bytes {
    Bytes::from_static(&[LAST | Opcode::Ping as u8, 0])
}

/// The answer to a ping: the same payload.
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    control(Opcode::Pong, payload)
}

/// The goodbye; a code and words, or (to a close without a code) nothing. Words that do not fit are cut off.
pub(crate) fn close(code: Option<u16>, words: &str) -> Bytes {
    let Some(code) = code else {
        return control(Opcode::Close, &[]);
    };
    let end = words.floor_char_boundary(CONTROL_BYTES_MAX - 2);
    control(
        Opcode::Close,
        &[&code.to_be_bytes()[..], &words.as_bytes()[..end]].concat(),
    )
}

fn control(opcode: Opcode, payload: &[u8]) -> Bytes {
    debug_assert!(payload.len() <= CONTROL_BYTES_MAX);
    let (head, length) = head(opcode, payload.len());
    [&head[..length], payload].concat().into()
}

/// The head of a whole frame, and how long it is.
fn head(opcode: Opcode, payload: usize) -> ([u8; HEAD_BYTES_MAX], usize) {
    let mut head = [0; HEAD_BYTES_MAX];
    head[0] = LAST | opcode as u8;
    let length = if payload <= CONTROL_BYTES_MAX {
        head[1] = payload as u8;
        2
    } else if let Ok(payload) = u16::try_from(payload) {
        head[1] = LENGTH_IN_TWO;
        head[2..4].copy_from_slice(&payload.to_be_bytes());
        4
    } else {
        head[1] = LENGTH_IN_EIGHT;
        head[2..].copy_from_slice(&(payload as u64).to_be_bytes());
        HEAD_BYTES_MAX
    };
    (head, length)
}
