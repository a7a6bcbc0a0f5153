//! What programs and documents read: the configuration, the limits, the descriptions of the protocol.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::Result;
use chat::limits::{self, Limits};

use crate::config::settings::{SETTINGS, flag, variable};
use crate::config::{Config, limits::LIMITS};

/// Prints a generated document.
pub fn document(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// `rill config show`: values and places, or the page docs/configuration.md.
pub fn configuration(config: &Config, markdown: bool) -> Result<()> {
    let mut out = String::new();
    if markdown {
        out.push_str("# Configuration\n\n<!-- Made by `rill config show --markdown`. -->\n\n");
        out.push_str("Rill works without any configuration.\n");
        out.push_str("A setting comes from its default, then from `rill.toml`, then from the environment, then from flags; the later wins.\n\n");
        out.push_str("| in rill.toml | environment | flag | default | what it is |\n| --- | --- | --- | --- | --- |\n");
        for setting in SETTINGS {
            let default = if setting.default.is_empty() {
                "unset".into()
            } else {
                format!("`{}`", setting.default)
            };
            let value = setting.value.replace('|', "\\|");
            let (name, about) = (setting.name, setting.about);
            writeln!(
                out,
                "| `{name}` | `{}` | `--{} {value}` | {default} | {about} |",
                variable(name),
                flag(name)
            )?;
        }
        out.push_str("\nLimits stand in the table `[limits]` of `rill.toml`, in `RILL_LIMITS_NAME`, or in `--limit NAME=VALUE`; [limits.md](limits.md) lists them.\n");
        return document(&out);
    }
    for (name, (value, place)) in &config.values {
        let secret = matches!(
            name.as_str(),
            "setup_code" | "metrics_token" | "platform_secret" | "commands_secret"
        ) && !value.is_empty();
        let value = match name.as_str() {
            _ if secret => "(set)".to_owned(),
            "database" | "redis" | "rabbitmq" => backends::shown(value),
            _ => value.clone(),
        };
        writeln!(out, "{name} = \"{value}\"  # {place}")?;
    }
    document(&out)
}

/// `rill limits`: the generated part of docs/limits.md.
pub fn limits() -> Result<()> {
    let mut out = String::from("| setting | default | what it limits |\n| --- | --- | --- |\n");
    let mut defaults = Limits::default();
    for limit in LIMITS {
        writeln!(
            out,
            "| `{}` | {} | {} |",
            limit.name,
            limit.show(&mut defaults),
            limit.about
        )?;
    }
    out.push_str("\n| fixed | value |\n| --- | --- |\n");
    for (what, value) in fixed() {
        writeln!(out, "| {what} | {value} |")?;
    }
    document(&out)
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn fixed() -> Vec<(&'static str, String)> {
    let kib = |bytes: usize| format!("{} KiB", bytes / 1024);
    let seconds = |wait: std::time::Duration| format!("{} s", wait.as_secs());
    vec![
        (
            "text of a message",
            format!("{} characters, {}", limits::TEXT_CHARS_MAX, kib(limits::TEXT_BYTES_MAX)),
        ),
        (
            "name · topic · description of a room",
            format!(
                "{} · {} · {} characters",
                limits::ROOM_NAME_CHARS_MAX,
                limits::TOPIC_CHARS_MAX,
                limits::DESCRIPTION_CHARS_MAX
            ),
        ),
        (
            "user name",
            format!(
                "{} to {} characters",
                limits::USERNAME_CHARS_MIN,
                limits::USERNAME_CHARS_MAX
            ),
        ),
        (
            "name of a guest · of what two people talk about",
            format!(
                "{} · {} characters",
                limits::GUEST_NAME_CHARS_MAX,
                limits::MATTER_CHARS_MAX
            ),
        ),
        (
            "password",
            format!(
                "{} to {} characters, {} bytes",
                limits::PASSWORD_CHARS_MIN,
                limits::PASSWORD_CHARS_MAX,
                limits::PASSWORD_BYTES_MAX
            ),
        ),
        ("profile picture", kib(limits::AVATAR_BYTES_MAX)),
        (
            "different reactions on a message",
            limits::REACTION_KINDS_MAX.to_string(),
        ),
        ("earlier texts of a message", limits::EDITS_MAX.to_string()),
        ("people named in a message", limits::MENTIONS_MAX.to_string()),
        ("pinned messages of a room", limits::PINS_MAX.to_string()),
        (
            "members of a room · of a group",
            format!("{} · {}", limits::MEMBERS_MAX, limits::GROUP_PEOPLE_MAX),
        ),
        ("rooms of a person", limits::ROOMS_PER_USER_MAX.to_string()),
        ("webhooks of a room", limits::HOOKS_PER_ROOM_MAX.to_string()),
        (
            "signed-in sessions of a person",
            limits::LOGINS_PER_USER_MAX.to_string(),
        ),
        (
            "page",
            format!("{}, at most {}", limits::PAGE_DEFAULT, limits::PAGE_MAX),
        ),
        (
            "search",
            format!(
                "{} characters, {} terms, {}",
                limits::QUERY_CHARS_MAX,
                limits::QUERY_TERMS_MAX,
                seconds(limits::QUERY_WAIT)
            ),
        ),
        (
            "JSON body · socket frame · avatar aside",
            format!(
                "{} · {}",
                kib(limits::JSON_BODY_BYTES_MAX),
                kib(limits::FRAME_BYTES_MAX)
            ),
        ),
        (
            "parts of a socket frame · wait for all of them",
            format!("{} · {}", limits::FRAGMENTS_MAX, seconds(limits::MESSAGE_WAIT)),
        ),
        ("depth of JSON", limits::JSON_DEPTH_MAX.to_string()),
        (
            "URL · headers",
            format!(
                "{} · {}, {} of them",
                kib(limits::URL_BYTES_MAX),
                kib(limits::HEADERS_BYTES_MAX),
                limits::HEADERS_MAX
            ),
        ),
        (
            "wait for headers · body · `auth`",
            format!(
                "{} · {} · {}",
                seconds(limits::HEADER_WAIT),
                seconds(limits::BODY_WAIT),
                seconds(limits::AUTHENTICATION_WAIT)
            ),
        ),
        (
            "heartbeat · grace",
            format!("{} · {}", seconds(limits::HEARTBEAT), seconds(limits::HEARTBEAT_GRACE)),
        ),
        (
            "queue of a socket",
            format!(
                "{} events or {}",
                limits::QUEUE_EVENTS_MAX,
                kib(limits::QUEUE_BYTES_MAX)
            ),
        ),
        ("gap before `reset`", format!("{} entries", limits::RESUME_GAP_MAX)),
        (
            "one commit",
            format!(
                "{} entries or {}",
                limits::BATCH_ITEMS_MAX,
                kib(limits::BATCH_BYTES_MAX)
            ),
        ),
        ("entries waiting for a commit", limits::INTAKE_QUEUE_MAX.to_string()),
        ("wait for a commit", seconds(limits::COMMIT_WAIT)),
        (
            "access token · refresh token · cookie · ticket",
            format!(
                "{} min · {} d · {} d · {} s",
                limits::ACCESS_TOKEN_SECONDS / 60,
                limits::REFRESH_TOKEN_SECONDS / 86_400,
                limits::COOKIE_SECONDS / 86_400,
                limits::TICKET_SECONDS
            ),
        ),
        ("typing", seconds(limits::TYPING)),
        (
            "entries that wait for RabbitMQ before the oldest are forgotten",
            limits::OUTBOX_ROWS_MAX.to_string(),
        ),
        (
            "webhooks · requests to one at once · wait for an answer",
            format!(
                "{} · {} · {}",
                limits::WEBHOOKS_MAX,
                limits::WEBHOOK_REQUESTS_MAX,
                seconds(limits::WEBHOOK_WAIT)
            ),
        ),
        (
            "a webhook is tried for · its log is kept for · it is disabled after failing for",
            format!(
                "{} h · {} d · {} d",
                limits::WEBHOOK_RETRY_FOR.as_secs() / 3600,
                limits::WEBHOOK_LOG_FOR.as_secs() / 86_400,
                limits::WEBHOOK_FAILING_MAX.as_secs() / 86_400
            ),
        ),
    ]
}
