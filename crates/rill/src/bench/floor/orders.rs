//! What the load tells the floor, over any of its connections, which then gets no frames itself.

use anyhow::{Context, Result, bail};

/// The longest frame that is taken.
const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// The frame to write from now on, with a mark in it.
pub fn frame(bytes: &[u8]) -> Vec<u8> {
    let mut order = vec![b'F'];
    order.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    order.extend_from_slice(bytes);
    order
}

/// Writes so many frames to everybody, numbered from `first` on, in one go.
pub fn go(first: u64, count: u64) -> Vec<u8> {
    let mut order = vec![b'G'];
    order.extend_from_slice(&first.to_le_bytes());
    order.extend_from_slice(&count.to_le_bytes());
    order
}

/// The same, each frame to another `width` connections.
pub fn go_to_some(first: u64, count: u64, width: u64) -> Vec<u8> {
    let mut order = go(first, count);
    order[0] = b'S';
    order.extend_from_slice(&width.to_le_bytes());
    order
}

/// An order as the floor understands it.
#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    Frame(Vec<u8>),
    Go { first: u64, count: u64 },
    GoToSome { first: u64, count: u64, width: u64 },
}

/// The first order, if it is whole, and how many bytes it is.
pub fn parse(bytes: &[u8]) -> Result<Option<(Order, usize)>> {
    let number = |at: usize| {
        let eight = bytes.get(at..at + 8)?;
        Some(u64::from_le_bytes(eight.try_into().ok()?))
    };
    match bytes.first() {
        None => Ok(None),
        Some(b'F') => {
            let Some(length) = number(1) else { return Ok(None) };
            let length = usize::try_from(length).ok().filter(|length| *length <= FRAME_BYTES_MAX);
            let length = length.context("the frame is too long")?;
            let frame = bytes.get(9..9 + length);
            Ok(frame.map(|frame| (Order::Frame(frame.to_vec()), 9 + length)))
        }
        Some(b'G') => match (number(1), number(9)) {
            (Some(first), Some(count)) => Ok(Some((Order::Go { first, count }, 17))),
            _ => Ok(None),
        },
        Some(b'S') => match (number(1), number(9), number(17)) {
            (Some(first), Some(count), Some(width)) => Ok(Some((Order::GoToSome { first, count, width }, 25))),
            _ => Ok(None),
        },
        Some(other) => bail!("{other} is no order"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_understood_once_they_are_whole() {
        let both = [frame(b"abc"), go(7, 16)].concat();
        for end in 0..12 {
            assert_eq!(parse(&both[..end]).expect("no error"), None);
        }
        let (order, used) = parse(&both).expect("no error").expect("whole");
        assert_eq!((order, used), (Order::Frame(b"abc".to_vec()), 12));
        assert_eq!(parse(&both[used..both.len() - 1]).expect("no error"), None);
        let (order, _) = parse(&both[used..]).expect("no error").expect("whole");
        assert_eq!(order, Order::Go { first: 7, count: 16 });
        let some = go_to_some(7, 1, 20);
        assert_eq!(parse(&some[..24]).expect("no error"), None);
        let (order, used) = parse(&some).expect("no error").expect("whole");
        let (first, count, width) = (7, 1, 20);
        assert_eq!((order, used), (Order::GoToSome { first, count, width }, 25));
        assert!(parse(b"POST").is_err());
    }
}
