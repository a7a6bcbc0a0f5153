//! The command line: which commands there are, and what people read about them.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::config::settings::{SETTINGS, flag, variable};

/// The whole command, `rill`.
pub fn command() -> Command {
    let serve = with_settings(Command::new("serve").about("Run the server (what plain `rill` does)")).arg(
        Arg::new("ready_file")
            .long("ready-file")
            .value_name("PATH")
            .help("Write the address here once listening"),
    );
    let rill = with_settings(Command::new("rill"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("A real-time chat server, and its client for the terminal.")
        .args_conflicts_with_subcommands(true)
        .arg(
            Arg::new("ready_file")
                .long("ready-file")
                .value_name("PATH")
                .help("Write the address here once listening"),
        )
        .subcommand(serve)
        .subcommands(crate::talk::commands())
        .subcommand(
            with_settings(Command::new("demo").about("Run with sample rooms and people, in memory, on loopback only"))
                .arg(
                    Arg::new("ready_file")
                        .long("ready-file")
                        .value_name("PATH")
                        .help("Write the address here once listening"),
                )
                .arg(
                    Arg::new("messages")
                        .long("messages")
                        .value_name("COUNT")
                        .value_parser(value_parser!(u32).range(1..=1_000_000))
                        .help("Also make a room Archive with so many messages, spread over a year"),
                ),
        )
        .subcommand(with_settings(Command::new("worker").about(
            "Bring what servers take in by way of Redis into the database, and serve nobody",
        )))
        .subcommand(
            with_settings(Command::new("check").about("Check the configuration and how durable the database is"))
                .arg(json_flag()),
        )
        .subcommands(copies())
        .subcommand(events())
        .subcommand(admin())
        .subcommand(
            Command::new("config")
                .about("Look at the configuration")
                .subcommand_required(true)
                .subcommand(
                    with_settings(Command::new("show").about("Every setting, its value and where it comes from")).arg(
                        Arg::new("markdown")
                            .long("markdown")
                            .action(ArgAction::SetTrue)
                            .help("Print docs/configuration.md"),
                    ),
                ),
        )
        .subcommand(Command::new("limits").about("Print the table of limits (docs/limits.md)"))
        .subcommand(Command::new("openapi").about("Print the OpenAPI document (docs/openapi.json)"))
        .subcommand(Command::new("asyncapi").about("Print the AsyncAPI document (docs/asyncapi.json)"));
    #[cfg(target_os = "linux")]
    let rill = rill.subcommand(crate::bench::command::command());
    rill
}

/// What copies everything that a server keeps.
fn copies() -> [Command; 3] {
    let place = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).required(true).value_name(value).help(help)
    };
    let database = "sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE, or @FILE that holds it";
    [
        Command::new("move")
            .about("Move everything to another, empty database, while no server runs; clients go on there")
            .arg(place("from", "FROM", database))
            .arg(place("to", "TO", database)),
        with_settings(Command::new("backup").about("Write everything into a new file, while the server goes on"))
            .arg(place("file", "FILE", "The file to be made")),
        Command::new("restore")
            .about("Fill an empty database with a backup; clients load everything anew")
            .arg(place("file", "FILE", "A backup"))
            .arg(place("to", "TO", database)),
    ]
}

fn admin() -> Command {
    let user = |name: &'static str, about: &'static str| {
        with_settings(Command::new(name).about(about)).arg(Arg::new("user").required(true).value_name("USER"))
    };
    let room = |name: &'static str, about: &'static str| {
        with_settings(Command::new(name).about(about)).arg(Arg::new("room").required(true).value_name("ROOM"))
    };
    let letter = |name: &'static str, about: &'static str| {
        let id = Arg::new("letter")
            .required(true)
            .value_name("ID")
            .value_parser(value_parser!(i64));
        with_settings(Command::new(name).about(about)).arg(id)
    };
    let role = Arg::new("role")
        .required(true)
        .value_name("ROLE")
        .value_parser(["user", "admin", "super_admin", "bot"]);
    Command::new("admin")
        .about("Look after people and rooms, on the machine of the server")
        .subcommand_required(true)
        .subcommand(
            Command::new("user")
                .about("People")
                .subcommand_required(true)
                .subcommand(with_settings(Command::new("list").about("Everybody")).arg(json_flag()))
                .subcommand(user(
                    "create",
                    "Make an account; its password is read from standard input",
                ))
                .subcommand(user(
                    "password",
                    "Set a new password, read from standard input, and end all sessions",
                ))
                .subcommand(user("role", "Give a role").arg(role))
                .subcommand(user("ban", "Ban, and end all sessions"))
                .subcommand(user("unban", "Lift a ban")),
        )
        .subcommand(
            Command::new("room")
                .about("Rooms")
                .subcommand_required(true)
                .subcommand(with_settings(Command::new("list").about("All public rooms")).arg(json_flag()))
                .subcommand(room("archive", "Make it read-only"))
                .subcommand(room("unarchive", "Make it writable again"))
                .subcommand(room("delete", "Delete it for everybody")),
        )
        .subcommand(
            Command::new("dead-letters")
                .about("What could not be committed, and was put aside")
                .subcommand_required(true)
                .subcommand(with_settings(Command::new("list").about("All of them, oldest first")).arg(json_flag()))
                .subcommand(letter("retry", "Send once more what it holds"))
                .subcommand(letter("drop", "Throw it away")),
        )
        .subcommands(services())
}

/// What looks after the services that are told of events.
fn services() -> [Command; 2] {
    let webhook = |name: &'static str, about: &'static str| {
        with_settings(Command::new(name).about(about)).arg(Arg::new("webhook").required(true).value_name("ID"))
    };
    let replay = ["since", "until"].map(time_flag);
    let log = webhook("log", "What it was told, newest first").arg(json_flag()).arg(
        Arg::new("state")
            .long("state")
            .value_parser(["waiting", "delivered", "given_up"])
            .help("Only deliveries that stand so"),
    );
    let again = webhook("replay", "Tell it again: one event, a time, or whatever was given up")
        .args(replay.clone())
        .arg(Arg::new("event").long("event").value_name("ID").help("One event"))
        .arg(
            Arg::new("given_up")
                .long("given-up")
                .action(ArgAction::SetTrue)
                .help("Whatever was given up"),
        );
    [
        Command::new("webhook")
            .about("Endpoints of other services that are told of events by HTTP")
            .subcommand_required(true)
            .subcommand(
                with_settings(Command::new("add").about("Add one; prints its id, and the key of its signatures"))
                    .arg(Arg::new("url").required(true).value_name("URL"))
                    .arg(
                        Arg::new("rooms")
                            .long("rooms")
                            .value_parser(["public", "all"])
                            .help("Of which rooms it hears: all means private ones and direct conversations, too [default: public]"),
                    ),
            )
            .subcommand(with_settings(Command::new("list").about("All of them, and how they are")).arg(json_flag()))
            .subcommand(webhook("remove", "Remove it, with its log"))
            .subcommand(webhook("rotate", "Make a new key; the old one signs, too, for a day"))
            .subcommand(webhook("disable", "Send it nothing any more"))
            .subcommand(webhook("enable", "Send to it again"))
            .subcommand(log)
            .subcommand(again),
        Command::new("events")
            .about("What waits for RabbitMQ")
            .subcommand_required(true)
            .subcommand(with_settings(Command::new("status").about("How much waits, and since when")))
            .subcommand(with_settings(Command::new("replay").about("Tell RabbitMQ again what happened in that time")).args(replay))
            .subcommand(with_settings(
                Command::new("forget").about("Note nothing for RabbitMQ any more, and forget what waits"),
            )),
    ]
}

/// `rill events`.
fn events() -> Command {
    with_settings(Command::new("events").about("Print what other services hear, a line of JSON for each event"))
        .arg(time_flag("since"))
        .arg(
            Arg::new("room")
                .long("room")
                .value_name("ROOM")
                .help("Of one room alone"),
        )
        .arg(
            Arg::new("after")
                .long("after")
                .value_name("SEQ")
                .requires("room")
                .value_parser(value_parser!(u64))
                .help("With --room: what follows this entry"),
        )
        .arg(
            Arg::new("follow")
                .long("follow")
                .action(ArgAction::SetTrue)
                .help("Go on with what happens from now on"),
        )
}

fn time_flag(name: &'static str) -> Arg {
    let help = match name {
        "since" => "From this time on, such as 2026-11-21T08:30:00Z",
        _ => "Up to this time [default: now]",
    };
    Arg::new(name).long(name).value_name("TIME").help(help)
}

fn json_flag() -> Arg {
    Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .help("Print JSON, for programs")
}

/// Adds every setting as a flag, and `--config` and `--limit`.
fn with_settings(command: Command) -> Command {
    let flags = SETTINGS.iter().map(|setting| {
        let default = if setting.default.is_empty() {
            "unset"
        } else {
            setting.default
        };
        let arg = Arg::new(setting.name)
            .long(flag(setting.name))
            .value_name(setting.value);
        // A switch may stand alone.
        let arg = if setting.value == "BOOL" {
            arg.num_args(0..=1).default_missing_value("true")
        } else {
            arg.allow_hyphen_values(true)
        };
        let action = if setting.name == "door" {
            ArgAction::Append
        } else {
            ArgAction::Set
        };
        arg.action(action).help(format!(
            "{} [default: {default}] [env: {}]",
            setting.about,
            variable(setting.name)
        ))
    });
    command
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("PATH")
                .help("The configuration file [default: rill.toml where it exists]"),
        )
        .args(flags)
        .arg(
            Arg::new("limit")
                .long("limit")
                .value_name("NAME=VALUE")
                .action(ArgAction::Append)
                .help("Set a limit, such as sends_per_user=5/1s:20; `rill limits` lists them"),
        )
}

/// The settings given as flags, by name; limits as `limits.NAME`.
pub fn flags(matches: &ArgMatches) -> anyhow::Result<Vec<(String, String)>> {
    let mut flags: Vec<(String, String)> = SETTINGS
        .iter()
        .filter_map(|setting| {
            // What may be given several times is a list.
            let given: Vec<&str> = matches.get_many::<String>(setting.name)?.map(String::as_str).collect();
            Some((setting.name.to_owned(), given.join(",")))
        })
        .collect();
    for limit in matches.get_many::<String>("limit").into_iter().flatten() {
        let Some((name, value)) = limit.split_once('=') else {
            anyhow::bail!("--limit: `{limit}` is not NAME=VALUE; write for instance sends_per_user=5/1s:20");
        };
        if !crate::config::limits::LIMITS.iter().any(|known| known.name == name) {
            anyhow::bail!("--limit: there is no limit `{name}`; `rill limits` lists them");
        }
        flags.push((format!("limits.{name}"), value.to_owned()));
    }
    Ok(flags)
}
