//! Requests about rooms, who is in them, and how far one has read.

use protocol::rest::{ChangeMember, ChangeRoom, List, MarkRead, OpenDirect, OpenRoom, Recorded, Typing};
use protocol::shapes::{Entry, Member, MyPart, Room, RoomRole};
use reqwest::Method;
use uuid::Uuid;

use super::{Api, Result};

/// Pages that a list is followed for: 1,000 rooms and 5,000 members fit.
const PAGES_MAX: usize = 100;

impl Api {
    /// All of one's rooms.
    pub async fn rooms(&self) -> Result<Vec<Room>> {
        self.all_pages("rooms", PAGES_MAX).await
    }

    /// A page of public rooms whose name contains `query`.
    pub async fn browse(&self, query: &str) -> Result<List<Room>> {
        self.get("rooms/browse", &[("query", query)]).await
    }

    /// All public rooms.
    pub async fn browse_all(&self) -> Result<Vec<Room>> {
        self.all_pages("rooms/browse", PAGES_MAX).await
    }

    /// One room.
    pub async fn room(&self, room: Uuid) -> Result<Room> {
        self.get(&format!("rooms/{room}"), &[]).await
    }

    /// Opens a public or private room.
    pub async fn open_room(&self, open: &OpenRoom) -> Result<Room> {
        self.call(Method::POST, "rooms", Some(open)).await
    }

    /// The direct conversation or group with `people`, found or made.
    pub async fn direct(&self, people: &[Uuid]) -> Result<Room> {
        self.call(
            Method::POST,
            "directs",
            Some(&OpenDirect {
                people: people.to_vec(),
            }),
        )
        .await
    }

    /// Sets the given fields of a room.
    pub async fn change_room(&self, room: Uuid, changes: &ChangeRoom) -> Result<Recorded> {
        self.call(Method::PATCH, &format!("rooms/{room}"), Some(changes)).await
    }

    /// Deletes a room.
    pub async fn delete_room(&self, room: Uuid) -> Result<Recorded> {
        self.call(Method::DELETE, &format!("rooms/{room}"), None::<&()>).await
    }

    /// Joins a public room.
    pub async fn join(&self, room: Uuid) -> Result<Recorded> {
        self.room_verb(room, "join").await
    }

    /// Leaves a room.
    pub async fn leave(&self, room: Uuid) -> Result<Recorded> {
        self.room_verb(room, "leave").await
    }

    /// Makes a room read-only.
    pub async fn archive(&self, room: Uuid) -> Result<Recorded> {
        self.room_verb(room, "archive").await
    }

    /// Opens an archived room again.
    pub async fn unarchive(&self, room: Uuid) -> Result<Recorded> {
        self.room_verb(room, "unarchive").await
    }

    /// Everybody in a room.
    pub async fn members(&self, room: Uuid) -> Result<Vec<Member>> {
        self.all_pages(&format!("rooms/{room}/members"), PAGES_MAX).await
    }

    /// Brings somebody in.
    pub async fn invite(&self, room: Uuid, user: Uuid) -> Result<Recorded> {
        self.call(Method::PUT, &format!("rooms/{room}/members/{user}"), None::<&()>)
            .await
    }

    /// Removes somebody.
    pub async fn remove(&self, room: Uuid, user: Uuid) -> Result<Recorded> {
        self.call(Method::DELETE, &format!("rooms/{room}/members/{user}"), None::<&()>)
            .await
    }

    /// Gives somebody a role in the room.
    pub async fn change_member(&self, room: Uuid, user: Uuid, role: RoomRole) -> Result<Recorded> {
        self.call(
            Method::PATCH,
            &format!("rooms/{room}/members/{user}"),
            Some(&ChangeMember { role }),
        )
        .await
    }

    /// Has read up to `seq`.
    pub async fn mark_read(&self, room: Uuid, seq: u64) -> Result<MyPart> {
        self.call(Method::PUT, &format!("rooms/{room}/read"), Some(&MarkRead { seq }))
            .await
    }

    /// Is typing, or no longer.
    pub async fn typing(&self, room: Uuid, on: bool) -> Result<()> {
        self.call_quietly(Method::POST, &format!("rooms/{room}/typing"), Some(&Typing { on }))
            .await
    }

    /// A page of the raw log after `after`.
    pub async fn entries(&self, room: Uuid, after: u64, limit: u64) -> Result<List<Entry>> {
        let (after, limit) = (after.to_string(), limit.to_string());
        self.get(
            &format!("rooms/{room}/entries"),
            &[("after", &after), ("limit", &limit)],
        )
        .await
    }

    async fn room_verb(&self, room: Uuid, verb: &str) -> Result<Recorded> {
        self.call(Method::POST, &format!("rooms/{room}/{verb}"), None::<&()>)
            .await
    }
}
