//! What is said outside: the survey of the slope, its photos, and the season before.

use super::rooms::Act::{Answer, Delete, Edit, Mark, Pin, Place, React, Say};
use super::rooms::{Line, then, today};

pub const FIELD_TEAM: &[Line] = &[
    then(
        3,
        0,
        "ada",
        Mark(
            "plan",
            "Morning! The survey of the **north slope** starts at 9. The plan for today:\n\n\
             1. Grace and Nour set up the four stations.\n\
             2. Haruka flies the camera over the upper meadow.\n\
             3. We meet at the hut at 16:00, *whatever* the weather does.",
        ),
    ),
    then(3, 1, "ada", Pin("plan")),
    then(3, 2, "grace nour haruka", React("plan", "👍")),
    then(3, 3, "tomas", React("plan", "🥾")),
    then(3, 4, "grace", Say("On my way. Roads are icy, I will be there at 9:15.")),
    then(3, 6, "nour", Say("صباح الخير، أنا في الموقع. الثلج أقل مما توقعت.")),
    then(3, 7, "haruka", Say("おはようございます。カメラの準備ができました 📷")),
    then(3, 9, "ada", Say("Great. @grace please bring the second tripod.")),
    then(
        3,
        11,
        "grace",
        Mark("packed", "Packed. Notes from yesterday: `slope 14°`, 3 new cracks."),
    ),
    then(
        3,
        12,
        "grace",
        Edit("packed", "Packed. Notes from yesterday: `slope 12°`, 3 new cracks."),
    ),
    then(3, 14, "tomas", Mark("thermos", "Has anybody seen my blue thermos?")),
    then(3, 15, "tomas", Delete("thermos")),
    then(
        3,
        90,
        "nour",
        Place(
            "Station 4, upper meadow",
            46.6142,
            8.0371,
            "Station 4 stands. It is the one with the view.",
        ),
    ),
    then(
        3,
        240,
        "haruka",
        Mark(
            "widths",
            "The widths from the four stations, in millimetres:\n\n\
             | station | last week | today | change |\n\
             | :-- | --: | --: | --: |\n\
             | 1 | 3.1 | 3.2 | +0.1 |\n\
             | 2 | 5.0 | 5.0 | 0.0 |\n\
             | 3 | 2.7 | 4.4 | **+1.7** |\n\
             | 4 | – | 1.9 | new |",
        ),
    ),
    then(3, 241, "grace ada tomas", React("widths", "😮")),
    then(
        3,
        243,
        "grace",
        Answer("widths", "Station 3 is a surprise. Is the sensor straight?"),
    ),
    then(
        3,
        246,
        "haruka",
        Answer("widths", "水平器で二度確認しました。本当に動いています。"),
    ),
    then(3, 247, "grace", Answer("widths", "Then we read it every hour tonight.")),
    then(3, 249, "nour", Answer("widths", "سأبقى هنا حتى المساء.")),
    then(3, 251, "ada", Answer("widths", "Thank you both. I told the valley.")),
    then(
        2,
        0,
        "tomas",
        Mark(
            "salt",
            "> Roads are icy, I will be there at 9:15.\n\n\
             They still are. I have salt in the car and I am not afraid to use it.",
        ),
    ),
    then(2, 2, "grace linh yael", React("salt", "😂")),
    then(
        2,
        30,
        "linh",
        Mark(
            "logger",
            "The logger writes every ten minutes now. This is all it takes to see which crack is in a hurry:\n\n\
             ```python\n\
             def in_a_hurry(widths, limit=0.5):\n    \
                 \"\"\"Stations whose crack grew by more than `limit` mm.\"\"\"\n    \
                 return [name for name, row in widths.items() if row[-1] - row[0] > limit]\n\
             \n\
             print(in_a_hurry({\"1\": [3.1, 3.2], \"3\": [2.7, 4.4]}))  # ['3']\n\
             ```",
        ),
    ),
    then(2, 31, "haruka ada", React("logger", "🚀")),
    then(2, 33, "yael", Say("זה בדיוק מה שחיפשתי, תודה! אפשר גם גרף?")),
    then(2, 35, "linh", Say("A graph by tomorrow, if the battery agrees 🔋")),
    then(
        2,
        200,
        "ada",
        Say("The weather for the weekend: \
             https://example.org/forecast/north-slope?from=friday&to=sunday&units=metric&detail=hourly\n\n\
             In short: wind on Saturday, *sun on Sunday*."),
    ),
    then(
        1,
        0,
        "yael",
        Say("Before we go up again:\n\n\
             - ropes and the *new* carabiners\n\
             - spare batteries (warm, inside the jacket)\n\
             - the form for the landowner, ~~unsigned~~ signed"),
    ),
    then(1, 20, "grace", Say("I have the ropes.")),
    then(1, 22, "nour", Say("والبطاريات عندي 🔋🔋🔋")),
    then(
        1,
        300,
        "haruka",
        Mark("slower", "3番の割れ目、一晩で0.4ミリ。ゆっくりになりました。"),
    ),
    then(1, 302, "ada grace nour tomas linh", React("slower", "🎉")),
    then(1, 303, "yael", React("slower", "🙏")),
    today(
        150,
        "linh",
        Say(
            "Here is the graph, in the finest tradition of drawing with letters:\n\n\
             ```text\n\
             mm\n\
             4.8 ┤            ╭──\n\
             4.4 ┤      ╭─────╯\n\
             3.5 ┤   ╭──╯\n\
             2.7 ┼───╯\n    \
                 └─ Mon  Tue  Wed  Thu\n\
             ```",
        ),
    ),
    today(84, "tomas", Say("The road is open again, up to the second bridge.")),
    today(41, "nour", Say("الريح قوية فوق، لكن السماء صافية.")),
    today(
        26,
        "grace",
        Say("@ada can you sign the landowner's form before noon? It is the last thing missing."),
    ),
    today(9, "haruka", Mark("sunday", "Sunday, 7:30 at the hut? 🌄")),
    today(7, "grace nour", React("sunday", "👍")),
];

pub const PHOTOS: &[Line] = &[
    then(
        2,
        60,
        "haruka",
        Say("Yesterday's panorama: 31 pictures, 2 of them sharp."),
    ),
    then(2, 64, "ada", Say("Two is plenty.")),
    today(
        63,
        "linh",
        Mark("stitched", "I stitched them. The horizon is only slightly bent."),
    ),
    today(61, "haruka", React("stitched", "❤️")),
];

pub const LAST_SEASON: &[Line] = &[
    then(
        29,
        0,
        "tomas",
        Say("That was the last day. Everything is off the slope, apart from one glove."),
    ),
    then(29, 5, "grace", Say("The glove stays. It marks the spot.")),
];
