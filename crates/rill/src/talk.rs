//! The commands for those who talk: the terminal client, signing in, and what scripts send and read.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use terminal::home::{Choice, Home};
use terminal::once::{self, Login, Page, Send, Tail};

/// Their names, for whoever hands a command over.
pub const NAMES: &[&str] = &["chat", "login", "logout", "send", "tail", "history", "export"];

/// Every command.
pub fn commands() -> Vec<Command> {
    vec![
        account(Command::new("chat").about("Talk in the terminal"))
            .arg(
                room()
                    .required(false)
                    .help("The channel to open; it is joined or made if you are not in it"),
            )
            .arg(switch("plain", "Line by line, for pipes, screen readers and bots")),
        account(Command::new("login").about("Sign in once; the session is kept, the password is not"))
            .arg(Arg::new("address").value_name("SERVER").help("The same as --server"))
            .arg(switch("register", "Make the account"))
            .arg(option(
                "setup_code",
                "setup-code",
                "CODE",
                "For the first account of a server that is reachable from outside",
            ))
            .arg(switch("list", "List who is signed in, and where")),
        account(Command::new("logout").about("End the session and forget the account on this machine"))
            .arg(switch("force", "Give up what is not sent yet")),
        account(Command::new("send").about("Send one message, and end when the server has it"))
            .arg(room())
            .arg(
                Arg::new("text")
                    .value_name("TEXT")
                    .required(true)
                    .allow_hyphen_values(true)
                    .help("The text; - reads the standard input"),
            )
            .arg(option(
                "client_id",
                "client-id",
                "ID",
                "Makes repeating the command safe: the message arrives once",
            ))
            .arg(
                option("wait", "wait", "SECONDS", "How long to try")
                    .default_value("30")
                    .value_parser(value_parser!(u64).range(0..=86_400)),
            )
            .arg(switch("json", "Print what became of it")),
        account(Command::new("tail").about("Follow a channel, without a gap"))
            .arg(room())
            .arg(option("after", "after", "SEQ", "Begin after this entry").value_parser(value_parser!(u64)))
            .arg(option("count", "count", "COUNT", "End after so many entries").value_parser(value_parser!(u64)))
            .arg(switch("json", "Print entries as JSON, one a line")),
        account(Command::new("history").about("Print the messages of a channel, oldest first"))
            .arg(room())
            .arg(
                option("limit", "limit", "COUNT", "So many")
                    .default_value("50")
                    .value_parser(value_parser!(u64).range(1..=1_000_000)),
            )
            .arg(option("before", "before", "SEQ", "The newest before this message").value_parser(value_parser!(u64)))
            .arg(switch("json", "Print messages as JSON, one a line")),
        account(Command::new("export").about("Write everything that you may read of a channel, as lines of JSON"))
            .arg(room())
            .arg(
                option("output", "output", "PATH", "A new file; else the standard output")
                    .value_parser(value_parser!(PathBuf)),
            ),
    ]
}

/// Does what one of them says.
pub fn run(name: &str, matches: &ArgMatches) -> Result<()> {
    let home = Home::find()?;
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let number = |name: &str| matches.get_one::<u64>(name).copied();
    let flag = |name: &str| matches.get_flag(name);
    let choice = Choice {
        server: text("server"),
        user: text("user"),
    };
    let named = || text("room").unwrap_or_default();
    match name {
        "chat" if flag("plain") => terminal::plain::plain(&home, &choice, text("room"))?,
        "chat" => terminal::chat(&home, &choice, text("room"))?,
        "login" if flag("list") => once::accounts(&home)?,
        "login" => {
            let choice = Choice {
                server: text("address").or(choice.server),
                ..choice
            };
            let how = Login {
                register: flag("register"),
                setup_code: text("setup_code"),
            };
            once::login(&home, &choice, how)?;
        }
        "logout" => once::logout(&home, &choice, flag("force"))?,
        "send" => {
            let what = Send {
                room: named(),
                text: text("text").unwrap_or_default(),
                client_id: text("client_id"),
                wait: Duration::from_secs(number("wait").unwrap_or(30)),
                json: flag("json"),
            };
            once::send(&home, &choice, what)?;
        }
        "tail" => {
            let what = Tail {
                room: named(),
                after: number("after"),
                count: number("count"),
                json: flag("json"),
            };
            once::tail(&home, &choice, what)?;
        }
        "history" => {
            let page = Page {
                room: named(),
                limit: number("limit").unwrap_or(50),
                before: number("before"),
                json: flag("json"),
            };
            once::history(&home, &choice, page)?;
        }
        "export" => once::export(&home, &choice, &named(), matches.get_one::<PathBuf>("output").cloned())?,
        other => anyhow::bail!("there is no command `{other}`"),
    }
    Ok(())
}

/// Adds which account is meant.
fn account(command: Command) -> Command {
    command
        .arg(option(
            "server",
            "server",
            "SERVER",
            "The server, such as https://chat.example.org [default: the last one]",
        ))
        .arg(option(
            "user",
            "user",
            "NAME",
            "The account there [default: the last one]",
        ))
}

fn room() -> Arg {
    Arg::new("room")
        .value_name("CHANNEL")
        .required(true)
        .help("Its name, its id, or @somebody")
}

fn option(id: &'static str, flag: &'static str, value: &'static str, about: &'static str) -> Arg {
    Arg::new(id).long(flag).value_name(value).help(about)
}

fn switch(name: &'static str, about: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(about)
}
