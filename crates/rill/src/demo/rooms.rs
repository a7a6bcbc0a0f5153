//! The rooms of the demo, who is in them, and the shape of what is said there.

use chat::room::RoomKind;

use super::{field, office};

/// A room of the demo.
pub struct Sample {
    /// Also names it here; conversations have no other name.
    pub name: &'static str,
    pub kind: Kind,
    pub topic: &'static str,
    pub description: &'static str,
    /// User names; the first one opens it.
    pub people: &'static [&'static str],
    pub lines: &'static [Line],
    /// Over, and only to be read.
    pub archived: bool,
}

/// How it comes to be.
pub enum Kind {
    /// It is there from the beginning.
    General,
    Room(RoomKind),
    /// Found by its people.
    Conversation,
}

/// One thing that happens.
pub struct Line {
    /// Minutes.
    pub ago: u32,
    /// A user name, or several that do it one after the other.
    pub who: &'static str,
    pub act: Act,
}

/// What it is. Messages that something is done to later have a mark.
#[derive(Clone, Copy)]
pub enum Act {
    Say(&'static str),
    /// The mark, and the text.
    Mark(&'static str, &'static str),
    /// In the thread of a marked message.
    Answer(&'static str, &'static str),
    /// A label, latitude and longitude, and a text.
    Place(&'static str, f64, f64, &'static str),
    React(&'static str, &'static str),
    Edit(&'static str, &'static str),
    Delete(&'static str),
    Pin(&'static str),
}

/// Minutes.
const DAY: u32 = 24 * 60;
/// How long before the first word a room is opened.
const OPENED_BEFORE: u32 = 45;

impl Sample {
    /// When it is opened, in minutes ago.
    pub fn opened(&self) -> u32 {
        self.lines.iter().map(|line| line.ago).max().unwrap_or(0) + OPENED_BEFORE
    }
}

/// Something that happened `days` days ago, `minutes` into the talk of that day.
pub const fn then(days: u32, minutes: u32, who: &'static str, act: Act) -> Line {
    today(days * DAY - minutes, who, act)
}

/// Something that happened so many minutes ago.
pub const fn today(ago: u32, who: &'static str, act: Act) -> Line {
    Line { ago, who, act }
}

const ALL: &[&str] = &["ada", "grace", "nour", "haruka", "tomas", "yael", "linh", "maxi"];

const fn public(
    name: &'static str,
    topic: &'static str,
    description: &'static str,
    people: &'static [&'static str],
    lines: &'static [Line],
) -> Sample {
    Sample {
        name,
        kind: Kind::Room(RoomKind::Public),
        topic,
        description,
        people,
        lines,
        archived: false,
    }
}

const fn conversation(name: &'static str, people: &'static [&'static str], lines: &'static [Line]) -> Sample {
    Sample {
        kind: Kind::Conversation,
        ..public(name, "", "", people, lines)
    }
}

/// All of them.
pub const ROOMS: &[Sample] = &[
    Sample {
        kind: Kind::General,
        ..public("General", "", "", ALL, office::GENERAL)
    },
    public(
        "Field team",
        "North slope survey",
        "Who is where, and what they see.",
        &["ada", "grace", "nour", "haruka", "tomas", "yael", "linh"],
        field::FIELD_TEAM,
    ),
    public(
        "Announcements",
        "What everybody should know",
        "A few words a week. Questions go to the Kitchen.",
        ALL,
        office::ANNOUNCEMENTS,
    ),
    public(
        "Kitchen",
        "Soup, cake and cups that belong to nobody",
        "",
        ALL,
        office::KITCHEN,
    ),
    Sample {
        kind: Kind::Room(RoomKind::Private),
        ..public(
            "Next season",
            "Not public yet",
            "Numbers and plans until the board has seen them.",
            &["grace", "ada", "nour", "maxi"],
            office::NEXT_SEASON,
        )
    },
    public(
        "Choir",
        "Tuesdays, map room",
        "Whoever can hold a note, or carry the keyboard.",
        &["yael", "linh", "maxi"],
        office::CHOIR,
    ),
    Sample {
        archived: true,
        ..public(
            "Last season",
            "It snowed",
            "",
            &["ada", "grace", "tomas"],
            field::LAST_SEASON,
        )
    },
    conversation("photos", &["haruka", "ada", "linh"], field::PHOTOS),
    conversation("grace and ada", &["grace", "ada"], office::GRACE_AND_ADA),
    conversation("nour and ada", &["nour", "ada"], office::NOUR_AND_ADA),
    conversation("haruka and ada", &["haruka", "ada"], office::HARUKA_AND_ADA),
    conversation("tomas and grace", &["tomas", "grace"], office::TOMAS_AND_GRACE),
    conversation("ada's notes", &["ada"], office::NOTES),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_says_something_in_every_room_and_only_its_people_do() {
        for room in ROOMS {
            assert!(!room.lines.is_empty(), "{}", room.name);
            for line in room.lines {
                for who in line.who.split(' ') {
                    assert!(room.people.contains(&who), "{who} in {}", room.name);
                }
            }
        }
    }

    #[test]
    fn no_mark_stands_for_two_messages() {
        let mut marks = std::collections::HashSet::new();
        for line in ROOMS.iter().flat_map(|room| room.lines) {
            if let Act::Mark(mark, _) = line.act {
                assert!(marks.insert(mark), "{mark}");
            }
        }
    }
}
