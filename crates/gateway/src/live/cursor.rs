//! The cursor of an event stream: where a listener stands in all rooms, in one opaque text.
//!
//! It is base64url of: four bytes that name the epoch, then for each room six bytes of its id and the seq (LEB128).
//! Six bytes are the random end of a UUIDv7; they are only compared with the rooms of the one who asks.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::ids::{RoomId, Seq};
use ring::digest::{SHA256, digest};

const EPOCH_BYTES: usize = 4;
const ROOM_BYTES: usize = 6;
/// Longer than a cursor over the greatest number of rooms.
const TEXT_BYTES_MAX: usize = 32 * 1024;

/// A cursor that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Where each of the known rooms was.
    pub at: HashMap<RoomId, Seq>,
    /// It also names rooms that are not among the known ones.
    pub names_others: bool,
    /// It belongs to another incarnation of the logs: nothing can be continued.
    pub other_epoch: bool,
}

/// Writes the cursor of these rooms.
pub fn encode(epoch: &str, rooms: &BTreeMap<RoomId, Seq>) -> String {
    let mut bytes = Vec::with_capacity(EPOCH_BYTES + rooms.len() * (ROOM_BYTES + 3));
    bytes.extend_from_slice(&tag_of_epoch(epoch));
    for (room, seq) in rooms {
        bytes.extend_from_slice(&tag_of_room(*room));
        put_number(&mut bytes, *seq);
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor; `None` if it is none.
pub fn decode(text: &str, epoch: &str, known: &[RoomId]) -> Option<Cursor> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (tag, mut rest) = bytes.split_first_chunk::<EPOCH_BYTES>()?;
    let by_tag: HashMap<[u8; ROOM_BYTES], RoomId> = known.iter().map(|room| (tag_of_room(*room), *room)).collect();
    let mut at = HashMap::new();
    let mut names_others = false;
    while !rest.is_empty() {
        let (tag, after) = rest.split_first_chunk::<ROOM_BYTES>()?;
        let (seq, after) = take_number(after)?;
        rest = after;
        match by_tag.get(tag) {
            Some(room) => {
                at.insert(*room, seq);
            }
            None => names_others = true,
        }
    }
    Some(Cursor {
        at,
        names_others,
        other_epoch: *tag != tag_of_epoch(epoch),
    })
}

fn tag_of_room(room: RoomId) -> [u8; ROOM_BYTES] {
    let [.., a, b, c, d, e, f] = *room.0.as_bytes();
    [a, b, c, d, e, f]
}

fn tag_of_epoch(epoch: &str) -> [u8; EPOCH_BYTES] {
    let hash = digest(&SHA256, epoch.as_bytes());
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        let part = u64::from(byte & 0x7f);
        let shift = 7 * place as u32;
        if shift == 63 && part > 1 {
            return None;
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Some((number, &bytes[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn rooms() -> impl Strategy<Value = BTreeMap<RoomId, Seq>> {
        let id = any::<u128>().prop_map(|number| RoomId(Uuid::from_u128(number)));
        proptest::collection::btree_map(id, any::<u64>(), 0..40)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(rooms in rooms()) {
            let known: Vec<RoomId> = rooms.keys().copied().collect();
            let text = encode("one", &rooms);
            let at: HashMap<RoomId, Seq> = rooms.into_iter().collect();
            let here = Cursor { at, names_others: false, other_epoch: false };
            let elsewhere = Cursor { other_epoch: true, ..here.clone() };
            prop_assert_eq!(decode(&text, "one", &known), Some(here));
            prop_assert_eq!(decode(&text, "two", &known), Some(elsewhere));
            let unknown = Cursor { at: HashMap::new(), names_others: !known.is_empty(), other_epoch: false };
            prop_assert_eq!(decode(&text, "one", &[]), Some(unknown));
        }

        #[test]
        fn any_text_is_read_or_refused_without_harm(text in ".{0,200}", bytes in any::<Vec<u8>>()) {
            let _ = decode(&text, "one", &[]);
            let _ = decode(&URL_SAFE_NO_PAD.encode(bytes), "one", &[]);
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "x", "not a cursor", "AAAAAAA", "AAAAAP__", &"A".repeat(40_000)] {
            assert_eq!(decode(text, "one", &[]), None, "{text:.20}");
        }
    }
}
