//! Who may do what on the server as a whole: pure questions about roles, asked by the rules and the use cases.
//!
//! What somebody may do inside a room is in `rules`.

use crate::account::Role;
use crate::room::{NewRoom, RoomKind};

/// Whether the role may open the room. Guests open nothing but conversations about something, which a door opens for
/// them and which nobody else is in.
pub fn may_open(role: Role, room: &NewRoom) -> bool {
    let is_about_something = room.kind == RoomKind::Private && room.direct_key.is_some();
    role != Role::Guest || is_about_something
}

/// Whether the role may change and moderate rooms of this kind without being their owner.
/// Administrators look after public rooms; everybody else's rooms stay unknown to them.
pub fn administers(role: Role, kind: RoomKind) -> bool {
    role >= Role::Admin && kind == RoomKind::Public
}

/// Whether an account of role `actor` may ban or unban one of role `subject`.
pub fn may_ban(actor: Role, subject: Role) -> bool {
    actor >= Role::Admin && actor > subject
}

/// Whether the role may give roles to others.
pub fn may_give_roles(role: Role) -> bool {
    role == Role::SuperAdmin
}

/// Whether the role can be given to an account: guests come in by another way and have no account to promote.
pub fn can_be_given(role: Role) -> bool {
    role != Role::Guest
}

/// Whether the role looks after the webhooks that hear of public rooms.
pub fn may_keep_webhooks(role: Role) -> bool {
    role >= Role::Admin
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::History;

    const ROLES: [Role; 5] = [Role::Guest, Role::Bot, Role::User, Role::Admin, Role::SuperAdmin];

    #[test]
    fn only_administrators_ban_and_only_downwards() {
        for actor in ROLES {
            for subject in ROLES {
                let expected = match actor {
                    Role::Guest | Role::Bot | Role::User => false,
                    Role::Admin => matches!(subject, Role::Guest | Role::Bot | Role::User),
                    Role::SuperAdmin => subject != Role::SuperAdmin,
                };
                assert_eq!(may_ban(actor, subject), expected, "{actor:?} {subject:?}");
            }
        }
    }

    #[test]
    fn only_the_server_s_owner_gives_roles() {
        let allowed: Vec<Role> = ROLES.into_iter().filter(|r| may_give_roles(*r)).collect();
        assert_eq!(allowed, [Role::SuperAdmin]);
    }

    #[test]
    fn only_administrators_look_after_webhooks() {
        let allowed: Vec<Role> = ROLES.into_iter().filter(|r| may_keep_webhooks(*r)).collect();
        assert_eq!(allowed, [Role::Admin, Role::SuperAdmin]);
    }

    #[test]
    fn administrators_look_after_public_rooms_only() {
        for role in ROLES {
            assert_eq!(administers(role, RoomKind::Public), role >= Role::Admin);
            for kind in [RoomKind::Private, RoomKind::Direct, RoomKind::Group] {
                assert!(!administers(role, kind), "{role:?} {kind:?}");
            }
        }
    }

    #[test]
    fn guests_open_nothing_but_conversations_about_something() {
        for kind in [RoomKind::Public, RoomKind::Private, RoomKind::Direct, RoomKind::Group] {
            for direct_key in [None, Some("about 63".to_owned())] {
                let guests_may = kind == RoomKind::Private && direct_key.is_some();
                let room = NewRoom {
                    kind,
                    name: "Item 63".into(),
                    topic: String::new(),
                    description: String::new(),
                    history: History::All,
                    protected: false,
                    direct_key,
                };
                for role in ROLES {
                    assert_eq!(
                        may_open(role, &room),
                        role != Role::Guest || guests_may,
                        "{role:?} {kind:?}"
                    );
                }
            }
        }
    }
}
