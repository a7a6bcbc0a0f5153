//! What is said over REST: requests and answers under `/api/v1` that are not shapes of their own.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::shapes::{Account, History, Location, Message, Role, RoomKind, RoomRole, Status};

/// `GET /server`: what a client wants to know before anybody signs in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServerInfo {
    pub name: String,
    pub version: String,
    pub protocol: String,
    pub feature_level: u32,
    pub epoch: String,
    pub registration_open: bool,
    /// There is no account yet: the next one becomes the owner.
    pub first_account: bool,
    /// That first account needs the setup code printed at start.
    pub setup_code_needed: bool,
}

/// How a new session wants to prove itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// A `Set-Cookie`; for browsers.
    Cookie,
    /// An access token and a refresh token in the answer; for programs.
    Token,
}

/// `POST /accounts`: register, and be signed in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// 2 to 32 of a–z, 0–9, `.`, `_`, `-`.
    pub username: String,
    /// 8 to 128 characters.
    pub password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_code: Option<String>,
    pub session: SessionKind,
}

/// `POST /sessions`: sign in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// User name or e-mail address.
    pub login: String,
    pub password: String,
    pub session: SessionKind,
}

/// The answer to registering and signing in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignedIn {
    pub me: Account,
    pub session: Uuid,
    /// Only for `session: "token"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
}

/// A pair of tokens; using the refresh token makes it worthless and yields the next pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds.
    pub expires_in: u64,
    pub refresh_token: String,
}

/// `POST /sessions/refresh`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    pub refresh_token: String,
}

/// One of the asker's sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    pub id: Uuid,
    pub kind: SessionKind,
    pub label: String,
    pub address: String,
    pub created_at: String,
    pub seen_at: String,
    pub expires_at: String,
    /// The one that asks.
    pub current: bool,
}

/// `POST /ws-ticket`: for opening one socket within 30 s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    pub ticket: String,
    /// Seconds.
    pub expires_in: u64,
}

/// `PUT /me/presence`: what the event streams of the session say of its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// `online` or `away`; who closes the stream is offline.
    pub status: Status,
}

/// `PATCH /me`: only the fields to set; an empty text empties a field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProfile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// `PUT /me/password`: ends all other sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    pub current: String,
    pub new: String,
}

/// `PUT /users/{id}/role`; needs the asker's own password again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRole {
    pub role: Role,
    pub password: String,
}

/// `POST /rooms`: a public or private room with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenRoom {
    /// `public` or `private`; for the others see `POST /directs`.
    pub kind: RoomKind,
    pub name: String,
    #[serde(default)]
    pub topic: String,
    #[serde(default)]
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// Who is in it from the start, besides the asker.
    #[serde(default)]
    pub members: Vec<Uuid>,
}

/// `POST /directs`: the direct conversation with one person, or the group of several; found or made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenDirect {
    /// The others: one for a direct conversation, up to nine for a group.
    pub people: Vec<Uuid>,
}

/// `PATCH /rooms/{room}`: only the fields to set. `If-Match` with the room's ETag guards against overwriting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRoom {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
}

/// `PATCH /rooms/{room}/members/{user}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMember {
    pub role: RoomRole,
}

/// `POST /rooms/{room}/messages`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostMessage {
    pub text: String,
    /// Makes the send repeatable; the header `Idempotency-Key` does the same if this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// `PATCH /rooms/{room}/messages/{message}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMessage {
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// The answer to everything that makes an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recorded {
    /// Absent if the room was already as asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The entry's id; for a post, the message's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
}

/// `PUT /rooms/{room}/read`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRead {
    pub seq: u64,
}

/// `POST /rooms/{room}/typing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Typing {
    pub on: bool,
}

/// A list with a cursor: ask again with `cursor` until `has_more` is false. The `Link` header says the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    pub has_more: bool,
}

/// A part of a room's messages, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MessagePage {
    pub items: Vec<Message>,
    pub has_before: bool,
    pub has_after: bool,
    /// The room's newest seq when this was read: entries up to it are already in these messages.
    pub head: u64,
}

/// A webhook of a room: a secret address by which programs post there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hook {
    /// Of the bot that posts.
    pub id: Uuid,
    pub name: String,
    pub created_at: String,
    /// When something was posted by it last, give or take a minute; `created_at` before that.
    pub used_at: String,
    /// The address, `/hooks/…` on this server; told once, when the webhook is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// `POST /rooms/{room}/hooks`: make a webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenHook {
    /// What posts are signed with.
    pub name: String,
}

/// An endpoint of another service that is told of what happens in public rooms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    pub id: Uuid,
    pub url: String,
    /// Whether anything is sent to it.
    pub enabled: bool,
    /// Why not, if nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_why: Option<String>,
    /// Since when every try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<String>,
    pub created_at: String,
    /// The key of its signatures, `whsec_…`; told once, when it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `POST /webhooks`: add an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddWebhook {
    /// `https`, on a public address, at most 2,048 bytes.
    pub url: String,
}

/// `PATCH /webhooks/{webhook}`: send to it, or nothing any more; then what waits is given up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWebhook {
    pub enabled: bool,
}

/// What becomes of a delivery, or became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Waiting,
    Delivered,
    GivenUp,
}

/// One event for one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// The event's id, which the endpoint got as `webhook-id`.
    pub event: Uuid,
    pub room: Uuid,
    pub seq: u64,
    pub state: DeliveryState,
    pub tries: u32,
    /// Since when it is tried.
    pub since: String,
    /// When it is tried next, or ended.
    pub at: String,
    /// How the last try ended: a status, or why there was none.
    pub result: String,
}

/// `POST /webhooks/{webhook}/replay`: what to tell again; one of `event`, `since` and `given_up`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Uuid>,
    /// Whatever happened from this time on (RFC 3339) …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// … and before this one; until now if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whatever was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<bool>,
}

/// How many events are told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    pub events: u64,
}
