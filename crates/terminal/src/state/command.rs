//! What one types: a text, or a command with its arguments. The first five are those of the original terminal chat.

/// A command and what is read about it.
pub struct Known {
    pub name: &'static str,
    pub arguments: &'static str,
    pub about: &'static str,
}

/// Every command, as `/help` and completion show them.
pub const COMMANDS: &[Known] = &[
    known("join", "<channel_name>", "Go to a channel; it is made if there is none"),
    known("leave", "", "Leave the current channel"),
    known("channels", "", "All channels"),
    known("send", "<message>", "Send a message, also one that begins with /"),
    known("quit", "", "End; what is not sent yet stays and is sent next time"),
    known("dm", "<person> [person …]", "Talk to somebody, or to several"),
    known("topic", "<text>", "Set the topic of the channel"),
    known("who", "", "Who is in the channel"),
    known(
        "search",
        "<words>",
        "Find messages; also from:ada in:general before:2026-11-21",
    ),
    known("react", "<emoji>", "React to the selected or the newest message"),
    known("reply", "<text>", "Answer the selected or the newest message"),
    known(
        "edit",
        "<text>",
        "Give the selected message, or your last one, another text",
    ),
    known("delete", "", "Delete the selected message, or your last one"),
    known("pin", "", "Pin the selected message, or unpin it"),
    known("invite", "<person>", "Bring somebody into the channel"),
    known("retry", "", "Send again what was refused"),
    known("discard", "", "Give up what was refused"),
    known("theme", "dark|light|none", "Change the colours"),
    known("help", "", "Keys and commands"),
];

const fn known(name: &'static str, arguments: &'static str, about: &'static str) -> Known {
    Known { name, arguments, about }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Join(String),
    Leave,
    Channels,
    Send(String),
    Quit,
    Direct(Vec<String>),
    Topic(String),
    Who,
    Search(String),
    React(String),
    Reply(String),
    Edit(String),
    Delete,
    Pin,
    Invite(String),
    Retry,
    Discard,
    Theme(String),
    Help,
    /// A command without what it needs: how it is written.
    Incomplete(String),
    /// No command; perhaps this one was meant.
    Unknown(String, Option<&'static str>),
}

/// Reads a line that was entered. Text without a slash is sent; `//` sends a text that begins with one.
pub fn read(line: &str) -> Said {
    let Some(rest) = line.strip_prefix('/') else {
        return Said::Send(line.to_owned());
    };
    if rest.starts_with('/') {
        return Said::Send(rest.to_owned());
    }
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let argument = argument.trim();
    let lower = name.to_lowercase();
    let Some(command) = COMMANDS.iter().find(|command| command.name == lower) else {
        let close = COMMANDS
            .iter()
            .find(|command| !lower.is_empty() && command.name.starts_with(&lower));
        return Said::Unknown(name.to_owned(), close.map(|command| command.name));
    };
    let needs = command.arguments.starts_with('<') || command.name == "theme";
    if needs && argument.is_empty() {
        return Said::Incomplete(format!("/{} {}", command.name, command.arguments));
    }
    let text = argument.to_owned();
    match command.name {
        "join" => Said::Join(text.trim_start_matches('#').to_owned()),
        "leave" => Said::Leave,
        "channels" => Said::Channels,
        "send" => Said::Send(text),
        "quit" => Said::Quit,
        "dm" => Said::Direct(
            text.split_whitespace()
                .map(|name| name.trim_start_matches('@').to_owned())
                .collect(),
        ),
        "topic" => Said::Topic(text),
        "who" => Said::Who,
        "search" => Said::Search(text),
        "react" => Said::React(text),
        "reply" => Said::Reply(text),
        "edit" => Said::Edit(text),
        "delete" => Said::Delete,
        "pin" => Said::Pin,
        "invite" => Said::Invite(text.trim_start_matches('@').to_owned()),
        "retry" => Said::Retry,
        "discard" => Said::Discard,
        "theme" => Said::Theme(text),
        "help" => Said::Help,
        other => unreachable!("{other} stands in the table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_people_mean_them() {
        for (line, said) in [
            ("hello", Said::Send("hello".into())),
            ("  indented", Said::Send("  indented".into())),
            ("/join general", Said::Join("general".into())),
            ("/join #Field team", Said::Join("Field team".into())),
            ("/JOIN general", Said::Join("general".into())),
            ("/leave", Said::Leave),
            ("/channels", Said::Channels),
            ("/send /join is a command", Said::Send("/join is a command".into())),
            ("//join is a command", Said::Send("/join is a command".into())),
            ("/quit", Said::Quit),
            ("/dm @grace nour", Said::Direct(vec!["grace".into(), "nour".into()])),
            (
                "/search from:ada \"a phrase\"",
                Said::Search("from:ada \"a phrase\"".into()),
            ),
            ("/react :tada:", Said::React(":tada:".into())),
            ("/send", Said::Incomplete("/send <message>".into())),
            ("/theme", Said::Incomplete("/theme dark|light|none".into())),
            ("/chan", Said::Unknown("chan".into(), Some("channels"))),
            ("/", Said::Unknown(String::new(), None)),
            ("/reply one\ntwo", Said::Reply("one\ntwo".into())),
        ] {
            assert_eq!(read(line), said, "{line}");
        }
    }

    #[test]
    fn every_command_of_the_table_is_understood() {
        for command in COMMANDS {
            let line = format!("/{} x", command.name);
            assert!(
                !matches!(read(&line), Said::Unknown(..) | Said::Incomplete(_)),
                "{line}"
            );
        }
    }
}
