//! Packets of Engine.IO 4 and, inside its messages, of Socket.IO 5: what a client's text says, and what we answer.
//!
//! The forms are those of the two protocols' own descriptions. Architecture invariant: text in, meaning out; no I/O.

use bytes::Bytes;

use crate::live::wire;

/// Between the packets of one request or answer (Engine.IO, "payload").
pub(crate) const SEPARATOR: char = '\x1e';
/// Packets of one request.
pub(crate) const PACKETS_MAX: usize = 64;
/// Binary attachments of one event; they are passed over, so that few are enough.
const ATTACHMENTS_MAX: u32 = 64;

/// A packet of Engine.IO that came as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine<'a> {
    Close,
    /// Only as `probe`, before an upgrade.
    Ping(&'a str),
    Pong,
    /// What is inside is Socket.IO's.
    Message(&'a str),
    Upgrade,
    Noop,
    /// Bytes in base64, as they come by polling.
    Binary,
}

/// Reads a packet; `None` if it is none, or one that only a server sends.
pub(crate) fn engine(text: &str) -> Option<Engine<'_>> {
    let rest = text.get(1..)?;
    Some(match text.as_bytes().first()? {
        b'1' if rest.is_empty() => Engine::Close,
        b'2' => Engine::Ping(rest),
        b'3' => Engine::Pong,
        b'4' => Engine::Message(rest),
        b'5' if rest.is_empty() => Engine::Upgrade,
        b'6' if rest.is_empty() => Engine::Noop,
        b'b' => Engine::Binary,
        _ => return None,
    })
}

/// What a packet of Socket.IO is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Connect,
    Disconnect,
    Event,
    Acknowledgement,
    /// An event, or an acknowledgement, with so many attachments that follow as packets of their own.
    BinaryEvent(u32),
    BinaryAcknowledgement(u32),
}

/// A packet of Socket.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packet<'a> {
    pub(crate) kind: Kind,
    /// `/` where it names none.
    pub(crate) namespace: &'a str,
    /// The number by which the client knows the answer.
    pub(crate) number: Option<u64>,
    /// JSON, or nothing.
    pub(crate) payload: &'a str,
}

/// Reads a packet; `None` if it is none that a client may send.
pub(crate) fn read(text: &str) -> Option<Packet<'_>> {
    let (&kind, mut rest) = (text.as_bytes().first()?, text.get(1..)?);
    let kind = match kind {
        b'0' => Kind::Connect,
        b'1' => Kind::Disconnect,
        b'2' => Kind::Event,
        b'3' => Kind::Acknowledgement,
        b'5' | b'6' => {
            let (count, after) = rest.split_once('-')?;
            let count = digits(count).filter(|count| *count <= u64::from(ATTACHMENTS_MAX))?;
            rest = after;
            let count = u32::try_from(count).ok()?;
            if kind == b'5' {
                Kind::BinaryEvent(count)
            } else {
                Kind::BinaryAcknowledgement(count)
            }
        }
        _ => return None,
    };
    let mut namespace = "/";
    if rest.starts_with('/') {
        (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        // Clients of version 3 may put the query of their address behind it.
        namespace = namespace.split('?').next().unwrap_or(namespace);
    }
    let end = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, payload) = rest.split_at(end);
    let number = if number.is_empty() { None } else { Some(digits(number)?) };
    let is_whole = match kind {
        Kind::Connect => number.is_none() && (payload.is_empty() || payload.starts_with('{')),
        Kind::Disconnect => number.is_none() && payload.is_empty(),
        Kind::Event | Kind::BinaryEvent(_) => payload.starts_with('['),
        Kind::Acknowledgement | Kind::BinaryAcknowledgement(_) => number.is_some() && payload.starts_with('['),
    };
    is_whole.then_some(Packet {
        kind,
        namespace,
        number,
        payload,
    })
}

/// A number as JavaScript counts: digits alone, and not more than it can hold without loss.
fn digits(text: &str) -> Option<u64> {
    let is_number = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// A packet of Engine.IO as a frame of WebSocket; polling takes it out of that again.
pub(crate) fn framed(packet: &str) -> Bytes {
    wire::text(|bytes| bytes.extend_from_slice(packet.as_bytes()))
}

/// A packet of Socket.IO to a namespace, with this JSON.
pub(crate) fn message(kind: char, namespace: &str, payload: &str) -> Bytes {
    let namespace = match namespace {
        "/" => String::new(),
        named => format!("{named},"),
    };
    framed(&format!("4{kind}{namespace}{payload}"))
}

/// The kinds that a server says by `message`.
pub(crate) const CONNECT: char = '0';
pub(crate) const DISCONNECT: char = '1';
pub(crate) const EVENT: char = '2';
pub(crate) const ACKNOWLEDGEMENT: char = '3';
pub(crate) const CONNECT_ERROR: char = '4';

#[cfg(test)]
mod tests;
