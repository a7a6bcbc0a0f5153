//! What chats add to Markdown inside a line: `@name`, `#room`, `:emoji:`, `||hidden||` and `<t:seconds:style>`.

use jiff::tz::TimeZone;

use super::{Mark, Piece, emoji, time};

/// Who reads, and how.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The reader's user name.
    pub me: String,
    pub zone: TimeZone,
    /// Whether hidden parts are shown.
    pub reveal: bool,
}

/// The pieces of a text without Markdown in it.
pub fn pieces(text: &str, mark: Mark, reader: &Reader) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (number, part) in hidden_parts(text).into_iter().enumerate() {
        if number % 2 == 0 {
            visible(part, mark, reader, &mut pieces);
        } else if reader.reveal {
            visible(part, Mark { hidden: true, ..mark }, reader, &mut pieces);
        } else {
            let blocks = "▒".repeat(super::width(part));
            pieces.push(Piece::of(blocks, Mark { hidden: true, ..mark }));
        }
    }
    pieces
}

/// Every second part stood between `||`.
fn hidden_parts(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split("||").collect();
    let closed = parts.len() % 2 == 1 && parts.iter().skip(1).step_by(2).all(|part| !part.trim().is_empty());
    if closed { parts } else { vec![text] }
}

fn visible(text: &str, mark: Mark, reader: &Reader, pieces: &mut Vec<Piece>) {
    let (mut from, mut at) = (0, 0);
    while let Some(offset) = text[at..].find(['@', '#', ':', '<']) {
        at += offset;
        let before = text[..at].chars().next_back();
        let free = before.is_none_or(|letter| !letter.is_alphanumeric());
        let rest = &text[at..];
        let found = match rest.as_bytes()[0] {
            b'@' | b'#' if free => name(rest, mark, reader),
            b':' => shortcode(rest, mark),
            b'<' => moment(rest, mark, reader),
            _ => None,
        };
        match found {
            Some((length, piece)) => {
                if from < at {
                    pieces.push(Piece::of(&text[from..at], mark));
                }
                pieces.push(piece);
                at += length;
                from = at;
            }
            None => at += 1,
        }
    }
    if from < text.len() {
        pieces.push(Piece::of(&text[from..], mark));
    }
}

/// `@name` or `#room-name`, and its length in bytes.
fn name(rest: &str, mark: Mark, reader: &Reader) -> Option<(usize, Piece)> {
    let sign = &rest[..1];
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let end = rest[1..]
        .find(|letter| !is_part(letter))
        .map_or(rest.len(), |end| end + 1);
    let name = rest[1..end].trim_end_matches(['.', '-']);
    if name.is_empty() {
        return None;
    }
    let me = sign == "@" && (name.eq_ignore_ascii_case(&reader.me) || name == "room");
    let length = 1 + name.len();
    let mark = Mark {
        mention: true,
        me,
        ..mark
    };
    Some((length, Piece::of(&rest[..length], mark)))
}

fn shortcode(rest: &str, mark: Mark) -> Option<(usize, Piece)> {
    let end = rest[1..].find(':')?;
    let name = &rest[1..=end];
    let fits = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_-+".contains(letter));
    let emoji = fits.then(|| emoji::named(name)).flatten()?;
    Some((end + 2, Piece::of(emoji, mark)))
}

fn moment(rest: &str, mark: Mark, reader: &Reader) -> Option<(usize, Piece)> {
    let inside = rest.strip_prefix("<t:")?;
    let end = inside.find('>')?;
    let (seconds, style) = inside[..end].split_once(':').unwrap_or((&inside[..end], ""));
    let shown = time::moment(seconds.parse().ok()?, style, &reader.zone)?;
    Some((end + 4, Piece::of(shown, Mark { code: true, ..mark })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(reveal: bool) -> Reader {
        Reader {
            me: "ada".into(),
            zone: TimeZone::UTC,
            reveal,
        }
    }

    fn shown(text: &str) -> String {
        let found = pieces(text, Mark::default(), &reader(false));
        let marked = |piece: &Piece| match piece.mark {
            Mark { me: true, .. } => format!("[me {}]", piece.text),
            Mark { mention: true, .. } => format!("[{}]", piece.text),
            _ => piece.text.clone(),
        };
        found.iter().map(marked).collect()
    }

    #[test]
    fn names_rooms_emoji_and_moments_are_found_and_mail_addresses_are_not() {
        for (text, expected) in [
            ("hello @Ada, see #field-team.", "hello [me @Ada], see [#field-team]."),
            ("@grace: yes", "[@grace]: yes"),
            ("mail ada@example.org", "mail ada@example.org"),
            ("at 10:30:45 :tada: :nothing_such:", "at 10:30:45 🎉 :nothing_such:"),
            ("<t:0:T> <t:x> <b>", "00:00:00 <t:x> <b>"),
            ("@", "@"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_hidden_shows_only_its_length_until_it_is_looked_at() {
        assert_eq!(shown("the ||butler|| did it"), "the ▒▒▒▒▒▒ did it");
        assert_eq!(shown("a || b"), "a || b");
        let found = pieces("the ||butler||", Mark::default(), &reader(true));
        assert_eq!((found[1].text.as_str(), found[1].mark.hidden), ("butler", true));
    }
}
