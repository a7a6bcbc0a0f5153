//! The description of sockets and streams (AsyncAPI 3.0), made from the same schemas as the OpenAPI document.

use serde_json::{Map, Value, json};

use crate::openapi::openapi_json;

/// The description as JSON, indented, always in the same order.
pub fn asyncapi_json() -> String {
    let openapi: Value = serde_json::from_str(&openapi_json()).unwrap_or_default();
    let schemas = &openapi["components"]["schemas"];
    let commands = variants(schemas, "Command");
    let frames = variants(schemas, "Frame");
    let mut messages = Map::new();
    for (prefix, variants) in [("command", &commands), ("frame", &frames)] {
        for (name, schema) in variants {
            messages.insert(format!("{prefix}.{name}"), message(name, schema));
        }
    }
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rill, live",
            "version": openapi["info"]["version"],
            "description": "What is said over WebSocket, Socket.IO and server-sent events. The words behind it are in docs/protocol.md.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "ws": channel("/api/v1/ws", "WebSocket (RFC 6455); each message is a text frame", &[("command", &commands), ("frame", &frames)]),
            "socketio": channel("/socket.io/", "Socket.IO 5 in the namespace /rill: an event has the name of a message's `type`, and the message as its argument", &[("command", &commands), ("frame", &frames)]),
            "events": channel("/api/v1/events", "Server-sent events; each message is a `data:` line", &[("frame", &frames)]),
        },
        "operations": {
            "ws.receive": operation("receive", "ws", "command", &commands, "What clients say"),
            "ws.send": operation("send", "ws", "frame", &frames, "What the server says"),
            "socketio.receive": operation("receive", "socketio", "command", &commands, "What clients say"),
            "socketio.send": operation("send", "socketio", "frame", &frames, "What the server says"),
            "events.send": operation("send", "events", "frame", &frames, "What the server says"),
        },
        "components": { "messages": messages, "schemas": schemas },
    });
    match serde_json::to_string_pretty(&document) {
        Ok(text) => text + "\n",
        Err(_) => String::new(),
    }
}

/// The variants of a tagged enum: the value of `type`, and the schema.
fn variants(schemas: &Value, name: &str) -> Vec<(String, Value)> {
    let all = schemas[name]["oneOf"].as_array().cloned().unwrap_or_default();
    all.into_iter()
        .filter_map(|schema| Some((tag(&schema)?, schema)))
        .collect()
}

/// The value of `type`, also where the variant is put together with `allOf`.
fn tag(schema: &Value) -> Option<String> {
    let own = schema["properties"]["type"]["enum"][0].as_str().map(str::to_owned);
    own.or_else(|| schema["allOf"].as_array()?.iter().find_map(tag))
}

fn message(name: &str, schema: &Value) -> Value {
    json!({
        "name": name,
        "summary": schema["description"],
        "contentType": "application/json",
        "payload": schema,
    })
}

fn channel(address: &str, description: &str, said: &[(&str, &Vec<(String, Value)>)]) -> Value {
    let mut messages = Map::new();
    for (prefix, variants) in said {
        for (name, _) in *variants {
            let key = format!("{prefix}.{name}");
            let target = json!({ "$ref": format!("#/components/messages/{key}") });
            messages.insert(key, target);
        }
    }
    json!({ "address": address, "description": description, "messages": messages })
}

fn operation(action: &str, channel: &str, prefix: &str, variants: &[(String, Value)], summary: &str) -> Value {
    let messages: Vec<Value> = variants
        .iter()
        .map(|(name, _)| json!({ "$ref": format!("#/channels/{channel}/messages/{prefix}.{name}") }))
        .collect();
    json!({
        "action": action,
        "summary": summary,
        "channel": { "$ref": format!("#/channels/{channel}") },
        "messages": messages,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_frame_is_a_message_and_every_reference_leads_somewhere() {
        let document: Value = serde_json::from_str(&asyncapi_json()).expect("JSON");
        let messages = document["components"]["messages"].as_object().expect("messages");
        for name in [
            "command.auth",
            "command.resume",
            "command.post",
            "frame.hello",
            "frame.entry",
            "frame.resync",
            "frame.drain",
        ] {
            assert!(messages.contains_key(name), "{name} is missing");
        }
        let text = document.to_string();
        let references: Vec<&str> = text
            .split("\"$ref\":\"#")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(references.len() > 50, "only {} references", references.len());
        for reference in references {
            assert!(document.pointer(reference).is_some(), "{reference} leads nowhere");
        }
    }
}
