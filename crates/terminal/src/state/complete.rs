//! What the beginning of a word may become: commands, channels, people, emoji. Tab goes round.

use super::State;
use super::command::COMMANDS;
use crate::text::emoji;

/// Candidates that are offered at once.
const OFFERED_MAX: usize = 40;
/// Letters of a name of an emoji before any is offered.
const EMOJI_LETTERS_MIN: usize = 2;

/// The candidates for the word before the cursor, one of which stands in the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins, in bytes.
    from: usize,
    /// What is put into the field, and what is read about it.
    pub candidates: Vec<(String, String)>,
    pub chosen: usize,
}

impl State {
    /// Puts the next or the previous candidate into the field.
    pub(super) fn complete(&mut self, step: isize) {
        let completion = match self.completion.take() {
            Some(mut completion) => {
                let count = completion.candidates.len();
                completion.chosen = (completion.chosen + count).saturating_add_signed(step) % count;
                completion
            }
            None => {
                let (from, candidates) = self.candidates();
                if candidates.is_empty() {
                    return;
                }
                Completion {
                    from,
                    candidates,
                    chosen: 0,
                }
            }
        };
        let text = &completion.candidates[completion.chosen].0;
        self.input.replace(completion.from, text);
        self.completion = (completion.candidates.len() > 1).then_some(completion);
    }

    fn candidates(&self) -> (usize, Vec<(String, String)>) {
        let before = self.input.before();
        if let Some(name) = before.strip_prefix('/') {
            match name.split_once(' ') {
                None => return (0, commands(name)),
                Some(("join", rest)) => return (6, self.channels(rest.trim_start_matches('#'), "")),
                Some((command @ ("dm" | "invite"), _)) => {
                    let from = before.rfind(' ').map_or(command.len() + 2, |at| at + 1);
                    return (from, self.names(before[from..].trim_start_matches('@'), ""));
                }
                Some(("react", rest)) => return (7, emoji_named(rest.trim_start_matches(':'))),
                Some(_) => {}
            }
        }
        let from = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = &before[from..];
        let candidates = match word.chars().next() {
            Some('@') => self.names(&word[1..], "@"),
            Some('#') => self.channels(&word[1..], "#"),
            Some(':') if word.len() > EMOJI_LETTERS_MIN => emoji_named(&word[1..]),
            Some(_) if from == 0 => self.names(word, "@"),
            Some(_) | None => Vec::new(),
        };
        (from, candidates)
    }

    fn names(&self, beginning: &str, sign: &str) -> Vec<(String, String)> {
        let wanted = beginning.to_lowercase();
        let me = self.my_id();
        let fits = |name: &str| name.to_lowercase().starts_with(&wanted);
        let found = self.people.values().filter(|person| Some(person.id) != me);
        let found = found.filter(|person| fits(&person.username) || fits(&person.display_name));
        let named = found.map(|person| (format!("{sign}{} ", person.username), person.display_name.clone()));
        named.take(OFFERED_MAX).collect()
    }

    fn channels(&self, beginning: &str, sign: &str) -> Vec<(String, String)> {
        let wanted = beginning.to_lowercase();
        let rooms = self.listed().into_iter().filter_map(|room| self.rooms.get(&room));
        let named =
            rooms.filter(|room| room.room.name.to_lowercase().starts_with(&wanted) && !room.room.name.is_empty());
        let shown = named.map(|room| {
            // In a text a channel is named without blanks.
            let name = if sign.is_empty() {
                room.room.name.clone()
            } else {
                format!("{} ", room.room.name.replace(' ', "-"))
            };
            (format!("{sign}{name}"), room.room.topic.clone())
        });
        shown.take(OFFERED_MAX).collect()
    }
}

fn commands(beginning: &str) -> Vec<(String, String)> {
    let found = COMMANDS
        .iter()
        .filter(|command| command.name.starts_with(&beginning.to_lowercase()));
    let shown = found.map(|command| {
        let blank = if command.arguments.is_empty() { "" } else { " " };
        (format!("/{}{blank}", command.name), command.about.to_owned())
    });
    shown.collect()
}

fn emoji_named(beginning: &str) -> Vec<(String, String)> {
    let found = emoji::beginning(beginning.trim_end_matches(':'), OFFERED_MAX);
    found
        .into_iter()
        .map(|(name, emoji)| (format!("{emoji} "), name.to_owned()))
        .collect()
}
