//! Accounts: people, bots and guests, and the logins they act through.

pub mod ban;
pub mod guest;
mod local;
pub mod password;
pub mod platform;
pub mod profile;
pub mod register;
pub mod role;
pub mod session;
pub mod sign_in;
pub mod token;

use serde::{Deserialize, Serialize};

use crate::ids::{SessionId, Timestamp, UserId};

/// What an account may do on the server as a whole; ordered, the greater may more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Guest,
    Bot,
    User,
    Admin,
    SuperAdmin,
}

/// The part of an account that others see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: UserId,
    /// Lower-case ASCII letters, digits, `.`, `_`, `-`; unique.
    pub username: String,
    pub display_name: String,
    pub role: Role,
    /// The id of the picture (see `Avatar`).
    pub avatar: Option<String>,
}

/// A whole account, as its owner and administrators see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub person: Person,
    pub first_name: String,
    pub last_name: String,
    pub email: Option<String>,
    pub phone: String,
    /// An IANA name such as `Europe/Berlin`, or empty.
    pub time_zone: String,
    /// A BCP 47 tag such as `de`, or empty.
    pub language: String,
    pub created_at: Timestamp,
    pub banned_at: Option<Timestamp>,
    /// Counts changes; the ETag of the profile.
    pub revision: u64,
}

/// An account to be made; checked by `register`.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    /// PHC string of argon2id.
    pub password: String,
    /// What it becomes, unless it is the first.
    pub role: Role,
    /// Whether being the first makes it the owner (`super_admin`).
    pub may_own: bool,
    pub profile: ProfileChanges,
    pub created_at: Timestamp,
}

/// Fields to set; `None` leaves a field as it is, an empty text empties it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileChanges {
    pub display_name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub time_zone: Option<String>,
    pub language: Option<String>,
}

/// A profile picture, stored as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Avatar {
    /// The hash of the bytes, hexadecimal: what `Person::avatar` names.
    pub id: String,
    /// `image/png`, `image/jpeg`, `image/gif` or `image/webp`, by content.
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// How a login proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginKind {
    /// A cookie that names the session; for browsers.
    Cookie,
    /// Short access tokens (JWT) and a rotating refresh token; for programs.
    Token,
    /// The secret of a room's hook, which may post there and nothing else (`room::hooks`); its label is the room.
    Hook,
}

/// A signed-in session. Secrets are SHA-256 hashes.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    pub id: SessionId,
    pub user: UserId,
    pub kind: LoginKind,
    /// Of the cookie's secret, or of the current refresh token.
    pub secret_hash: Vec<u8>,
    /// What the client calls itself (`User-Agent`), shortened.
    pub label: String,
    pub address: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Who is asking: proven by a login, never by a field of the request.
#[derive(Clone, Debug, PartialEq)]
pub struct Actor {
    pub person: Person,
    pub session: SessionId,
    /// When the login ends by itself.
    pub expires_at: Timestamp,
}

impl Actor {
    /// The account's id.
    pub fn id(&self) -> UserId {
        self.person.id
    }

    /// Whether it acts by something else than a login: from inside the process, as a guest, by a platform's token.
    pub fn has_no_login(&self) -> bool {
        self.session.0.is_nil()
    }

    /// Whether the role is at least `admin`.
    pub fn is_admin(&self) -> bool {
        self.person.role >= Role::Admin
    }
}

/// Where a request comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Peer {
    pub address: std::net::IpAddr,
    /// What the client calls itself (`User-Agent`); shortened before it is kept.
    pub label: String,
}
