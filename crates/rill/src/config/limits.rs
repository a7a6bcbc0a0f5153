//! The limits that an operator may set: their names, their words, and how a value is read.

use std::time::Duration;

use chat::limits::{Limits, Rate};

/// One limit, as a way to reach its field.
pub struct Limit {
    pub name: &'static str,
    pub about: &'static str,
    field: Field,
}

enum Field {
    Rate(fn(&mut Limits) -> &mut Rate),
    Count(fn(&mut Limits) -> &mut usize),
}

const fn rate(name: &'static str, about: &'static str, field: fn(&mut Limits) -> &mut Rate) -> Limit {
    Limit {
        name,
        about,
        field: Field::Rate(field),
    }
}

const fn count(name: &'static str, about: &'static str, field: fn(&mut Limits) -> &mut usize) -> Limit {
    Limit {
        name,
        about,
        field: Field::Count(field),
    }
}

/// All of them, in the order of the table in docs/limits.md.
pub const LIMITS: &[Limit] = &[
    rate(
        "sends_per_user",
        "Entries that one person may add, over all connections.",
        |l| &mut l.sends_per_user,
    ),
    rate("sends_per_room", "Entries that a room takes.", |l| {
        &mut l.sends_per_room
    }),
    rate("commands_per_connection", "Commands over one socket.", |l| {
        &mut l.commands_per_connection
    }),
    rate(
        "presence_per_user",
        "Changes of presence of one person that are told at once.",
        |l| &mut l.presence_per_user,
    ),
    rate("typing_per_user", "Typing signals of one person.", |l| {
        &mut l.typing_per_user
    }),
    rate("searches_per_user", "Searches of one person.", |l| {
        &mut l.searches_per_user
    }),
    rate("rooms_opened_per_user", "Rooms that one person opens.", |l| {
        &mut l.rooms_opened_per_user
    }),
    rate(
        "hooks_opened_per_user",
        "Webhooks of rooms that one person makes.",
        |l| &mut l.hooks_opened_per_user,
    ),
    rate("joins_per_user", "Rooms that one person joins.", |l| {
        &mut l.joins_per_user
    }),
    rate(
        "sign_ins_per_account",
        "Sign-ins to one account from one address.",
        |l| &mut l.sign_ins_per_account,
    ),
    rate("sign_ins_per_address", "Sign-ins from one address.", |l| {
        &mut l.sign_ins_per_address
    }),
    rate("registrations_per_address", "Registrations from one address.", |l| {
        &mut l.registrations_per_address
    }),
    rate("guests_per_address", "New guests from one address.", |l| {
        &mut l.guests_per_address
    }),
    rate("requests_per_user", "REST requests of one person.", |l| {
        &mut l.requests_per_user
    }),
    rate(
        "requests_per_address",
        "REST requests from one address without a sign-in.",
        |l| &mut l.requests_per_address,
    ),
    rate("handshakes_per_address", "Sockets opened from one address.", |l| {
        &mut l.handshakes_per_address
    }),
    rate("handshakes", "Sockets opened in all.", |l| &mut l.handshakes),
    count("sockets_per_user", "Sockets that one person may hold.", |l| {
        &mut l.sockets_per_user
    }),
    count(
        "sockets_per_address",
        "Sockets and connections that one address may hold.",
        |l| &mut l.sockets_per_address,
    ),
    count("sockets", "Sockets and connections in all.", |l| &mut l.sockets),
];

impl Limit {
    /// Sets the field from `COUNT/WINDOW[:BURST]` (such as `5/1s:20`, windows in s, m or h) or from a plain number.
    pub fn set(&self, limits: &mut Limits, text: &str) -> Result<(), String> {
        match &self.field {
            Field::Rate(field) => *field(limits) = parse_rate(text)?,
            Field::Count(field) => {
                *field(limits) = text
                    .parse()
                    .map_err(|_| format!("`{text}` is not a whole number, such as 50"))?;
            }
        }
        Ok(())
    }

    /// The value as `set` reads it.
    pub fn show(&self, limits: &mut Limits) -> String {
        match &self.field {
            Field::Rate(field) => show_rate(*field(limits)),
            Field::Count(field) => field(limits).to_string(),
        }
    }
}

fn parse_rate(text: &str) -> Result<Rate, String> {
    let wrong = || format!("`{text}` is not a rate; write COUNT/WINDOW:BURST, such as 5/1s:20 (s, m or h)");
    let (count, rest) = text.split_once('/').ok_or_else(wrong)?;
    let (window, burst) = rest.split_once(':').unwrap_or((rest, count));
    let count: u32 = count.parse().map_err(|_| wrong())?;
    let burst: u32 = burst.parse().map_err(|_| wrong())?;
    let unit = window.chars().last().ok_or_else(wrong)?;
    let number: u64 = window[..window.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(wrong()),
    };
    let window = number
        .checked_mul(seconds)
        .filter(|seconds| (1..=86_400).contains(seconds))
        .ok_or_else(wrong)?;
    if count == 0 || burst == 0 {
        return Err(format!("`{text}` allows nothing; count and burst must be at least 1"));
    }
    Ok(Rate::new(burst, count, Duration::from_secs(window)))
}

fn show_rate(rate: Rate) -> String {
    let every = rate.every.as_nanos();
    let windows = [(1_000_000_000, "1s"), (60_000_000_000, "1m"), (3_600_000_000_000, "1h")];
    for (nanoseconds, window) in windows {
        if every <= nanoseconds && nanoseconds % every < nanoseconds / 1000 {
            return format!("{}/{window}:{}", nanoseconds / every, rate.burst);
        }
    }
    format!("1/{}s:{}", rate.every.as_secs().max(1), rate.burst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_reads_back_as_the_same_rate() {
        let mut limits = Limits::default();
        for limit in LIMITS {
            let shown = limit.show(&mut limits);
            let mut again = Limits::default();
            limit.set(&mut again, &shown).expect("it reads");
            assert_eq!(limit.show(&mut again), shown, "{}", limit.name);
        }
    }

    #[test]
    fn a_wrong_rate_is_refused_with_an_example() {
        for text in [
            "", "5", "5/", "5/1", "5/1d", "0/1s", "5/1s:0", "x/1s", "5/99999h", "5/é",
        ] {
            let error = parse_rate(text).expect_err(text);
            assert!(error.contains(text), "{error}");
        }
    }
}
