//! The language of the search field: words, "phrases", and `from:` `in:` `before:` `after:` `has:`. Pure.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Has;
use crate::error::{Error, Result};
use crate::ids::Timestamp;
use crate::limits::{QUERY_CHARS_MAX, QUERY_TERMS_MAX};

/// A query as it was typed: names are not yet looked up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typed {
    /// As written; the store folds them.
    pub terms: Vec<String>,
    pub from: Option<Sender>,
    /// A room's name or id.
    pub room: Option<String>,
    pub before: Option<Timestamp>,
    pub after: Option<Timestamp>,
    pub has: Vec<Has>,
}

/// Whose messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    Me,
    /// A user name, in small letters.
    Named(String),
}

/// Reads a query. What it does not understand it refuses, with words that say how to write it.
pub fn parse(text: &str) -> Result<Typed> {
    if text.chars().count() > QUERY_CHARS_MAX {
        return Err(refused(format!("must be at most {QUERY_CHARS_MAX} characters")));
    }
    let mut typed = Typed::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (part, after) = next_part(rest)?;
        match part {
            Part::Term(term) => add_term(&mut typed, term)?,
            Part::Qualifier(key, value) => qualify(&mut typed, key, value)?,
        }
        rest = after.trim_start();
    }
    if typed == Typed::default() {
        return Err(refused("must contain something to search for"));
    }
    Ok(typed)
}

enum Part<'a> {
    Term(&'a str),
    Qualifier(&'a str, &'a str),
}

/// The part at the start of the text, and what comes after it.
fn next_part(text: &str) -> Result<(Part<'_>, &str)> {
    if text.starts_with('"') {
        let (phrase, rest) = quoted(text)?;
        return Ok((Part::Term(phrase), rest));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    if let Some((key, value)) = text[..end].split_once(':')
        && is_key(key, value)
    {
        let start = key.len() + 1;
        if value.starts_with('"') {
            let (value, rest) = quoted(&text[start..])?;
            return Ok((Part::Qualifier(key, value), rest));
        }
        return Ok((Part::Qualifier(key, value), &text[end..]));
    }
    Ok((Part::Term(&text[..end]), &text[end..]))
}

/// What stands between the quotation mark at the start and the next one.
fn quoted(text: &str) -> Result<(&str, &str)> {
    let inner = &text[1..];
    inner
        .split_once('"')
        .ok_or_else(|| refused("has a quotation mark that is not closed; add another \" at the end of the phrase"))
}

/// `word:value` looks like a qualifier; `https://…`, `12:30` and `note:` do not.
fn is_key(key: &str, value: &str) -> bool {
    let known = matches!(key, "from" | "in" | "before" | "after" | "has");
    let word = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase());
    known || (word && value.starts_with(|first: char| first.is_alphanumeric() || first == '"'))
}

fn add_term(typed: &mut Typed, term: &str) -> Result<()> {
    let term = term.trim();
    if term.is_empty() {
        return Ok(());
    }
    if typed.terms.len() >= QUERY_TERMS_MAX {
        let problem = format!("must be at most {QUERY_TERMS_MAX} words; put a phrase in quotation marks");
        return Err(refused(problem));
    }
    if !typed.terms.iter().any(|known| known == term) {
        typed.terms.push(term.to_owned());
    }
    Ok(())
}

fn qualify(typed: &mut Typed, key: &str, value: &str) -> Result<()> {
    let value = value.trim();
    if value.is_empty() {
        return Err(refused(format!("needs something right after {key}:, without a space")));
    }
    match key {
        "from" => {
            let name = value.strip_prefix('@').unwrap_or(value).to_lowercase();
            let sender = if name == "me" { Sender::Me } else { Sender::Named(name) };
            once(&mut typed.from, sender, key)
        }
        "in" => once(
            &mut typed.room,
            value.strip_prefix('#').unwrap_or(value).to_owned(),
            key,
        ),
        "before" => once(&mut typed.before, moment(key, value)?, key),
        "after" => once(&mut typed.after, moment(key, value)?, key),
        "has" => {
            let has = match value {
                "link" => Has::Link,
                "location" => Has::Location,
                "reaction" => Has::Reaction,
                "pin" => Has::Pin,
                "thread" => Has::Thread,
                _ => {
                    let problem =
                        format!("has an unknown has:{value}; there are link, location, reaction, pin and thread");
                    return Err(refused(problem));
                }
            };
            if !typed.has.contains(&has) {
                typed.has.push(has);
            }
            Ok(())
        }
        _ => Err(refused(format!(
            "has an unknown {key}:; there are from, in, before, after and has (to search for it, write \"{key}:{value}\" in quotation marks)"
        ))),
    }
}

fn once<T>(field: &mut Option<T>, value: T, key: &str) -> Result<()> {
    if field.replace(value).is_some() {
        return Err(refused(format!("can have {key}: only once")));
    }
    Ok(())
}

/// The start of a day (UTC), or an exact time.
fn moment(key: &str, value: &str) -> Result<Timestamp> {
    let day = value
        .parse::<Date>()
        .ok()
        .filter(|_| value.len() == "2026-11-21".len())
        .and_then(|day| day.to_zoned(TimeZone::UTC).ok())
        .map(|start| start.timestamp());
    let at = day.or_else(|| value.parse::<jiff::Timestamp>().ok());
    at.map(|at| Timestamp(at.as_microsecond())).ok_or_else(|| {
        refused(format!(
            "has an unreadable {key}:{value}; write a day such as 2026-11-21, or a time such as 2026-11-21T08:30:00Z"
        ))
    })
}

fn refused(problem: impl Into<String>) -> Error {
    Error::invalid("q", problem)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms(text: &str) -> Vec<String> {
        parse(text).unwrap().terms
    }

    #[test]
    fn words_and_phrases_are_terms() {
        for (text, expected) in [
            ("hello", vec!["hello"]),
            ("  two   words ", vec!["two", "words"]),
            ("\"a phrase\" and more", vec!["a phrase", "and", "more"]),
            ("same same", vec!["same"]),
            ("東京 \"タワー　です\"", vec!["東京", "タワー　です"]),
            ("at 12:30", vec!["at", "12:30"]),
            ("https://example.org/a", vec!["https://example.org/a"]),
            ("note: this", vec!["note:", "this"]),
            ("\"from:ada\"", vec!["from:ada"]),
            ("\"\" x", vec!["x"]),
            ("a\"b", vec!["a\"b"]),
            (":) C:\\x", vec![":)", "C:\\x"]),
        ] {
            assert_eq!(terms(text), expected, "{text:?}");
        }
    }

    #[test]
    fn qualifiers_narrow_the_search() {
        let typed = parse("from:@Ada in:#General has:link plan has:pin has:pin").unwrap();
        assert_eq!(typed.from, Some(Sender::Named("ada".to_owned())));
        assert_eq!(typed.room.as_deref(), Some("General"));
        assert_eq!(typed.has, [Has::Link, Has::Pin]);
        assert_eq!(typed.terms, ["plan"]);
        assert_eq!(parse("from:me").unwrap().from, Some(Sender::Me));
        assert_eq!(
            parse("in:\"the garden\" x").unwrap().room.as_deref(),
            Some("the garden")
        );
    }

    #[test]
    fn days_begin_in_utc_and_times_are_exact() {
        let day = 1_795_219_200_000_000;
        for (text, at) in [
            ("before:2026-11-21", day),
            ("before:2026-11-21T00:00:00Z", day),
            ("before:2026-11-21T01:30:00+01:00", day + 30 * 60 * 1_000_000),
            ("before:1970-01-01", 0),
        ] {
            assert_eq!(parse(text).unwrap().before, Some(Timestamp(at)), "{text}");
        }
        assert_eq!(parse("after:2026-11-21").unwrap().after, Some(Timestamp(day)));
    }

    #[test]
    fn what_cannot_be_understood_is_explained() {
        let long = "x".repeat(QUERY_CHARS_MAX + 1);
        for (text, hint) in [
            ("", "something to search for"),
            ("  \"\" ", "something to search for"),
            ("\"open", "not closed"),
            ("in:\"open", "not closed"),
            ("from:", "right after from:"),
            ("from: ada", "right after from:"),
            ("from:@a from:b", "only once"),
            ("before:yesterday", "2026-11-21"),
            ("before:2026-02-30", "2026-11-21"),
            ("after:2026-11-21T08:30", "2026-11-21T08:30:00Z"),
            ("has:cheese", "link, location, reaction, pin and thread"),
            ("re:invent", "write \"re:invent\" in quotation marks"),
            ("a b c d e f g h i", "at most 8 words"),
            (&long, "at most 256 characters"),
        ] {
            let Err(Error::Invalid { field: "q", problem }) = parse(text) else {
                panic!("{text:?} must be refused");
            };
            assert!(problem.contains(hint), "{text:?}: {problem}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_refused(text in ".{0,80}") {
            if let Ok(typed) = parse(&text) {
                prop_assert!(typed.terms.len() <= QUERY_TERMS_MAX);
                prop_assert!(typed.terms.iter().all(|term| text.contains(term.as_str()) && !term.trim().is_empty()));
            }
        }

        #[test]
        fn words_without_marks_come_through(words in proptest::collection::btree_set("[a-zäé東]{1,6}", 1..=8)) {
            let words: Vec<String> = words.into_iter().collect();
            prop_assert_eq!(terms(&words.join(" ")), words);
        }
    }
}
