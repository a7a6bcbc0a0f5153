//! JSON, read strictly: one meaning for everybody, or a refusal that says where it stopped making sense.
//!
//! Bodies of requests and frames of sockets are read by the same function; how many bytes may come is the caller's limit.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use chat::limits::JSON_DEPTH_MAX;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::refusal::Refusal;

/// Reads JSON (RFC 8259, I-JSON where it is stricter): UTF-8, at most `JSON_DEPTH_MAX` deep, no key twice, no NUL, no lone surrogates.
/// What is not that is `malformed`; what is that but not a `T` is `invalid`, with a JSON pointer.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    check(bytes)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        misfit(pointer, &words(&error.into_inner()))
    })
}

/// The same for what must be an object, as every body and frame is: a list of its fields would be read as one, too.
pub fn object_from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let object = from_slice(bytes)?;
    match bytes.trim_ascii_start().first() {
        Some(b'{') => Ok(object),
        Some(_) | None => Err(Refusal::invalid("", "must be an object")),
    }
}

/// The check of form alone.
fn check(bytes: &[u8]) -> Result<(), Refusal> {
    let found = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Check {
        depth: 0,
        place: Place::Root,
        found: &found,
    };
    let outcome = seed.deserialize(&mut reader).and_then(|()| reader.end());
    outcome.map_err(|error| {
        let detail = found
            .take()
            .unwrap_or_else(|| format!("The body is not JSON: {}", words(&error)));
        Refusal::Malformed(detail)
    })
}

/// Where the reader is, as a list of borrowed steps that lives on the stack.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(parent, key) => write!(f, "{parent}/{}", escape(key)),
            Self::Index(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

struct Check<'a> {
    depth: usize,
    place: Place<'a>,
    found: &'a RefCell<Option<String>>,
}

impl Check<'_> {
    fn refuse<E: serde::de::Error>(&self, what: &str) -> E {
        let place = self.place.to_string();
        let place = if place.is_empty() {
            "the whole".to_owned()
        } else {
            place
        };
        *self.found.borrow_mut() = Some(format!("The JSON cannot be accepted at {place}: {what}"));
        E::custom(what)
    }

    fn text<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            return Err(self.refuse("a text holds the character U+0000"));
        }
        Ok(())
    }

    fn deeper<'b, E: serde::de::Error>(&'b self, place: Place<'b>) -> Result<Check<'b>, E> {
        Ok(Check {
            depth: self.depth + 1,
            place,
            found: self.found,
        })
    }

    fn enter<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.depth >= JSON_DEPTH_MAX {
            *self.found.borrow_mut() = Some(format!("The JSON is nested deeper than {JSON_DEPTH_MAX} levels"));
            return Err(E::custom("too deep"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.enter()?;
        let mut index = 0;
        while items
            .next_element_seed(self.deeper(Place::Index(&self.place, index))?)?
            .is_some()
        {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        self.enter()?;
        let mut keys = HashSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            let place = Place::Key(&self.place, &key);
            let inside = self.deeper(place)?;
            inside.text(&key)?;
            if keys.contains(&key) {
                return Err(inside.refuse("the key occurs twice"));
            }
            fields.next_value_seed(inside)?;
            keys.insert(key);
        }
        Ok(())
    }
}

/// RFC 6901.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Completes the pointer by the field that serde only names in its message.
fn misfit(mut pointer: String, words: &str) -> Refusal {
    let named = |prefix: &str| {
        words
            .strip_prefix(prefix)?
            .split_once('`')
            .map(|(name, _)| name.to_owned())
    };
    let detail = if let Some(name) = named("missing field `") {
        push(&mut pointer, &name);
        "is missing".to_owned()
    } else if let Some(name) = named("unknown field `") {
        push(&mut pointer, &name);
        "is not known here; leave it out".to_owned()
    } else {
        format!("is not acceptable: {words}")
    };
    Refusal::Invalid { pointer, detail }
}

fn push(pointer: &mut String, name: &str) {
    let step = format!("/{}", escape(name));
    if !pointer.ends_with(&step) {
        pointer.push_str(&step);
    }
}

/// What serde says, without the line and column that it adds.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) if error.line() > 0 => text[..end].to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests;
