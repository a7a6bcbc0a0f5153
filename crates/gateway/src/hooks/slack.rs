//! Slack's incoming webhooks: `text`, or what `blocks` and `attachments` say in words; `ok`, or a word for what is wrong.
//! Source: docs.slack.dev, "Sending messages using incoming webhooks".

use axum::response::Response;
use chat::error::Error;
use http::{HeaderValue, header};
use serde_json::{Map, Value};

use super::{is_empty_text, lines};
use crate::dialects::plain;
use crate::refusal::Refusal;

/// How deep blocks may stand in each other; bodies are no deeper than `JSON_DEPTH_MAX` anyway.
const DEPTH_MAX: usize = 16;

/// What the body says, as Markdown.
pub(super) fn text(said: &Map<String, Value>) -> String {
    let text = lines(said.get("text"));
    if !text.is_empty() {
        return markdown(&text);
    }
    let mut found = Vec::new();
    for name in ["blocks", "attachments"] {
        for block in said.get(name).and_then(Value::as_array).into_iter().flatten() {
            gather(block, &mut found, DEPTH_MAX);
        }
    }
    markdown(&found.join("\n"))
}

/// Every text of a block, in its order.
fn gather(block: &Value, found: &mut Vec<String>, depth: usize) {
    if depth == 0 {
        return;
    }
    let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
    if LINES.contains(&kind) {
        found.push(line(block));
        return;
    }
    // Of an attachment; whoever has nothing better reads the fallback.
    let names = ["pretext", "author_name", "title", "text", "alt_text"];
    let own = lines(names.iter().filter_map(|name| block.get(name)));
    if own.is_empty() {
        found.extend(block.get("fallback").and_then(Value::as_str).map(str::to_owned));
    } else {
        found.push(own);
    }
    for name in ["title", "text"] {
        if let Some(inner) = block.get(name).filter(|inner| inner.is_object()) {
            gather(inner, found, depth - 1);
        }
    }
    for name in ["fields", "elements", "blocks"] {
        for inner in block.get(name).and_then(Value::as_array).into_iter().flatten() {
            gather(inner, found, depth - 1);
            found.extend(inner.get("value").and_then(Value::as_str).map(str::to_owned));
        }
    }
}

/// Parts of rich text whose elements stand in one line.
const LINES: [&str; 3] = ["rich_text_section", "rich_text_preformatted", "rich_text_quote"];

fn line(block: &Value) -> String {
    let elements = block.get("elements").and_then(Value::as_array).into_iter().flatten();
    let words = elements.filter_map(|element| element.get("text").or_else(|| element.get("url"))?.as_str());
    words.collect()
}

/// Slack writes `<https://x|words>` for a link, and escapes three letters.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let Some((inner, behind)) = after.split_once('>').filter(|(inner, _)| !inner.contains('\n')) else {
            out.push('<');
            rest = after;
            continue;
        };
        match inner.split_once('|') {
            Some((target, words)) if is_link(target) => out.push_str(&format!("[{words}]({target})")),
            Some((_, words)) => out.push_str(words),
            None if is_link(inner) => out.push_str(inner),
            None => out.push_str(inner.trim_start_matches(['!', '@', '#'])),
        }
        rest = behind;
    }
    out.push_str(rest);
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn is_link(target: &str) -> bool {
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| target.starts_with(scheme))
}

/// The word that Slack has for the refusal, else what we say ourselves.
pub(super) fn refused(refusal: &Refusal) -> Response {
    let problem = refusal.problem(None);
    let (status, word) = match refusal {
        Refusal::Chat(Error::NotSignedIn) => (403, "invalid_token".to_owned()),
        Refusal::Chat(Error::Archived) => (410, "channel_is_archived".to_owned()),
        Refusal::Chat(Error::NotFound { .. } | Error::Forbidden { .. }) => (404, "channel_not_found".to_owned()),
        Refusal::Chat(Error::TooMany { .. }) => (429, "rate_limited".to_owned()),
        Refusal::Malformed(_) => (400, "invalid_payload".to_owned()),
        refusal if is_empty_text(refusal) => (400, "no_text".to_owned()),
        _ => (problem.status, problem.detail.clone()),
    };
    let mut response = plain::text(status, &word);
    if let Some(seconds) = problem.retry_after {
        let value = HeaderValue::from(seconds.ceil() as u64);
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn links_become_links_and_escapes_letters() {
        for (slack, ours) in [
            ("plain *bold*", "plain *bold*"),
            (
                "see <https://a.example/?x=1&amp;y=2|the page> now",
                "see [the page](https://a.example/?x=1&y=2) now",
            ),
            ("<https://a.example>", "https://a.example"),
            ("<!here> <@U1|ada> &lt;b&gt; 1 < 2", "here ada <b> 1 < 2"),
            ("<javascript:alert(1)|click>", "click"),
        ] {
            assert_eq!(markdown(slack), ours);
        }
    }

    #[test]
    fn blocks_and_attachments_say_something_in_words() {
        let said = json!({"blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Build 7"}},
            {"type": "divider"},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "red"}, {"type": "mrkdwn", "text": "main"}]},
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": "see "}, {"type": "text", "text": "there"}]}]},
        ], "attachments": [{"fallback": "unused", "title": "Log", "fields": [{"title": "Took", "value": "3 s"}]},
            {"fallback": "a picture"}]});
        let text = text(said.as_object().expect("an object"));
        assert_eq!(text, "Build 7\nred\nmain\nsee there\nLog\nTook\n3 s\na picture");
    }
}
