//! Times for people: RFC 3339 from the wire, shown in the reader's time zone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// `10:00`; dashes if it is no time.
pub fn clock(at: &str, zone: &TimeZone) -> String {
    parsed(at).map_or_else(
        || "--:--".into(),
        |at| at.to_zoned(zone.clone()).strftime("%H:%M").to_string(),
    )
}

/// The day of a time.
pub fn day(at: &str, zone: &TimeZone) -> Option<Date> {
    parsed(at).map(|at| at.to_zoned(zone.clone()).date())
}

/// `Saturday, 21 November 2026`.
pub fn long_day(date: Date) -> String {
    date.strftime("%A, %-d %B %Y").to_string()
}

/// A point in time as `<t:seconds:style>` means it.
pub fn moment(seconds: i64, style: &str, zone: &TimeZone) -> Option<String> {
    let format = match style {
        "t" => "%H:%M",
        "T" => "%H:%M:%S",
        "d" => "%Y-%m-%d",
        "D" => "%-d %B %Y",
        "" | "f" => "%-d %B %Y %H:%M",
        "F" => "%A, %-d %B %Y %H:%M",
        // Relative times would have to change while one looks: the moment itself says the same.
        "R" => "%-d %b %Y %H:%M",
        _ => return None,
    };
    let at = Timestamp::from_second(seconds).ok()?;
    Some(at.to_zoned(zone.clone()).strftime(format).to_string())
}

fn parsed(at: &str) -> Option<Timestamp> {
    at.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_the_readers_zone() {
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        assert_eq!(clock("2026-11-21T10:00:00.000Z", &TimeZone::UTC), "10:00");
        assert_eq!(clock("2026-11-21T20:00:00.000Z", &tokyo), "05:00");
        assert_eq!(clock("yesterday", &tokyo), "--:--");
        let day = day("2026-11-21T20:00:00.000Z", &tokyo).expect("a day");
        assert_eq!(long_day(day), "Sunday, 22 November 2026");
        assert_eq!(moment(0, "t", &TimeZone::UTC).as_deref(), Some("00:00"));
        assert_eq!(moment(0, "x", &TimeZone::UTC), None);
    }
}
