//! Every setting in one table: its name is the key in rill.toml, `RILL_NAME` in the environment and `--name` as a flag.

/// One setting.
pub struct Setting {
    pub name: &'static str,
    /// What a value looks like, for the help.
    pub value: &'static str,
    /// Empty means unset.
    pub default: &'static str,
    pub about: &'static str,
}

const fn setting(name: &'static str, value: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting {
        name,
        value,
        default,
        about,
    }
}

/// All settings but the limits, which `limits.rs` lists.
pub const SETTINGS: &[Setting] = &[
    setting(
        "listen",
        "ADDRESS:PORT",
        "127.0.0.1:8080",
        "Where to listen; port 0 takes a free one.",
    ),
    setting(
        "data",
        "FOLDER",
        "rill-data",
        "Where the database and everything else that is kept lives.",
    ),
    setting(
        "database",
        "URL",
        "",
        "sqlite:PATH, sqlite::memory:, or postgres://USER:PASSWORD@HOST/DATABASE; unset means sqlite:rill.db in the data folder.",
    ),
    setting(
        "redis",
        "URL,URL",
        "",
        "Redis or Valkey that joins several servers on one PostgreSQL database: redis://HOST:6379, rediss:// with TLS, several for a Redis Cluster.",
    ),
    setting(
        "rabbitmq",
        "URL",
        "",
        "The broker that is told of every entry (docs/events.md): amqp://USER:PASSWORD@HOST:5672/VHOST, or amqps:// for TLS.",
    ),
    setting(
        "message_events",
        "BOOL",
        "false",
        "With rabbitmq: whether the queue message.events is served, too, which somebody has to read.",
    ),
    setting(
        "webhook_networks",
        "public|any",
        "public",
        "Where webhooks may be: on public addresses by https, or anywhere, this machine and its networks included.",
    ),
    setting(
        "webhook_retry_ms",
        "MILLISECONDS",
        "5000",
        "How long after it failed a webhook is tried again; every further pause is three times as long, for a day.",
    ),
    setting(
        "worker",
        "on|off",
        "on",
        "With redis: whether this server brings messages into the database, too; off where `rill worker` does.",
    ),
    setting(
        "public_url",
        "URL",
        "",
        "The address that people type, such as https://chat.example.org; https makes cookies secure.",
    ),
    setting(
        "origins",
        "URL,URL",
        "",
        "Further web origins whose pages may use this server.",
    ),
    setting(
        "trusted_proxies",
        "ADDRESS,ADDRESS",
        "",
        "Proxies (addresses or networks) whose X-Forwarded-For is believed.",
    ),
    setting(
        "insecure",
        "BOOL",
        "false",
        "Serve plain HTTP beyond loopback without a TLS proxy in front.",
    ),
    setting("name", "TEXT", "Rill", "What the server calls itself."),
    setting(
        "registration",
        "open|closed",
        "open",
        "Whether people may make accounts for themselves.",
    ),
    setting(
        "guests",
        "BOOL",
        "false",
        "Whether the doors of docs/doors.md let people in by a name alone.",
    ),
    setting(
        "door",
        "NAME=ADDRESS:PORT,…",
        "",
        "Listeners of their own for doors of docs/doors.md, such as aiohttp=127.0.0.1:8081.",
    ),
    setting(
        "database_door",
        "BOOL",
        "false",
        "With PostgreSQL: whether rows that other programs write into the view chatroom_messages are taken in; see docs/doors.md.",
    ),
    setting(
        "redis_channels",
        "BOOL",
        "false",
        "With redis: whether what is said in public rooms is published there for other programs; see docs/doors.md.",
    ),
    setting(
        "commands",
        "NAME=URL,…",
        "",
        "Programs that answer messages such as /deploy: deploy=https://ci.example.org/slash; see docs/doors.md.",
    ),
    setting(
        "commands_secret",
        "TEXT",
        "",
        "The secret by which requests to these programs are signed; at least 32 characters.",
    ),
    setting(
        "platform_secret",
        "TEXT",
        "",
        "The secret by which the platform around this server signs the tokens of its users (HS256).",
    ),
    setting(
        "platform_jwks",
        "PATH|URL",
        "",
        "Where the platform's public keys are (JWKS), for tokens signed with RS256 or ES256.",
    ),
    setting(
        "platform_issuer",
        "TEXT",
        "",
        "What the iss of the platform's tokens has to be; unset takes any.",
    ),
    setting(
        "platform_audience",
        "TEXT",
        "",
        "What the aud of the platform's tokens has to hold; unset takes any.",
    ),
    setting(
        "platform_claim",
        "CLAIM",
        "sub",
        "The claim that holds the user's name: sub, username or preferred_username.",
    ),
    setting(
        "setup_code",
        "TEXT",
        "",
        "The code for the first account; unset means a fresh one is printed where it is needed.",
    ),
    setting(
        "metrics_token",
        "TEXT",
        "",
        "The bearer token for /metrics from beyond loopback.",
    ),
    setting("log", "LEVEL", "info", "error, warn, info, debug or trace."),
    setting(
        "log_format",
        "auto|text|json",
        "auto",
        "auto is text on a terminal and JSON elsewhere.",
    ),
    setting(
        "drain_seconds",
        "SECONDS",
        "20",
        "Over how long, at most, clients come back that are sent away when the server stops.",
    ),
];

/// The environment variable of a setting.
pub fn variable(name: &str) -> String {
    format!("RILL_{}", name.to_uppercase())
}

/// The flag of a setting, without the dashes in front.
pub fn flag(name: &str) -> String {
    name.replace('_', "-")
}
