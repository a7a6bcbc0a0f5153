//! The words of closed enums as every database stores them.

use chat::account::{LoginKind, Role};
use chat::relay::{DeliveryState, Rooms, Sink};
use chat::room::{History, RoomKind, RoomRole};

pub(crate) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Guest => "guest",
        Role::Bot => "bot",
        Role::User => "user",
        Role::Admin => "admin",
        Role::SuperAdmin => "super_admin",
    }
}

pub(crate) fn role(word: &str) -> Option<Role> {
    let all = [Role::Guest, Role::Bot, Role::User, Role::Admin, Role::SuperAdmin];
    find(&all, role_word, word)
}

pub(crate) fn kind_word(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Public => "public",
        RoomKind::Private => "private",
        RoomKind::Direct => "direct",
        RoomKind::Group => "group",
    }
}

pub(crate) fn kind(word: &str) -> Option<RoomKind> {
    let all = [RoomKind::Public, RoomKind::Private, RoomKind::Direct, RoomKind::Group];
    find(&all, kind_word, word)
}

pub(crate) fn history_word(history: History) -> &'static str {
    match history {
        History::All => "all",
        History::Joined => "joined",
    }
}

pub(crate) fn history(word: &str) -> Option<History> {
    find(&[History::All, History::Joined], history_word, word)
}

pub(crate) fn room_role_word(role: RoomRole) -> &'static str {
    match role {
        RoomRole::Member => "member",
        RoomRole::Moderator => "moderator",
        RoomRole::Owner => "owner",
    }
}

pub(crate) fn room_role(word: &str) -> Option<RoomRole> {
    let all = [RoomRole::Member, RoomRole::Moderator, RoomRole::Owner];
    find(&all, room_role_word, word)
}

pub(crate) fn login_kind_word(kind: LoginKind) -> &'static str {
    match kind {
        LoginKind::Cookie => "cookie",
        LoginKind::Token => "token",
        LoginKind::Hook => "hook",
    }
}

pub(crate) fn login_kind(word: &str) -> Option<LoginKind> {
    let all = [LoginKind::Cookie, LoginKind::Token, LoginKind::Hook];
    find(&all, login_kind_word, word)
}

pub(crate) fn sink_word(sink: Sink) -> &'static str {
    match sink {
        Sink::RabbitMq => "rabbitmq",
        Sink::Webhooks => "webhooks",
    }
}

pub(crate) fn sink(word: &str) -> Option<Sink> {
    find(&[Sink::RabbitMq, Sink::Webhooks], sink_word, word)
}

pub(crate) fn rooms_word(rooms: Rooms) -> &'static str {
    match rooms {
        Rooms::Public => "public",
        Rooms::All => "all",
    }
}

pub(crate) fn rooms(word: &str) -> Option<Rooms> {
    find(&[Rooms::Public, Rooms::All], rooms_word, word)
}

pub(crate) fn delivery_state_word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => "waiting",
        DeliveryState::Delivered => "delivered",
        DeliveryState::GivenUp => "given_up",
    }
}

pub(crate) fn delivery_state(word: &str) -> Option<DeliveryState> {
    let all = [DeliveryState::Waiting, DeliveryState::Delivered, DeliveryState::GivenUp];
    find(&all, delivery_state_word, word)
}

fn find<T: Copy>(all: &[T], name: fn(T) -> &'static str, word: &str) -> Option<T> {
    all.iter().copied().find(|one| name(*one) == word)
}
