//! An event of a client as a command of the native protocol: its name is the `type`, its argument the rest.

use std::borrow::Cow;

use protocol::live::Command;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::live::native;
use crate::refusal::Refusal;

/// What stands for a `ref` where neither one was given nor an acknowledgement was asked for.
const UNREFERENCED: &str = "-";
/// Commands that know no `ref`.
const WITHOUT_REFERENCE: [&str; 3] = ["auth", "typing", "presence"];

/// What came of an event: a command, or why it is none, with the `ref` that this answers to.
pub(super) type Read = Result<Command, (Option<String>, Refusal)>;

/// Reads the array of an event. The number of its acknowledgement stands in for a `ref` that was left out.
pub(super) fn command(payload: &str, number: Option<u64>) -> Read {
    let text = text(payload, number).map_err(|refusal| (None, refusal))?;
    native::read(text.as_bytes())
}

/// The event as the text of a native command.
fn text(payload: &str, number: Option<u64>) -> Result<String, Refusal> {
    let malformed = |what: &str| Refusal::Malformed(what.to_owned());
    let parts: Vec<&RawValue> =
        serde_json::from_str(payload).map_err(|_| malformed("The event is not a list in JSON"))?;
    let (name, argument) = match parts.as_slice() {
        [name] => (name, "{}"),
        [name, argument] => (name, argument.get()),
        _ => return Err(malformed("An event has a name and one argument, an object")),
    };
    let name: Cow<'_, str> =
        serde_json::from_str(name.get()).map_err(|_| malformed("The name of an event is a text"))?;
    let inside = argument
        .strip_prefix('{')
        .and_then(|inside| inside.strip_suffix('}'))
        .ok_or_else(|| malformed("The argument of an event is an object"))?;
    let mut text = format!("{{\"type\":{}", serde_json::Value::from(name.as_ref()));
    if !WITHOUT_REFERENCE.contains(&name.as_ref()) && !has_reference(argument) {
        let reference = number.map_or_else(|| UNREFERENCED.to_owned(), |number| number.to_string());
        text.push_str(&format!(",\"ref\":\"{reference}\""));
    }
    if !inside.trim_ascii().is_empty() {
        text.push(',');
        text.push_str(inside);
    }
    text.push('}');
    Ok(text)
}

/// Whether the client named the command itself.
fn has_reference(argument: &str) -> bool {
    #[derive(Deserialize)]
    struct Marked {
        #[serde(rename = "ref")]
        _reference: IgnoredAny,
    }
    serde_json::from_str::<Marked>(argument).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::shapes::Status;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_event_is_the_command_of_its_name() {
        let ping = |reference: &str| {
            Ok(Command::Ping {
                reference: Some(reference.to_owned()),
            })
        };
        assert_eq!(command(r#"["ping"]"#, None), ping("-"));
        assert_eq!(command(r#"["ping",{}]"#, Some(7)), ping("7"));
        assert_eq!(command(r#"["p\u0069ng", { "ref" : "mine" } ]"#, Some(7)), ping("mine"));
        let away = Command::Presence { status: Status::Away };
        assert_eq!(command(r#"["presence",{"status":"away"}]"#, Some(7)), Ok(away));
        let read = Command::Read {
            reference: Some("0".to_owned()),
            room: Uuid::nil(),
            seq: 3,
        };
        let nil = Uuid::nil();
        assert_eq!(
            command(&format!(r#"["read",{{"room":"{nil}","seq":3}}]"#), Some(0)),
            Ok(read)
        );
    }

    #[test]
    fn what_is_no_command_is_refused_and_not_believed() {
        for event in [
            "[",
            "[]",
            "[1]",
            r#"[{"type":"ping"}]"#,
            r#"["ping",1]"#,
            r#"["ping",[]]"#,
            r#"["ping",null]"#,
            r#"["ping",{},{}]"#,
            r#"["ping",{"type":"post"}]"#,
            r#"["ping",{"ref":"1","ref":"2"}]"#,
            r#"["ping",{"ref":""}]"#,
            r#"["ping",{"other":1}]"#,
            r#"["nothing",{}]"#,
            r#"["ping\",\"x\":\"",{}]"#,
            r#"["ping",{}}]"#,
        ] {
            assert!(command(event, None).is_err(), "{event}");
            assert!(command(event, Some(1)).is_err(), "{event}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_harm(text in "\\PC{0,80}", number in any::<Option<u64>>()) {
            let _ = command(&text, number);
            let _ = command(&format!("[\"ping\",{text}]"), number);
            let name = serde_json::Value::from(text.as_str());
            let _ = command(&format!("[{name},{{}}]"), number);
        }
    }
}
