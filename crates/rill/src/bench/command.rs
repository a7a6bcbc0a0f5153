//! `rill bench` on the command line: its scenarios, their flags, and what people read about them.

use clap::{Arg, ArgAction, Command, value_parser};

use super::peer;

/// A flag of one scenario that takes a number.
struct Number {
    name: &'static str,
    default: &'static str,
    least: u64,
    most: u64,
    about: &'static str,
}

const fn number(name: &'static str, default: &'static str, most: u64, about: &'static str) -> Number {
    Number {
        name,
        default,
        least: 1,
        most,
        about,
    }
}

/// Where zero means something of its own.
const fn or_zero(name: &'static str, default: &'static str, most: u64, about: &'static str) -> Number {
    Number {
        least: 0,
        ..number(name, default, most, about)
    }
}

const ROUNDS: Number = number("rounds", "5", 1_000, "How often server and floor take turns");
const SECONDS: Number = number("seconds", "2", 3_600, "How long each part of a round takes");
const ACCOUNTS: Number = number("accounts", "4", 40, "Accounts that the connections belong to, in turn");
const BYTES: Number = number("bytes", "200", 8_000, "The text of a message, in bytes");
const LISTENERS: Number = number("listeners", "1000", 1_000_000, "Connections that hear everything");
const SENDERS: Number = number("senders", "16", 4_096, "Connections that post, in turn");
const BURST: Number = number("burst", "1", 256, "Messages that are posted at once");
const BURST_OF_MANY: Number = number(
    "burst",
    "16",
    256,
    "Messages that are posted at once in the second part",
);
const RATE_FOR_ALL: Number = number("rate", "20", 1_000_000, "Messages a second while latency is measured");
const PACED: Number = number("messages", "100", 1_000_000, "Messages of which latency is measured");
const CONNECTIONS: Number = number("connections", "256", 1_000_000, "Connections that post");
const HELD: Number = or_zero(
    "connections",
    "10000",
    1_000_000,
    "Connections that are held; 0 is as many as the servers may open files here",
);
const HOLDERS: Number = number(
    "accounts",
    "4",
    1_000,
    "Accounts that the connections belong to, in turn",
);
const NODES: Number = number("nodes", "1", 16, "Servers on each database");
const CLIENTS: Number = number("clients", "5000", 1_000_000, "Clients that come back");
const MISSED: Number = number("missed", "50", 900, "Messages that each of them has missed");
const RATE_OF_TALK: Number = number("rate", "50", 100_000, "Messages a second that are posted meanwhile");
const MANY_ROOMS: Number = number("rooms", "200", 10_000, "Rooms");
const MEMBERS: Number = number("members", "4", 100, "People in each room");
const LISTENING: Number = number(
    "connections",
    "500",
    1_000_000,
    "Connections that listen, of all people in turn",
);
const MANY_ACCOUNTS: Number = number("accounts", "100", 1_000, "People");
const MANY_ON_THE_WAY: Number = number(
    "window",
    "64",
    4_096,
    "Messages that may be on their way in the fastest rounds",
);
const LONG: Number = number("messages", "100000", 10_000_000, "Messages of the long log");
const SHORT: Number = number("short", "10000", 10_000_000, "Messages of the short log");
const QUESTIONS: Number = number(
    "questions",
    "100",
    100_000,
    "How often each question is asked in a round",
);
const LISTENING_ALL_DAY: Number = number("connections", "2000", 1_000_000, "Connections, of all people in turn");
const RATE_OF_DEEDS: Number = or_zero(
    "rate",
    "0",
    1_000_000,
    "Deeds a second of all together; 0 is 31 a minute for each active connection",
);
const INFLIGHT: Number = number(
    "inflight",
    "2",
    16,
    "Sends of each connection that wait for their answer",
);
const MESSAGES: Number = number("messages", "20000", 10_000_000, "Messages of a round");
const ROOMS: Number = number("rooms", "8", 1_000, "Rooms that are posted to, in turn");
const HEARING: Number = or_zero(
    "listeners",
    "8",
    10_000,
    "Connections that hear everything while latency is measured",
);
const GROUP: Number = number("group", "256", 10_000, "Messages to a commit of the floor");
const WINDOW: Number = number(
    "window",
    "1",
    64,
    "Bursts that may be on their way in the fastest rounds",
);
const RATE: Number = or_zero(
    "rate",
    "0",
    1_000_000,
    "Bursts a second while latency is measured; 0 is half of the fastest rounds",
);
const RATE_OF_SENDS: Number = or_zero(
    "rate",
    "0",
    1_000_000,
    "Sends a second while latency is measured; 0 is a part of the fastest rounds",
);

/// A scenario: its name, what it measures, and its own flags.
pub struct Scenario {
    pub name: &'static str,
    about: &'static str,
    numbers: &'static [Number],
    choices: &'static [Choice],
    /// Whether its fresh servers may be several, on PostgreSQL and Redis.
    clusters: bool,
}

/// A flag of some scenarios that takes one of a few words.
struct Choice {
    name: &'static str,
    default: &'static str,
    words: &'static [&'static str],
    about: &'static str,
}

const TRANSPORT: Choice = Choice {
    name: "transport",
    default: "websocket",
    words: &["websocket", "sse", "socketio"],
    about: "How listeners listen",
};
const DIALECT: Choice = Choice {
    name: "dialect",
    default: "rill",
    words: peer::DIALECTS,
    about: "What the server speaks; the first two are started here unless --url names one",
};

impl Scenario {
    pub fn numbers(&self) -> Vec<&'static str> {
        self.numbers.iter().map(|number| number.name).collect()
    }
}

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "fanout",
        about: "One room: messages that arrive at many listeners, beside one bare write per listener",
        numbers: &[
            ROUNDS, SECONDS, LISTENERS, SENDERS, BURST, WINDOW, RATE, BYTES, ACCOUNTS,
        ],
        choices: &[TRANSPORT],
        clusters: true,
    },
    Scenario {
        name: "ingest",
        about: "Sends that are acknowledged once they are on disk, beside bare commits of the same rows",
        numbers: &[
            ROUNDS,
            SECONDS,
            CONNECTIONS,
            INFLIGHT,
            MESSAGES,
            ROOMS,
            GROUP,
            HEARING,
            RATE_OF_SENDS,
            BYTES,
            ACCOUNTS,
        ],
        choices: &[],
        clusters: true,
    },
    Scenario {
        name: "idle",
        about: "Connections on which nothing happens: what each costs in memory, beside bare sockets",
        numbers: &[SECONDS, HELD, HOLDERS],
        choices: &[TRANSPORT],
        clusters: true,
    },
    Scenario {
        name: "resume",
        about: "Everybody comes back at once after kill -9: until all have what they missed, beside bare sockets",
        numbers: &[ROUNDS, CLIENTS, MISSED, RATE_OF_TALK, BYTES, ACCOUNTS],
        choices: &[],
        clusters: false,
    },
    Scenario {
        name: "rooms",
        about: "Many rooms of ordinary size: messages that arrive, beside one bare write per listener",
        numbers: &[
            ROUNDS,
            SECONDS,
            MANY_ROOMS,
            MEMBERS,
            LISTENING,
            MANY_ACCOUNTS,
            MANY_ON_THE_WAY,
            RATE_OF_SENDS,
            BYTES,
        ],
        choices: &[TRANSPORT],
        clusters: true,
    },
    Scenario {
        name: "history",
        about: "Pages and search at any depth of a long log, beside the same in a short one",
        numbers: &[ROUNDS, LONG, SHORT, QUESTIONS],
        choices: &[],
        clusters: false,
    },
    Scenario {
        name: "mixed",
        about: "A working day: one connection of twenty posts, types, reacts, reads and pages back, beside bare writes",
        numbers: &[
            ROUNDS,
            SECONDS,
            MANY_ROOMS,
            MEMBERS,
            LISTENING_ALL_DAY,
            MANY_ACCOUNTS,
            RATE_OF_DEEDS,
            BYTES,
        ],
        choices: &[],
        clusters: false,
    },
    Scenario {
        name: "peer",
        about: "One room of any server, in figures that can stand beside another's: speed, latency, memory",
        numbers: &[
            SECONDS,
            LISTENERS,
            SENDERS,
            BURST_OF_MANY,
            RATE_FOR_ALL,
            PACED,
            BYTES,
            ACCOUNTS,
        ],
        choices: &[DIALECT],
        clusters: false,
    },
];

/// The whole command.
pub fn command() -> Command {
    Command::new("bench")
        .about("Measure a server: one that it starts itself, or the one behind --url")
        .subcommand_required(true)
        .subcommands(SCENARIOS.iter().map(scenario))
        .subcommand(
            Command::new("floor")
                .hide(true)
                .about("The bare server that sockets are compared with")
                .arg(Arg::new("ready_file").long("ready-file").required(true)),
        )
        .subcommand(
            Command::new("hold")
                .hide(true)
                .about("Holds connections for another process, which says on standard input where to and how many"),
        )
        .subcommand(
            Command::new("pinned")
                .hide(true)
                .about("Runs a program on one core, until the one who started it ends")
                .arg(Arg::new("core").long("core").value_parser(value_parser!(usize)))
                .arg(
                    Arg::new("command")
                        .required(true)
                        .num_args(1..)
                        .last(true)
                        .value_parser(value_parser!(std::ffi::OsString)),
                ),
        )
}

fn scenario(scenario: &Scenario) -> Command {
    let text = |name: &'static str, value: &'static str, about: &'static str| {
        Arg::new(name).long(name).value_name(value).help(about)
    };
    let command = Command::new(scenario.name)
        .about(scenario.about)
        .arg(text(
            "url",
            "URL",
            "Measure the server at this address, with its own limits, instead of a fresh one",
        ))
        .arg(
            text(
                "pid",
                "NUMBER",
                "The process of that server, to count its time and memory",
            )
            .value_parser(value_parser!(u32).range(1..)),
        )
        .arg(text(
            "folder",
            "PATH",
            "Where the fresh server keeps its data for the time [default: the temporary folder]",
        ))
        .arg(text(
            "binary",
            "PATH",
            "The rill to start as the fresh server [default: this one]",
        ))
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print JSON, for programs"),
        );
    let shared = [
        text(
            "database",
            "URL",
            "Fresh servers on databases of their own, made on this PostgreSQL server: postgres://USER@HOST/DATABASE",
        ),
        text("redis", "URL", "The Redis that joins them"),
        numbered(&NODES),
    ];
    let logs = text(
        "logs",
        "PATH",
        "A folder in which filled logs stay, so that another run need not fill them [default: none stays]",
    );
    command
        .args((scenario.name == "history").then_some(logs))
        .args(shared.into_iter().filter(|_| scenario.clusters))
        .args(scenario.choices.iter().map(chosen))
        .args(scenario.numbers.iter().map(numbered))
}

fn chosen(choice: &Choice) -> Arg {
    Arg::new(choice.name)
        .long(choice.name)
        .value_name("NAME")
        .default_value(choice.default)
        .value_parser(choice.words.to_vec())
        .help(choice.about)
}

fn numbered(number: &Number) -> Arg {
    Arg::new(number.name)
        .long(number.name)
        .value_name("NUMBER")
        .default_value(number.default)
        .value_parser(value_parser!(u64).range(number.least..=number.most))
        .help(number.about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_well_formed_and_says_what_is_wrong() {
        command().debug_assert();
        for (flags, word) in [
            (["fanout", "--listeners", "0"], "--listeners"),
            (["fanout", "--listeners", "many"], "--listeners"),
            (["fanout", "--listener", "3"], "--listeners"),
            (["fanout", "--transport", "pigeon"], "websocket"),
        ] {
            let problem = command()
                .try_get_matches_from(["bench"].into_iter().chain(flags))
                .expect_err("refused")
                .to_string();
            assert!(problem.contains(word), "{problem}");
        }
    }
}
