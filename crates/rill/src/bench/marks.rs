//! How the load knows its own messages again: a number of fixed width in the text, found without reading JSON.

use anyhow::{Result, ensure};

/// Stands before the number in the text of every message of the load.
pub const MARK: &[u8] = b"mark:";
const DIGITS: usize = 12;
/// Nobody sends so many; prepared bytes hold it where numbers go.
const PLACEHOLDER: &str = "999999999999";

/// The beginning of a text in which a number can be stamped.
pub fn placeholder() -> String {
    format!("{}{PLACEHOLDER}", String::from_utf8_lossy(MARK))
}

/// For fields that hold nothing but the number.
pub const NUMBER: &str = PLACEHOLDER;

/// Bytes that are sent again and again, with another number each time.
#[derive(Clone)]
pub struct Stamped {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Stamped {
    /// Finds the placeholders; an error if there is none.
    pub fn new(bytes: Vec<u8>) -> Result<Self> {
        let places = (0..bytes.len())
            .filter(|at| bytes[*at..].starts_with(PLACEHOLDER.as_bytes()))
            .collect::<Vec<_>>();
        ensure!(!places.is_empty(), "the prepared bytes have no place for a number");
        Ok(Self { bytes, places })
    }

    /// The same with the marks of a frame that was received, whatever number they hold.
    pub fn from_received(mut bytes: Vec<u8>) -> Result<Self> {
        let mut finder = Finder::default();
        ensure!(finder.number(&bytes).is_some(), "the sample has no mark");
        let at = finder.at;
        bytes[at..at + DIGITS].copy_from_slice(PLACEHOLDER.as_bytes());
        Ok(Self {
            bytes,
            places: vec![at],
        })
    }

    /// The bytes with the placeholder, or with the number that was stamped last.
    pub fn prepared(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes with this number in every place.
    pub fn with(&mut self, number: u64) -> &[u8] {
        let mut digits = [b'0'; DIGITS];
        let mut left = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (left % 10) as u8;
            left /= 10;
        }
        for place in &self.places {
            self.bytes[*place..*place + DIGITS].copy_from_slice(&digits);
        }
        &self.bytes
    }
}

/// Finds the number of a message in a frame, first where the last one had it.
#[derive(Default)]
pub struct Finder {
    /// Where the digits began.
    at: usize,
}

impl Finder {
    /// The number, or nothing in a frame that is no message of the load.
    #[inline]
    pub fn number(&mut self, frame: &[u8]) -> Option<u64> {
        let is_here = |at: usize| at >= MARK.len() && frame.get(at - MARK.len()..at) == Some(MARK);
        if !is_here(self.at) {
            self.at = frame.windows(MARK.len()).position(|bytes| bytes == MARK)? + MARK.len();
        }
        digits(frame.get(self.at..)?)
    }

    /// The numbers of a frame that may hold several messages.
    pub fn numbers(&mut self, frame: &[u8], each: &mut dyn FnMut(u64)) {
        let mut rest = frame;
        while let Some(number) = self.number(rest) {
            each(number);
            rest = &rest[self.at + DIGITS..];
        }
    }
}

/// The number of the command that an `ok` answers.
pub fn answered(frame: &[u8]) -> Option<u64> {
    digits(frame.strip_prefix(b"{\"type\":\"ok\",\"ref\":\"")?)
}

fn digits(bytes: &[u8]) -> Option<u64> {
    let mut number = 0;
    for byte in bytes.get(..DIGITS)? {
        number = number * 10 + u64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_stamped_is_found_wherever_it_moves() {
        let text = format!("{{\"ref\":\"{NUMBER}\",\"text\":\"{} hello\"}}", placeholder());
        let mut stamped = Stamped::new(text.into_bytes()).expect("places");
        assert_eq!(stamped.places.len(), 2);
        let mut finder = Finder::default();
        for number in [0, 7, 123_456_789_012] {
            assert_eq!(finder.number(stamped.with(number)), Some(number));
            let moved = [b"xx", stamped.with(number)].concat();
            assert_eq!(finder.number(&moved), Some(number));
        }
        assert_eq!(finder.number(b"{\"type\":\"presence\"}"), None);
        assert_eq!(finder.number(b"mark:12"), None);
    }

    #[test]
    fn every_number_of_a_frame_that_holds_several_is_found_once() {
        let mut finder = Finder::default();
        for (frame, numbers) in [
            (
                "..mark:000000000001..mark:000000000002 xmark:000000000003",
                vec![1, 2, 3],
            ),
            ("mark:000000000004", vec![4]),
            ("none", vec![]),
        ] {
            let mut found = Vec::new();
            finder.numbers(frame.as_bytes(), &mut |number| found.push(number));
            assert_eq!(found, numbers, "{frame}");
        }
    }

    #[test]
    fn a_received_frame_is_stamped_anew() {
        let mut sample = Stamped::from_received(b"..mark:000000000041 text".to_vec()).expect("a mark");
        assert_eq!(sample.with(42), b"..mark:000000000042 text");
        assert!(Stamped::from_received(b"nothing".to_vec()).is_err());
    }

    #[test]
    fn an_ok_tells_which_command_it_answers() {
        assert_eq!(
            answered(b"{\"type\":\"ok\",\"ref\":\"000000000012\",\"seq\":3}"),
            Some(12)
        );
        assert_eq!(answered(b"{\"type\":\"error\",\"ref\":\"000000000012\"}"), None);
    }
}
