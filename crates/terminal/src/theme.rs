//! Colours: the greys of the original terminal chat, in a dark and a light form, or none at all.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::text::Mark;

/// Which colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Dark,
    Light,
    /// Only bold, underlined and reversed: for `NO_COLOR` and for terminals with colours of their own.
    Plain,
}

/// A part of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Header,
    List,
    /// The open channel in the list.
    Open,
    /// A channel with something unread.
    Unread,
    Log,
    Selected,
    Input,
    /// What stands in the empty field.
    Hint,
    Status,
    Problem,
    Overlay,
    Chosen,
}

const HEADER: Color = Color::Rgb(0x33, 0x33, 0x33);
const LIST: Color = Color::Rgb(0x66, 0x66, 0x66);
const INPUT: Color = Color::Rgb(0x99, 0x99, 0x99);
const LOG: Color = Color::Rgb(0xcc, 0xcc, 0xcc);
const BLACK: Color = Color::Rgb(0x11, 0x11, 0x11);
const WHITE: Color = Color::Rgb(0xf4, 0xf4, 0xf4);
const RED: Color = Color::Rgb(0xe0, 0x6c, 0x60);
const RED_DARK: Color = Color::Rgb(0xa0, 0x22, 0x18);

impl Theme {
    /// The theme of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "dark" => Some(Self::Dark),
            "light" => Some(Self::Light),
            "none" => Some(Self::Plain),
            _ => None,
        }
    }

    /// How a part of the screen looks.
    pub fn part(self, part: Part) -> Style {
        match self {
            Self::Dark => dark(part),
            Self::Light => light(part),
            Self::Plain => plain(part),
        }
    }

    /// How a piece of text looks, on top of the part that it stands in.
    pub fn mark(self, mark: Mark) -> Style {
        let mut style = Style::new();
        let dim = match self {
            Self::Dark => Style::new().fg(INPUT),
            Self::Light => Style::new().fg(LIST),
            Self::Plain => Style::new().add_modifier(Modifier::DIM),
        };
        let strong = match self {
            Self::Dark => Style::new().fg(WHITE),
            Self::Light => Style::new().fg(BLACK),
            Self::Plain => Style::new(),
        };
        if mark.dim {
            style = style.patch(dim);
        }
        if mark.bold {
            style = style.patch(strong).add_modifier(Modifier::BOLD);
        }
        if mark.italic {
            style = style.add_modifier(Modifier::ITALIC);
        }
        if mark.strike {
            style = style.add_modifier(Modifier::CROSSED_OUT);
        }
        if mark.link {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        if mark.code {
            style = match self {
                Self::Dark => style.bg(HEADER),
                Self::Light => style.bg(Color::Rgb(0xe2, 0xe2, 0xe2)),
                Self::Plain => style,
            };
        }
        if mark.mention {
            style = style.patch(strong).add_modifier(Modifier::BOLD);
        }
        if mark.me {
            style = style.add_modifier(Modifier::REVERSED);
        }
        style
    }
}

fn dark(part: Part) -> Style {
    let base = Style::new();
    match part {
        Part::Header => base.fg(LOG).bg(HEADER),
        Part::List => base.fg(INPUT).bg(BLACK),
        Part::Open => base.fg(WHITE).bg(LIST).add_modifier(Modifier::BOLD),
        Part::Unread => base.fg(WHITE).bg(BLACK).add_modifier(Modifier::BOLD),
        Part::Log => base.fg(LOG).bg(BLACK),
        Part::Selected => base.bg(HEADER),
        Part::Input => base.fg(WHITE).bg(BLACK),
        Part::Hint => base.fg(INPUT).bg(BLACK),
        Part::Status => base.fg(WHITE).bg(Color::Rgb(0x44, 0x44, 0x44)),
        Part::Problem => base.fg(RED).bg(BLACK),
        Part::Overlay => base.fg(LOG).bg(Color::Rgb(0x22, 0x22, 0x22)),
        Part::Chosen => base.fg(WHITE).bg(LIST).add_modifier(Modifier::BOLD),
    }
}

fn light(part: Part) -> Style {
    let base = Style::new();
    let pale = Color::Rgb(0xe6, 0xe6, 0xe6);
    match part {
        Part::Header => base.fg(WHITE).bg(HEADER),
        Part::List => base.fg(LIST).bg(WHITE),
        Part::Open => base.fg(BLACK).bg(LOG).add_modifier(Modifier::BOLD),
        Part::Unread => base.fg(BLACK).bg(WHITE).add_modifier(Modifier::BOLD),
        Part::Log => base.fg(HEADER).bg(WHITE),
        Part::Selected => base.bg(pale),
        Part::Input => base.fg(BLACK).bg(WHITE),
        Part::Hint => base.fg(LIST).bg(WHITE),
        Part::Status => base.fg(BLACK).bg(LOG),
        Part::Problem => base.fg(RED_DARK).bg(WHITE),
        Part::Overlay => base.fg(HEADER).bg(pale),
        Part::Chosen => base.fg(BLACK).bg(LOG).add_modifier(Modifier::BOLD),
    }
}

fn plain(part: Part) -> Style {
    let base = Style::new();
    match part {
        Part::Header | Part::Status | Part::Chosen => base.add_modifier(Modifier::REVERSED),
        Part::Open => base.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        Part::Unread | Part::Problem | Part::Selected => base.add_modifier(Modifier::BOLD),
        Part::Hint => base.add_modifier(Modifier::DIM),
        Part::List | Part::Log | Part::Input | Part::Overlay => base,
    }
}

/// Replaces colours of 24 bits by the nearest of the 256 that most terminals know.
pub fn reduce(buffer: &mut Buffer) {
    let nearest = |color: &mut Color| {
        if let Color::Rgb(red, green, blue) = *color {
            *color = Color::Indexed(index(red, green, blue));
        }
    };
    for cell in &mut buffer.content {
        nearest(&mut cell.fg);
        nearest(&mut cell.bg);
    }
}

/// Greys have a ramp of 24 from 232 on; everything else is a point of the cube of 6 by 6 by 6.
fn index(red: u8, green: u8, blue: u8) -> u8 {
    if red == green && green == blue {
        return match red {
            0..=3 => 16,
            247..=255 => 231,
            _ => 232 + (u16::from(red).saturating_sub(3) / 10).min(23) as u8,
        };
    }
    let step = |value: u8| (u16::from(value) * 5 + 127) / 255;
    (16 + 36 * step(red) + 6 * step(green) + step(blue)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of two colours (WCAG 2.2, relative luminance).
    fn contrast(style: Style) -> f64 {
        let luminance = |color: Option<Color>| {
            let Some(Color::Rgb(red, green, blue)) = color else {
                panic!("a colour is missing in {style:?}")
            };
            let part = |value: u8| {
                let value = f64::from(value) / 255.0;
                if value <= 0.04045 {
                    value / 12.92
                } else {
                    ((value + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
        };
        let (one, other) = (luminance(style.fg), luminance(style.bg));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_part_can_be_read_in_both_themes() {
        use Part::{Chosen, Header, Hint, Input, List, Log, Open, Overlay, Problem, Status, Unread};
        for theme in [Theme::Dark, Theme::Light] {
            for part in [
                Header, List, Open, Unread, Log, Input, Hint, Status, Problem, Overlay, Chosen,
            ] {
                let found = contrast(theme.part(part));
                assert!(found >= 4.5, "{theme:?} {part:?}: {found:.1}");
            }
        }
    }

    #[test]
    fn without_colours_there_are_none() {
        use Part::{Chosen, Header, Hint, Log, Open, Problem, Selected, Status};
        for part in [Header, Open, Log, Selected, Hint, Status, Problem, Chosen] {
            let style = Theme::Plain.part(part);
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
