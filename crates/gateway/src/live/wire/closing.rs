//! What a close frame says (RFC 6455, sections 5.5.1 and 7.4): nothing, or a code and words.

use super::Fault;

/// The code of a client's close, if it gave one.
pub(super) fn read(payload: &[u8]) -> Result<Option<u16>, Fault> {
    let (code, words) = match payload {
        [] => return Ok(None),
        [_] => return Err(Fault::Protocol),
        [high, low, words @ ..] => (u16::from_be_bytes([*high, *low]), words),
    };
    if !may_be_sent(code) {
        return Err(Fault::Protocol);
    }
    std::str::from_utf8(words).map_err(|_| Fault::NotUtf8)?;
    Ok(Some(code))
}

/// Codes that stand for something that may be said; 1004 to 1006 and 1015 never travel, 1012 to 1014 were registered later.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_that_mean_something_are_taken() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
            assert_eq!(read(&u16::to_be_bytes(code)), Err(Fault::Protocol), "{code}");
        }
        for code in [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 3000, 3999, 4000, 4999,
        ] {
            assert_eq!(read(&u16::to_be_bytes(code)), Ok(Some(code)));
        }
    }

    #[test]
    fn a_close_has_no_payload_or_a_whole_code_with_words_in_utf8() {
        assert_eq!(read(b""), Ok(None));
        assert_eq!(read(b"\x03"), Err(Fault::Protocol));
        assert_eq!(read(&[&[0x03, 0xe8][..], "bye ü".as_bytes()].concat()), Ok(Some(1000)));
        assert_eq!(read(b"\x03\xe8bye \xff"), Err(Fault::NotUtf8));
    }
}
