//! Profiles: what people say about themselves, their pictures, and finding others.

use ring::digest::{SHA256, digest};

use super::{Account, Actor, Avatar, Person, ProfileChanges, password};
use crate::Chat;
use crate::error::{Error, Result};
use crate::event::{Signal, Status};
use crate::ids::{RoomId, UserId};
use crate::limits::{AVATAR_BYTES_MAX, PAGE_MAX, PROFILE_FIELD_CHARS_MAX, QUERY_CHARS_MAX};
use crate::rates::Action;
use crate::text;

impl Chat {
    /// The actor's own account.
    pub async fn account(&self, actor: &Actor) -> Result<Account> {
        let account = self.ports.store.account(actor.id()).await?;
        account.ok_or(Error::NotSignedIn)
    }

    /// Sets some fields; `Stale` if the account is not at `revision` any more. Who shares a room hears of a new name.
    pub async fn change_profile(
        &self,
        actor: &Actor,
        changes: ProfileChanges,
        revision: Option<u64>,
    ) -> Result<Account> {
        let mut changes = checked(changes)?;
        if changes.display_name.as_deref() == Some("") {
            changes.display_name = Some(actor.person.username.clone());
        }
        let account = self.ports.store.change_profile(actor.id(), changes, revision).await?;
        self.tell_profile(actor, &account).await?;
        Ok(account)
    }

    /// Sets another password, for which the current one is needed; all other sessions end.
    pub async fn change_password(&self, actor: &Actor, current: &str, new: &str) -> Result<()> {
        self.confirm_password(actor, current).await?;
        password::check(new, &actor.person.username)?;
        let phc = self.passwords.hash(new).await?;
        self.ports.store.set_password(actor.id(), &phc).await?;
        self.end_sessions_of(actor.id(), Some(actor.session)).await
    }

    /// Sets the actor's picture (PNG, JPEG, GIF or WebP, by content), or takes it away.
    pub async fn set_avatar(&self, actor: &Actor, bytes: Option<Vec<u8>>) -> Result<Account> {
        let avatar = bytes.map(picture).transpose()?;
        let account = self.ports.store.set_avatar(actor.id(), avatar).await?;
        self.tell_profile(actor, &account).await?;
        Ok(account)
    }

    /// A picture by its id.
    pub async fn avatar(&self, id: &str) -> Result<Avatar> {
        const UNKNOWN: Error = Error::NotFound { what: "picture" };
        if id.len() != AVATAR_ID_CHARS || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(UNKNOWN);
        }
        self.ports.store.avatar(id).await?.ok_or(UNKNOWN)
    }

    /// The whole account of somebody, for administrators.
    pub async fn account_of(&self, actor: &Actor, user: UserId) -> Result<Account> {
        if !actor.is_admin() {
            return Err(Error::Forbidden {
                what: "see the accounts of others; ask an administrator",
            });
        }
        let account = self.ports.store.account(user).await?;
        account.ok_or(Error::NotFound { what: "user" })
    }

    /// Somebody.
    pub async fn person(&self, _actor: &Actor, user: UserId) -> Result<Person> {
        let account = self.ports.store.account(user).await?;
        Ok(account.ok_or(Error::NotFound { what: "user" })?.person)
    }

    /// Whoever has the smallest id that is not below `first`.
    pub async fn person_from(&self, first: UserId) -> Result<Option<Person>> {
        self.ports.store.person_from(first).await
    }

    /// Whether they are here, in the order asked.
    pub async fn statuses(&self, users: &[UserId]) -> Result<Vec<Status>> {
        self.ports.presence.of(users).await
    }

    /// People whose user name or display name contains `query`, by user name, after the one named `after`.
    pub async fn people(&self, _actor: &Actor, query: &str, after: Option<&str>, limit: usize) -> Result<Vec<Person>> {
        let query = text::line(query, "query", QUERY_CHARS_MAX)?;
        let limit = limit.clamp(1, PAGE_MAX + 1);
        self.ports.store.find_people(&query, after, limit).await
    }

    /// For what should not be done by whoever finds an open session; limited, like signing in.
    pub(super) async fn confirm_password(&self, actor: &Actor, password: &str) -> Result<()> {
        self.rates.admit(Action::SignInAccount, actor.id())?;
        let phc = self.ports.store.password_of(actor.id()).await?;
        if self.passwords.verify(password, phc.as_deref()).await? {
            Ok(())
        } else {
            Err(Error::PasswordNeeded)
        }
    }

    async fn tell_profile(&self, actor: &Actor, account: &Account) -> Result<()> {
        if account.person != actor.person {
            let rooms = self.room_ids_of(actor.id()).await?;
            let person = account.person.clone();
            self.ports.bus.publish_signal(Signal::Profile { person, rooms }).await;
        }
        Ok(())
    }

    /// Where somebody can be met.
    pub(crate) async fn room_ids_of(&self, user: UserId) -> Result<Vec<RoomId>> {
        let rooms = self.ports.store.rooms_of(user, None).await?;
        Ok(rooms.into_iter().map(|mine| mine.room.id).collect())
    }
}

/// The fields in the form in which they are kept.
pub(super) fn checked(changes: ProfileChanges) -> Result<ProfileChanges> {
    let line = |raw: Option<String>, field| {
        raw.map(|raw| text::line(&raw, field, PROFILE_FIELD_CHARS_MAX))
            .transpose()
    };
    let shaped = |raw: Option<String>, field, fits: fn(&str) -> bool, problem: &'static str| {
        let value = line(raw, field)?;
        match value {
            Some(value) if !value.is_empty() && !fits(&value) => Err(Error::invalid(field, problem)),
            Some(_) | None => Ok(value),
        }
    };
    Ok(ProfileChanges {
        display_name: line(changes.display_name, "display_name")?,
        first_name: line(changes.first_name, "first_name")?,
        last_name: line(changes.last_name, "last_name")?,
        email: shaped(changes.email, "email", is_email, "must be an e-mail address")?,
        phone: shaped(changes.phone, "phone", is_phone, "must be a phone number")?,
        time_zone: shaped(
            changes.time_zone,
            "time_zone",
            is_time_zone,
            "must be the name of a time zone, such as Europe/Berlin",
        )?,
        language: shaped(
            changes.language,
            "language",
            is_language,
            "must be a language tag, such as de or pt-BR",
        )?,
    })
}

/// Something, `@`, something: whether mail arrives, only mail can tell.
fn is_email(value: &str) -> bool {
    let sides = value.split_once('@');
    let clean = !value.contains(char::is_whitespace);
    clean && sides.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

fn is_phone(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let fits = |letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-' | '(' | ')' | ' ' | '.' | '/');
    (3..=20).contains(&digits) && value.chars().all(fits)
}

/// The shape of IANA names: `Area/City`, `Area/Country/City`, or a short one such as `UTC`.
fn is_time_zone(value: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-'))
    };
    value.len() <= 64 && value.split('/').count() <= 3 && value.split('/').all(part)
}

/// The shape of BCP 47: subtags of 1 to 8 letters and digits; the first of letters.
fn is_language(value: &str) -> bool {
    let mut subtags = value.split('-');
    let first = subtags.next().unwrap_or_default();
    (2..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

const AVATAR_ID_CHARS: usize = 32;

fn picture(bytes: Vec<u8>) -> Result<Avatar> {
    if bytes.len() > AVATAR_BYTES_MAX {
        let problem = format!("must be at most {} KiB", AVATAR_BYTES_MAX / 1024);
        return Err(Error::invalid("avatar", problem));
    }
    let media_type =
        media_type(&bytes).ok_or_else(|| Error::invalid("avatar", "must be a PNG, JPEG, GIF or WebP picture"))?;
    let hash = digest(&SHA256, &bytes);
    let mut id: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    id.truncate(AVATAR_ID_CHARS);
    Ok(Avatar {
        id,
        media_type: media_type.to_owned(),
        bytes,
    })
}

/// The type of a picture by its first bytes; what it is called does not count.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_checked_by_their_shape() {
        type Check = (fn(&str) -> bool, &'static [&'static str], &'static [&'static str]);
        let checks: [Check; 4] = [
            (
                is_email,
                &["a@b", "ada@example.org", "ä@ö.de"],
                &["ada", "@b", "a@", "a@b@c", "a b@c"],
            ),
            (
                is_phone,
                &["110", "+49 (30) 1234-567", "030/123.4"],
                &["12", "call me", "+49 x", "１２３"],
            ),
            (
                is_time_zone,
                &["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+3"],
                &[
                    "Europe/",
                    "/Berlin",
                    "../../etc/passwd",
                    "a/b/c/d",
                    "Euro pe/Berlin",
                    "1/2",
                ],
            ),
            (
                is_language,
                &["de", "pt-BR", "zh-Hant-TW", "de-1996"],
                &["d", "1e", "de_DE", "de-", "abcdefghi"],
            ),
        ];
        for (fits, good, bad) in checks {
            assert!(good.iter().all(|value| fits(value)), "{good:?}");
            assert!(!bad.iter().any(|value| fits(value)), "{bad:?}");
        }
    }

    #[test]
    fn an_empty_text_empties_a_field_and_none_leaves_it() {
        let changes = ProfileChanges {
            email: Some(String::new()),
            phone: Some("  ".to_owned()),
            ..ProfileChanges::default()
        };
        let checked = checked(changes).unwrap();
        assert_eq!(
            (checked.email.as_deref(), checked.phone.as_deref()),
            (Some(""), Some(""))
        );
        assert_eq!(checked.first_name, None);
    }

    #[test]
    fn a_field_has_a_limit() {
        let changes = ProfileChanges {
            last_name: Some("x".repeat(PROFILE_FIELD_CHARS_MAX + 1)),
            ..ProfileChanges::default()
        };
        assert!(matches!(
            checked(changes),
            Err(Error::Invalid { field: "last_name", .. })
        ));
    }

    #[test]
    fn a_picture_is_known_by_its_content() {
        for (bytes, media_type) in [
            (b"\x89PNG\r\n\x1a\n..".as_slice(), "image/png"),
            (b"\xff\xd8\xff\xe0..", "image/jpeg"),
            (b"GIF89a..", "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ] {
            let avatar = picture(bytes.to_vec()).unwrap();
            assert_eq!(avatar.media_type, media_type);
            assert_eq!(avatar.id.len(), AVATAR_ID_CHARS);
        }
        for bytes in [
            b"".as_slice(),
            b"<svg/>",
            b"<html>",
            b"%PDF-1.4",
            b"RIFF\0\0\0\0WAVE",
            b"GIF88a",
        ] {
            assert!(picture(bytes.to_vec()).is_err(), "{bytes:?}");
        }
        let large = [b"GIF89a".as_slice(), &vec![0; AVATAR_BYTES_MAX]].concat();
        assert!(picture(large).is_err());
    }
}
