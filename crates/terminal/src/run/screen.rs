//! The terminal itself: taken over when the client begins, given back however it ends.

use std::io::{self, Stdout, Write as _, stdout};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EnableMouseCapture,
};
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};

use crate::state::State;
use crate::{theme, view};

/// A terminal in raw mode on its other screen.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
    /// Whether colours of 24 bits are understood; else the nearest of the 256 are used.
    true_color: bool,
}

impl Screen {
    /// Takes the terminal over; a panic gives it back first.
    pub fn open(mouse: bool) -> io::Result<Self> {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        let named = std::env::var("COLORTERM").unwrap_or_default();
        let mut screen = Self {
            terminal: Terminal::new(CrosstermBackend::new(stdout()))?,
            mouse,
            true_color: matches!(named.as_str(), "truecolor" | "24bit"),
        };
        screen.resume()?;
        Ok(screen)
    }

    /// Takes it over again, after something else had it.
    pub fn resume(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
        if self.mouse {
            execute!(stdout(), EnableMouseCapture)?;
        }
        self.clear()
    }

    /// Gives it to something else for a while.
    pub fn pause(&self) {
        give_back();
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws everything anew. (`Terminal::clear` would ask the terminal for its cursor, and the answer goes to
    /// whoever reads the keys.)
    pub fn clear(&mut self) -> io::Result<()> {
        execute!(stdout(), Clear(ClearType::All))?;
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }

    /// Draws what changed.
    pub fn draw(&mut self, state: &State) -> io::Result<()> {
        let true_color = self.true_color;
        self.terminal.draw(|frame| {
            view::draw(state, frame);
            if !true_color {
                theme::reduce(frame.buffer_mut());
            }
        })?;
        Ok(())
    }

    /// Rings the bell.
    pub fn ring(&self) -> io::Result<()> {
        let mut out = stdout();
        out.write_all(b"\x07")?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    // The terminal may be gone; there is nothing left to tell it to.
    let _ = execute!(
        stdout(),
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
}
