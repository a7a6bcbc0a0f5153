//! Texts made of parts by throwing dice that always fall the same way.

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine. Not fit for secrets.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % end
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len() as u64) as usize]
    }
}

const WHO: &[&str] = &[
    "The old logger",
    "Station 3",
    "My radio",
    "The second tripod",
    "Somebody from the valley",
    "The blue thermos",
    "The map",
    "Yesterday's panorama",
    "The upper meadow",
    "Bernard",
    "The landowner",
    "A very calm marmot",
    "The kitchen clock",
    "The new carabiner",
    "Our spreadsheet",
    "The weather",
];
const DOES: &[&str] = &[
    "forgot",
    "measures",
    "refuses",
    "has found",
    "ignores",
    "waits for",
    "outgrew",
    "survived",
    "keeps",
    "lost",
    "is fond of",
    "complains about",
    "agrees with",
    "cannot explain",
    "replaced",
    "needs",
];
const WHAT: &[&str] = &[
    "the last four readings",
    "a crack of 2 mm",
    "the icy road",
    "the keys to the hut",
    "half of the batteries",
    "a sandwich",
    "the form",
    "three metres of rope",
    "the night shift",
    "the sun",
    "a better label",
    "the rescue channel",
    "everything since Tuesday",
    "the persimmon tart",
    "one glove",
    "the north slope",
];
const TAIL: &[&str] = &[
    "",
    "",
    "",
    " again",
    " since this morning",
    ", as always",
    " before noon",
    " without a word",
    " for no reason",
    ", which is good news",
    " in the rain",
    ", twice",
];
const SHORT: &[&str] = &[
    "Yes.",
    "No, sorry.",
    "On my way.",
    "Ten minutes.",
    "Thank you!",
    "Same here.",
    "Who has the keys?",
    "Done.",
    "Good morning!",
    "Looking into it.",
    "See you there.",
    "Ha!",
    "👍",
    "🎉🎉",
    "😂",
];
const ELSEWHERE: &[&str] = &[
    "القراءة الأخيرة أفضل من المتوقع.",
    "سأصل بعد عشر دقائق.",
    "هل أغلق أحد النافذة؟",
    "カメラは明日もう一度試します。",
    "了解です、ありがとう。",
    "3番の観測点に雪が積もりました。",
    "אני בדרך, תשמרו לי מקום.",
    "מישהו ראה את המפה?",
    "Der Schlüssel hängt wieder am Haken.",
    "Le pont est fermé jusqu’à jeudi.",
    "Pin dự phòng ở trong túi xanh.",
    "Η ομίχλη δεν λέει να φύγει.",
];
const EMOJI: &[&str] = &["👍", "❤️", "😂", "🎉", "👀", "🙏", "🚀", "⛰️"];

/// A text for the message of that number.
pub fn text(dice: &mut Dice, number: u32) -> String {
    if number.is_multiple_of(1_000) {
        return format!("**Milestone:** this is message {number} of the archive.");
    }
    match dice.below(100) {
        0..16 => dice.pick(SHORT).to_owned(),
        16..22 => dice.pick(ELSEWHERE).to_owned(),
        22..25 => list(dice),
        25..27 => code(dice, number),
        27..29 => format!("> {}\n\n{}", sentence(dice), sentence(dice)),
        29..31 => format!("{} https://example.org/notes/{number}", sentence(dice)),
        31..33 => sentences(dice, 12),
        33..40 => format!("{} {}", sentences(dice, 2), dice.pick(EMOJI)),
        _ => sentences(dice, 4),
    }
}

/// One for a reaction.
pub fn emoji(dice: &mut Dice) -> &'static str {
    dice.pick(EMOJI)
}

fn sentence(dice: &mut Dice) -> String {
    let (who, does, what) = (dice.pick(WHO), dice.pick(DOES), dice.pick(WHAT));
    format!("{who} {does} {what}{}.", dice.pick(TAIL))
}

/// One to `max` of them.
fn sentences(dice: &mut Dice, max: u64) -> String {
    let count = 1 + dice.below(max);
    let all: Vec<String> = (0..count).map(|_| sentence(dice)).collect();
    all.join(" ")
}

fn list(dice: &mut Dice) -> String {
    let lines: Vec<String> = (0..2 + dice.below(4))
        .map(|_| format!("- {}", dice.pick(WHAT)))
        .collect();
    format!("What is missing:\n\n{}", lines.join("\n"))
}

fn code(dice: &mut Dice, number: u32) -> String {
    let (width, limit) = (dice.below(90), dice.below(9));
    format!("```rust\nlet station_{number} = Width::mm({width});\nassert!(station_{number} > Width::mm({limit}));\n```")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_dice_make_the_same_texts_and_few_are_alike() {
        let texts = || {
            let mut dice = Dice::new(7);
            (1..=2_000).map(|number| text(&mut dice, number)).collect::<Vec<_>>()
        };
        let made = texts();
        assert_eq!(made, texts());
        assert_eq!(made[999], "**Milestone:** this is message 1000 of the archive.");
        assert!(made.iter().all(|text| !text.is_empty() && text.len() < 2_000));
        let different: HashSet<&String> = made.iter().collect();
        assert!(different.len() > 1_400, "{} of 2000", different.len());
    }
}
