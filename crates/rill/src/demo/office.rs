//! What is said inside: announcements, the kitchen, plans, and conversations of two.

use super::rooms::Act::{Answer, Mark, Pin, React, Say};
use super::rooms::{Line, then, today};

pub const GENERAL: &[Line] = &[
    then(
        6,
        0,
        "ada",
        Mark("hello", "Welcome, everybody! This room is for all of us; say hello."),
    ),
    then(6, 3, "tomas", Say("Hello from the second floor.")),
    then(6, 9, "linh", Say("Xin chào! 👋")),
    then(6, 12, "yael", Say("שלום לכולם")),
    then(6, 20, "grace nour haruka maxi", React("hello", "👋")),
    then(
        4,
        0,
        "maxi",
        Say("My name does not fit on the door. Suggestions are welcome."),
    ),
    then(4, 7, "grace", Say("A wider door.")),
];

pub const ANNOUNCEMENTS: &[Line] = &[
    then(
        6,
        30,
        "ada",
        Mark(
            "hours",
            "**Winter hours**\n\n\
             The workshop is open from 8 to 18, the map room until 20. \
             Whoever leaves last turns the heating down: *down*, not off.",
        ),
    ),
    then(6, 31, "ada", Pin("hours")),
    then(6, 40, "tomas linh maxi", React("hours", "🙏")),
    then(
        2,
        10,
        "grace",
        Mark(
            "radios",
            "The new radios are here. Channel 3 is ours, channel 7 is the rescue service. \
             @room please label yours before Friday.",
        ),
    ),
    then(2, 12, "haruka nour yael tomas", React("radios", "📻")),
    then(
        1,
        40,
        "yael",
        Say("המשרד יהיה סגור ביום שני.\n\nThe office is closed on Monday."),
    ),
];

pub const KITCHEN: &[Line] = &[
    then(
        2,
        100,
        "tomas",
        Mark(
            "soup",
            "Soup today: leek and potato. Bring your own bowl, the dishwasher is on strike.",
        ),
    ),
    then(2, 101, "ada linh maxi grace", React("soup", "🥣")),
    then(
        2,
        160,
        "maxi",
        Mark(
            "cups",
            "I would like it on record that I have washed eleven cups which were not mine.",
        ),
    ),
    then(2, 161, "ada grace linh tomas yael", React("cups", "👏")),
    then(2, 162, "haruka", React("cups", "😇")),
    then(
        1,
        60,
        "grace",
        Mark("box", "What is in the green box in the fridge? It moved."),
    ),
    then(1, 62, "tomas", Answer("box", "Sourdough. He is called Bernard.")),
    then(1, 63, "yael", Answer("box", "ברנרד רעב")),
    then(1, 64, "grace", Answer("box", "Then somebody feed Bernard.")),
    then(
        1,
        180,
        "linh",
        Say("The pie bet is decided. ||Haruka, with the persimmon tart. It was not even close.||"),
    ),
    then(1, 182, "haruka", Say("柿のタルト、また作ります 🥧")),
    then(1, 183, "linh", Say("🎉🎉🎉")),
    today(
        55,
        "maxi",
        Mark("cake", "There is cake. There is, for the next ten minutes, cake."),
    ),
    today(54, "tomas linh yael", React("cake", "🍰")),
    today(38, "tomas", Say("There was cake.")),
];

pub const NEXT_SEASON: &[Line] = &[
    then(
        1,
        90,
        "grace",
        Mark(
            "numbers",
            "First numbers, please do not pass them on:\n\n\
             | what | this year | next year |\n\
             | :-- | --: | --: |\n\
             | radios | 1,200 | 0 |\n\
             | sensors | 3,400 | 5,100 |\n\
             | cake | 90 | 400 |",
        ),
    ),
    then(1, 95, "maxi", Say("The last line has my full support.")),
    then(1, 96, "nour", React("numbers", "👀")),
    then(1, 110, "ada", Say("Fine with me. Who tells the board?")),
    then(1, 112, "grace", Say("You do. They like you.")),
];

pub const CHOIR: &[Line] = &[
    then(
        5,
        0,
        "yael",
        Say("Tuesday, 19:00. Linh brings the keyboard, Maxi brings the tenor."),
    ),
    then(5, 8, "maxi", Say("I *am* the tenor.")),
];

pub const GRACE_AND_ADA: &[Line] = &[
    then(1, 200, "ada", Say("The ropes are in the car. Thank you for yesterday.")),
    then(1, 204, "grace", Say("Any time. Coffee afterwards?")),
    then(1, 205, "ada", Say("Always.")),
    today(14, "grace", Say("Also: the form. I know you know.")),
    today(13, "grace", Say("The pen is on your desk. I put it *on the form*.")),
];

pub const NOUR_AND_ADA: &[Line] = &[
    then(1, 30, "ada", Say("How was the night up there?")),
    then(1, 36, "nour", Say("باردة وهادئة. النجوم كثيرة.")),
    today(33, "nour", Say("هل وصلتك الصور؟")),
    today(32, "nour", Say("الملف كبير، ربما يحتاج إلى بعض الوقت.")),
];

pub const HARUKA_AND_ADA: &[Line] = &[
    then(2, 240, "haruka", Say("明日のバッテリーは足りますか？")),
    then(2, 244, "ada", Say("Nour has three. I bring two more.")),
    then(2, 245, "haruka", Say("完璧です 🙌")),
];

pub const TOMAS_AND_GRACE: &[Line] = &[
    then(2, 20, "tomas", Say("Did you hide my thermos?")),
    then(2, 22, "grace", Say("It is blue, and it is where you left it.")),
    today(70, "tomas", Say("It was in the car. Under the salt.")),
];

pub const NOTES: &[Line] = &[
    then(2, 300, "ada", Say("Ask the valley about the siren test. Thursday?")),
    then(
        1,
        310,
        "ada",
        Say("- form for the landowner\n- call the board\n- new glove for Tomás"),
    ),
];
