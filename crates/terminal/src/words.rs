//! Every word that people read in the terminal client.

use protocol::shapes::{RoomKind, RoomRole, Status};

use crate::state::Link;
use crate::state::command::COMMANDS;

pub const NEW: &str = "new";
pub const DELETED: &str = "(deleted)";
pub const EDITED: &str = "(edited)  ";
pub const PINNED: &str = "(pinned)  ";
pub const HINT: &str = "Type a message...";
pub const NO_CHANNEL: &str = "No channel is open: /join <channel_name> or Ctrl+K";
pub const NO_MESSAGE: &str = "There is no message yet";
pub const NO_ANSWERS: &str = "Nobody has answered this message";
pub const NO_THEME: &str = "There are three themes: /theme dark, /theme light, /theme none";
pub const NOT_YOURS: &str = "Only your own messages can be changed: select one with Esc, j and k";
pub const NOTHING_UNREAD: &str = "Nothing is unread";
pub const ARCHIVED: &str = "This channel is archived: it can be read, not written to";
pub const OFFLINE: &str = "This needs a connection; messages, edits and reactions are kept and sent later";
pub const TOO_LONG: &str = "That is longer than a message may be: the end was left out";
pub const NOTHING_FOUND: &str = "Nothing found";
pub const WAITING: &str = "…";
pub const LOADING: &str = "Loading…";
pub const EMPTY: &str = "Nothing has been said here yet";
pub const PLAIN_BEGINS: &str = "A line is sent when you press Enter; /help lists the commands, /quit ends";
pub const SIGNED_OUT: &str = "you are signed out; run `rill login`";

pub fn title(server: &str, me: Option<&str>, short: bool) -> (String, String) {
    let version = env!("CARGO_PKG_VERSION");
    let who = match me {
        Some(me) if short => me.to_owned(),
        Some(me) => format!("{me} @ {server}"),
        None => server.to_owned(),
    };
    (format!(" Rill  Version: {version}"), format!("{who} "))
}

pub fn status_channel(name: Option<&str>, short: bool) -> String {
    let name = name.unwrap_or("none");
    if short {
        format!(" {name}")
    } else {
        format!(" Current Channel: {name}")
    }
}

pub fn status_subscribed(subscribed: bool, short: bool) -> &'static str {
    match (subscribed, short) {
        (true, false) => "Subscribed: Yes",
        (false, false) => "Subscribed: No",
        (true, true) => "joined",
        (false, true) => "paused",
    }
}

/// What is going on with the connection; `now_ms` for the time that is left.
pub fn link(link: &Link, now_ms: i64, short: bool) -> String {
    match link {
        Link::Connecting => "Connecting…".into(),
        Link::Up { caught_up: true } => "Connected".into(),
        Link::Up { caught_up: false } => "Catching up…".into(),
        Link::Silent => if short {
            "No answer…"
        } else {
            "The server does not answer…"
        }
        .into(),
        Link::Lost { until_ms, .. } if *until_ms > now_ms => {
            let seconds = (until_ms - now_ms + 999) / 1000;
            if short {
                format!("Offline, {seconds} s")
            } else {
                format!("No connection, trying again in {seconds} s")
            }
        }
        Link::Lost { .. } => if short {
            "Offline"
        } else {
            "No connection, trying again…"
        }
        .into(),
        Link::Ended { sign_in: true, .. } => if short {
            "Signed out"
        } else {
            "Signed out: run `rill login`"
        }
        .into(),
        Link::Ended { why, .. } if short => crate::text::fit(why, 20),
        Link::Ended { why, .. } => format!("Ended: {why}"),
    }
}

pub fn status_unread(unread: u64, mentions: u64, short: bool) -> String {
    let named = if mentions > 0 {
        format!(" (@{mentions})")
    } else {
        String::new()
    };
    if short {
        format!("{unread} new{named}")
    } else {
        format!("Unread: {unread}{named}")
    }
}

pub fn status_unsent(waiting: usize, failed: usize, short: bool) -> String {
    let later = waiting - failed;
    match (later, failed) {
        (0, 0) => String::new(),
        (_, 0) => format!("{later} to send "),
        (0, _) => format!("{failed} refused "),
        (_, _) if short => format!(" {later}…{failed}! "),
        (_, _) => format!("{later} to send, {failed} refused "),
    }
}

pub fn typing(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} is typing…"),
        [one, other] => format!("{one} and {other} are typing…"),
        [one, rest @ ..] => format!("{one} and {} others are typing…", rest.len()),
    }
}

pub fn below(unread: u64) -> String {
    if unread > 0 {
        format!("↓ {unread} new below (G)")
    } else {
        "↓ there is more below (G)".into()
    }
}

pub fn reply_to(to: &str) -> String {
    format!("Answer to {to} · Esc ends it")
}

pub fn editing() -> &'static str {
    "Editing · Enter saves, Esc ends it"
}

pub fn reading() -> &'static str {
    "j k move · r answer · e edit · : react · t thread · d delete · ? all keys · i write"
}

pub fn refused(why: &str) -> String {
    format!("Not sent: {why}; /retry or /discard")
}

pub fn unkept(why: &str) -> String {
    format!("it cannot be written to the disk: {why}")
}

pub fn not_sent(why: &str) -> String {
    format!("not sent: {why} (/retry or /discard)")
}

pub fn left(name: &str) -> String {
    format!("You have left {name}")
}

pub fn no_longer_in(name: &str) -> String {
    format!("You are not in {name} any longer")
}

pub fn answers(count: u64) -> String {
    if count == 1 {
        "↳ 1 answer (t)".into()
    } else {
        format!("↳ {count} answers (t)")
    }
}

pub fn unread(count: u64) -> String {
    format!("{count} unread")
}

pub fn members(count: u64, joined: bool) -> String {
    let people = if count == 1 {
        "1 member".into()
    } else {
        format!("{count} members")
    };
    if joined { format!("{people} · joined") } else { people }
}

pub fn delete(said: &str) -> String {
    format!("Delete “{said}”? y/n")
}

pub fn leave(name: &str) -> String {
    format!("Leave {name}? You come back only if somebody brings you in. y/n")
}

pub fn retried(count: usize) -> String {
    if count == 0 {
        "Nothing was refused".into()
    } else {
        format!("{count} sent again")
    }
}

pub fn discarded(count: usize) -> String {
    if count == 0 {
        "Nothing was refused".into()
    } else {
        format!("{count} given up")
    }
}

pub fn incomplete(how: &str) -> String {
    format!("Write it like this: {how}")
}

pub fn unknown(name: &str, close: Option<&str>) -> String {
    match close {
        Some(close) => format!("There is no command /{name}; did you mean /{close}?"),
        None => format!("There is no command /{name}: /help lists them; //{name} sends it as text"),
    }
}

pub fn no_emoji(name: &str) -> String {
    format!("There is no emoji “{name}”: write :thumbsup: or the emoji itself")
}

pub fn nobody(name: &str) -> String {
    format!("There is nobody called {name}")
}

pub fn invited(name: &str) -> String {
    format!("{name} is in the channel now")
}

pub fn topic_set() -> String {
    "The topic is set".into()
}

pub fn too_small() -> &'static str {
    "Too small"
}

pub fn room_sign(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Public => "# ",
        RoomKind::Private => "* ",
        RoomKind::Direct | RoomKind::Group => "@ ",
    }
}

pub fn status_sign(status: Status) -> &'static str {
    match status {
        Status::Online => "●",
        Status::Away => "◐",
        Status::Offline => "○",
    }
}

pub fn room_role(role: RoomRole) -> &'static str {
    match role {
        RoomRole::Member => "",
        RoomRole::Moderator => " · moderator",
        RoomRole::Owner => " · owner",
    }
}

/// The titles of lists and what is written into their fields.
pub fn picker(kind: crate::state::picker::Kind) -> (&'static str, &'static str) {
    use crate::state::picker::Kind;
    match kind {
        Kind::Switch => ("Go to", "a channel or a person"),
        Kind::Channels => ("Channels", "part of a name"),
        Kind::Search => ("Search", "words, then Enter; from:ada in:general before:2026-11-21"),
        Kind::Who(_) => ("Who is here", "part of a name"),
        Kind::Thread => ("Answers", "part of a text"),
        Kind::React => ("React", "the name of an emoji"),
    }
}

/// Keys, by where they count.
pub const KEYS: &[(&str, &[(&str, &str)])] = &[
    (
        "Anywhere",
        &[
            ("Ctrl+K", "go to a channel or a person"),
            (
                "Alt+↑ Alt+↓",
                "the channel above, below; with Shift the next unread one",
            ),
            ("Ctrl+N", "next unread"),
            ("Ctrl+F", "search"),
            ("PageUp PageDown", "scroll; the wheel does too"),
            ("Ctrl+O", "write in $VISUAL or $EDITOR"),
            ("Ctrl+L", "draw the screen anew"),
            ("Ctrl+C", "end; nothing that you wrote is lost"),
        ],
    ),
    (
        "Where you write",
        &[
            ("Enter, Ctrl+D", "send"),
            ("Ctrl+J", "begin a line"),
            ("Tab", "complete a command, #channel, @person, :emoji"),
            ("↑ in an empty field", "edit your last message"),
            ("?  in an empty field", "this page"),
            ("Esc", "to the messages"),
        ],
    ),
    (
        "In the messages",
        &[
            ("j k, ↓ ↑", "next, previous message"),
            ("gg G", "the beginning, the end"),
            ("Ctrl+D Ctrl+U", "half a page down, up"),
            ("r", "answer"),
            ("e", "edit"),
            (": +", "react"),
            ("t", "the answers to a message"),
            ("p", "pin or unpin"),
            ("d", "delete"),
            ("n", "next unread channel"),
            ("/", "search"),
            ("i, Esc", "back to writing"),
        ],
    ),
];

/// The page of keys and commands, line by line: what, and what it does.
pub fn help() -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (place, keys) in KEYS {
        lines.push(((*place).to_owned(), String::new()));
        lines.extend(keys.iter().map(|(key, does)| (format!("  {key}"), (*does).to_owned())));
    }
    lines.push(("Commands".to_owned(), String::new()));
    lines.extend(COMMANDS.iter().map(|command| {
        (
            format!("  /{} {}", command.name, command.arguments),
            command.about.to_owned(),
        )
    }));
    lines
}
