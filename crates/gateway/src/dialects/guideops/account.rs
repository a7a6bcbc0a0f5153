//! Registering, signing in and out, and one's own profile, as GuideOps and the tutorial chat know them.

use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use chat::account::register::Registration;
use chat::account::sign_in::Credentials;
use chat::account::{Account, Actor, LoginKind, Peer, ProfileChanges, Role};
use chat::error::Error;
use chat::limits::COOKIE_SECONDS;
use http::header;
use serde_json::{Map, Value, json};

use super::session::{self, asker};
use super::shapes;
use crate::dialects::plain;
use crate::refusal::Refusal;
use crate::{State, address};

/// Names that are tried for an account whose first choice is taken.
const NAMES_TRIED_MAX: u32 = 20;
const NAME_CHARS_MAX: usize = 24;

/// `POST /register`.
pub(super) async fn register(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let registered = async {
        session::guard_page(&gateway.settings, &parts)?;
        let wanted = plain::object(body).await?;
        let peer = address::peer(&parts);
        let account = make(&gateway, &wanted, &peer).await?;
        let mut shape = shapes::account(&account);
        shape["username"] = json!(account.email);
        shape["message"] = json!(if account.person.role == Role::SuperAdmin {
            "Account created successfully! You are the account owner."
        } else {
            "User created successfully"
        });
        signed_in(&gateway, &account, &peer, 201, shape).await
    };
    match registered.await {
        Ok(response) => response,
        Err(Refusal::Chat(Error::Taken { .. })) => {
            plain::answer(409, json!({"error": "User with this email already exists"}))
        }
        Err(refusal) => plain::refused_simply(&refusal),
    }
}

/// Makes the account; people sign in by their address, and have a short name made of their own one.
async fn make(gateway: &State, wanted: &Map<String, Value>, peer: &Peer) -> Result<Account, Refusal> {
    let field = |name: &str| {
        wanted
            .get(name)
            .and_then(Value::as_str)
            .map(str::trim)
            .unwrap_or_default()
    };
    for name in ["name", "email", "password"] {
        if field(name).is_empty() {
            return Err(Refusal::Malformed(format!("{name} is required")));
        }
    }
    let (first, last) = shapes::split(field("name"));
    let base = short_name(field("name"));
    for number in 1..=NAMES_TRIED_MAX {
        let registration = Registration {
            username: if number == 1 {
                base.clone()
            } else {
                format!("{base}{number}")
            },
            password: wanted
                .get("password")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            profile: ProfileChanges {
                display_name: Some(field("name").to_owned()),
                first_name: Some(first.to_owned()),
                last_name: Some(last.to_owned()),
                email: Some(field("email").to_owned()),
                phone: Some(field("phone").to_owned()),
                ..ProfileChanges::default()
            },
            setup_code: wanted.get("setup_code").and_then(Value::as_str).map(str::to_owned),
        };
        match gateway.chat.register(registration, peer).await {
            Err(Error::Taken { what: "user name" }) => {}
            Err(Error::Invalid { field: "username", .. }) if number == 1 => {}
            Err(Error::Invalid { field, problem }) => {
                let (first, rest) = field.split_at(1);
                return Err(Refusal::Malformed(format!("{}{rest} {problem}", first.to_uppercase())));
            }
            other => return Ok(other?),
        }
    }
    Err(Error::Taken { what: "user name" }.into())
}

/// Letters and digits of the name, small.
fn short_name(name: &str) -> String {
    let letters = name.to_lowercase();
    let letters = letters.chars().map(|letter| if letter == ' ' { '.' } else { letter });
    let plain: String = letters
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'))
        .take(NAME_CHARS_MAX)
        .collect();
    let plain = plain.trim_matches(['.', '-', '_']);
    if plain.len() < 2 {
        "someone".to_owned()
    } else {
        plain.to_owned()
    }
}

/// `POST /login`, by user name or by e-mail address.
pub(super) async fn login(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let entered = async {
        session::guard_page(&gateway.settings, &parts)?;
        let wanted = plain::object(body).await?;
        let field = |name: &str| wanted.get(name).and_then(Value::as_str).unwrap_or_default();
        let peer = address::peer(&parts);
        let account = gateway
            .chat
            .sign_in(field("username"), field("password"), &peer)
            .await?;
        let mut shape = shapes::account(&account);
        shape["username"] = json!(account.person.display_name);
        signed_in(&gateway, &account, &peer, 200, shape).await
    };
    match entered.await {
        Ok(response) => response,
        Err(Refusal::Chat(Error::WrongCredentials)) => plain::answer(
            401,
            json!({"error": "Invalid credentials", "message": "Invalid username or password"}),
        ),
        Err(refusal) => plain::refused_simply(&refusal),
    }
}

async fn signed_in(
    gateway: &State,
    account: &Account,
    peer: &Peer,
    status: u16,
    shape: Value,
) -> Result<Response, Refusal> {
    match gateway.chat.open_session(account, LoginKind::Cookie, peer).await? {
        Credentials::Cookie { secret, .. } => {
            let cookie = session::set_cookie(&gateway.settings, &secret, COOKIE_SECONDS);
            Ok(([(header::SET_COOKIE, cookie)], plain::answer(status, shape)).into_response())
        }
        Credentials::Tokens(_) => Err(Error::Internal.into()),
    }
}

/// `POST /logout`.
pub(super) async fn logout(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let left = async {
        if let Some(actor) = asker(&gateway, &parts).await? {
            gateway.chat.sign_out(&actor).await?;
        }
        Ok::<_, Refusal>(())
    };
    match left.await {
        Ok(()) => {
            let gone = session::set_cookie(&gateway.settings, "", 0);
            let said = plain::answer(200, json!({"message": "Logged out"}));
            ([(header::SET_COOKIE, gone)], said).into_response()
        }
        Err(refusal) => plain::refused(&refusal),
    }
}

/// `GET /me`.
pub(super) async fn me(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let shown = async {
        let actor = signed(&gateway, &parts).await?;
        let account = gateway.chat.account(&actor).await?;
        let mut shape = shapes::account(&account);
        shape["username"] = json!(account.person.display_name);
        Ok::<_, Refusal>(shape)
    };
    answered(shown.await)
}

/// `GET /profile`.
pub(super) async fn profile(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let shown = async {
        let actor = signed(&gateway, &parts).await?;
        let account = gateway.chat.account(&actor).await?;
        let mut shape = shapes::account(&account);
        shape["username"] = json!(account.email.as_deref().unwrap_or(&account.person.username));
        shape["last_seen"] = json!(shapes::seconds_text(gateway.chat.time()));
        Ok::<_, Refusal>(shape)
    };
    answered(shown.await)
}

/// `PUT /profile`: first and last name; pictures are set by the native API, which takes their bytes.
pub(super) async fn change_profile(Shared(gateway): Shared<State>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let changed = async {
        let actor = signed(&gateway, &parts).await?;
        let wanted = plain::object(body).await?;
        let account = change_names(&gateway, &actor, &wanted).await?;
        let updates = json!({
            "first_name": account.first_name,
            "last_name": account.last_name,
            "last_seen": shapes::seconds_text(gateway.chat.time()),
        });
        Ok::<_, Refusal>(json!({"message": "Profile updated successfully", "updates": updates}))
    };
    answered(changed.await)
}

/// One's first and last name, where they are given, and the name shown made of both.
pub(super) async fn change_names(
    gateway: &State,
    actor: &Actor,
    wanted: &Map<String, Value>,
) -> Result<Account, Refusal> {
    let field = |name: &str| wanted.get(name).and_then(Value::as_str).map(str::to_owned);
    let before = gateway.chat.account(actor).await?;
    let first = field("first_name").unwrap_or(before.first_name);
    let last = field("last_name").unwrap_or(before.last_name);
    let changes = ProfileChanges {
        display_name: Some(format!("{first} {last}").trim().to_owned()),
        first_name: Some(first),
        last_name: Some(last),
        ..ProfileChanges::default()
    };
    Ok(gateway.chat.change_profile(actor, changes, None).await?)
}

/// Whoever is signed in.
pub(super) async fn signed(gateway: &State, parts: &http::request::Parts) -> Result<Actor, Refusal> {
    Ok(asker(gateway, parts).await?.ok_or(Error::NotSignedIn)?)
}

/// An answer of this door; that nobody is signed in has the original's words.
pub(super) fn answered(outcome: Result<Value, Refusal>) -> Response {
    match outcome {
        Ok(shape) => plain::answer(200, shape),
        Err(refusal) => refused(&refusal),
    }
}

pub(super) fn refused(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::Chat(Error::NotSignedIn) => plain::answer(401, json!({"error": "Not logged in"})),
        other => plain::refused_simply(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_made_of_what_a_user_name_may_hold() {
        for (name, short) in [
            ("Ben Johns Jr", "ben.johns.jr"),
            ("  Ada  ", "ada"),
            ("Ä", "someone"),
            ("Müller", "mller"),
            ("-x-", "someone"),
            (&"long ".repeat(20), "long.long.long.long.long"),
        ] {
            assert_eq!(short_name(name), short, "{name}");
        }
    }
}
