//! Who is asking at a door: whoever proves it by a token or a cookie, else, where guests are permitted, whoever the
//! request says. Nobody speaks for somebody else.

use chat::account::Actor;
use chat::error::Error;
use chat::rates::Action;
use http::request::Parts;

use crate::origin::{self, Origin};
use crate::refusal::Refusal;
use crate::{State, actor, address};

/// The one who asks; `name` is what the request calls them, where it does.
pub async fn caller(gateway: &State, parts: &Parts, name: Option<&str>) -> Result<Actor, Refusal> {
    if let Some(actor) = actor::identify(gateway, parts).await? {
        gateway.chat.rates().admit(Action::RequestUser, actor.id())?;
        return match name {
            Some(name) if !is_called(&actor, name) => Err(SOMEBODY_ELSE.into()),
            Some(_) | None => Ok(actor),
        };
    }
    guest(gateway, parts, name).await
}

/// The guest of this name, or the visitor, where guests are permitted.
pub async fn guest(gateway: &State, parts: &Parts, name: Option<&str>) -> Result<Actor, Refusal> {
    refuse_foreign_pages(gateway, parts)?;
    let peer = address::peer(parts);
    Ok(match name {
        Some(name) => gateway.chat.guest(name, &peer).await?,
        None => gateway.chat.visitor(&peer).await?,
    })
}

/// A page that somebody happens to look at must not write to a server that only their own machine can reach.
pub fn refuse_foreign_pages(gateway: &State, parts: &Parts) -> Result<(), Refusal> {
    let is_foreign = origin::of(&gateway.settings, parts) == Origin::Foreign;
    if !is_foreign || super::is_for_every_page(parts.uri.path()) {
        return Ok(());
    }
    Err(Refusal::OriginRefused(
        "Pages of this origin may not come in here; an operator can permit it with the setting `origins`".to_owned(),
    ))
}

/// Whether the name stands for the person: their user name, or their id.
pub fn is_called(actor: &Actor, name: &str) -> bool {
    let name = name.trim();
    actor.person.plain_name() == name
        || actor.person.username.eq_ignore_ascii_case(name)
        || name.parse() == Ok(actor.id().0)
}

const SOMEBODY_ELSE: Error = Error::Forbidden {
    what: "speak for somebody else; leave the name out, or use your own",
};
