//! `rill login` and `rill logout`: a session in a file that only its owner may read; the password is never kept.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use client::api::Api;
use client::api::kept::Kept;
use protocol::rest::{Register, SessionKind, SignIn};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use super::{finish, print_line};
use crate::failure::{Failure, Kind};
use crate::home::{Account, Choice, Home};
use crate::run::session::signed_in;
use crate::text::clean;

/// Longer ones are not taken (docs/limits.md).
const PASSWORD_BYTES_MAX: usize = 512;

/// How to sign in.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// Make the account.
    pub register: bool,
    pub setup_code: Option<String>,
}

/// Asks for what is missing, signs in, and keeps the session.
pub fn login(home: &Home, choice: &Choice, how: Login) -> Result<(), Failure> {
    let server = home.server(choice)?;
    if server.starts_with("http://") && !is_loopback(&server) {
        eprintln!("rill: {server} is not encrypted: whoever is on the way reads your password");
    }
    let api = Api::new(&server).map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
    let username = match &choice.user {
        Some(user) => user.clone(),
        None => ask_name(&server)?,
    };
    let password = ask_password()?;
    finish(async {
        let signed_in = if how.register {
            let register = Register {
                username,
                password,
                display_name: None,
                first_name: None,
                last_name: None,
                email: None,
                setup_code: how.setup_code,
                session: SessionKind::Token,
            };
            api.register(&register).await?
        } else {
            let sign_in = SignIn {
                login: username,
                password,
                session: SessionKind::Token,
            };
            api.sign_in(&sign_in).await?
        };
        let account = Account {
            server: server.clone(),
            username: signed_in.me.person.username,
        };
        let folder = home.remember(&account)?;
        let tokens = signed_in
            .tokens
            .ok_or_else(|| Failure::new(Kind::Refused, "the server gave no tokens"))?;
        Kept::at(folder.join("session.json")).write(&tokens)?;
        print_line(&format!("Signed in to {server} as {}", clean::line(&account.username)))?;
        Ok(())
    })
}

/// Prints every account that is signed in.
pub fn accounts(home: &Home) -> Result<(), Failure> {
    for account in home.accounts()? {
        print_line(&format!(
            "{}\t{}",
            clean::line(&account.server),
            clean::line(&account.username)
        ))?;
    }
    Ok(())
}

/// Ends the session and forgets the account; asks for `force` if something was not sent.
pub fn logout(home: &Home, choice: &Choice, force: bool) -> Result<(), Failure> {
    let account = home.account(choice)?;
    let outbox = home.folder(&account).join("outbox");
    let mut unsent = false;
    for entry in std::fs::read_dir(outbox)? {
        unsent |= entry?.metadata()?.len() > 0;
    }
    if unsent && !force {
        let says = "something that you wrote is not sent yet: open `rill chat`, or give it up with --force";
        return Err(Failure::new(Kind::Refused, says));
    }
    let api = signed_in(home, &account)?;
    finish(async {
        match api.sign_out().await.map_err(Failure::from) {
            Ok(()) => {}
            Err(failure) if failure.kind == Kind::NotSignedIn => {}
            Err(_) => eprintln!("rill: the server was not told; it ends the session by itself in 30 days"),
        }
        home.forget(&account)?;
        print_line(&format!("Signed out of {}", account.server))?;
        Ok(())
    })
}

fn is_loopback(server: &str) -> bool {
    let host = server
        .trim_start_matches("http://")
        .split(['/', ':'])
        .next()
        .unwrap_or_default();
    matches!(host, "localhost" | "127.0.0.1" | "[")
}

fn ask_name(server: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new(Kind::Usage, "who signs in? name the account with --user"));
    }
    eprint!("Name at {server}: ");
    io::stderr().flush()?;
    let mut name = String::new();
    io::stdin().lock().read_line(&mut name)?;
    Ok(name.trim().to_owned())
}

/// From a terminal without showing it; else the first line of the input.
fn ask_password() -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\n', '\r']).to_owned());
    }
    eprint!("Password: ");
    io::stderr().flush()?;
    enable_raw_mode()?;
    let typed = type_unseen();
    disable_raw_mode()?;
    eprintln!();
    typed?.ok_or_else(|| Failure::new(Kind::Failed, "given up"))
}

fn type_unseen() -> io::Result<Option<String>> {
    let mut typed = String::new();
    loop {
        match event::read()? {
            Event::Key(key) if key.kind == KeyEventKind::Release => {}
            Event::Key(key) => match key.code {
                KeyCode::Enter => return Ok(Some(typed)),
                KeyCode::Esc => return Ok(None),
                KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(None),
                KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => typed.clear(),
                KeyCode::Char(letter) if typed.len() < PASSWORD_BYTES_MAX => typed.push(letter),
                KeyCode::Backspace => drop(typed.pop()),
                _ => {}
            },
            Event::Paste(text) => typed.push_str(text.trim_end_matches(['\n', '\r'])),
            _ => {}
        }
    }
}
