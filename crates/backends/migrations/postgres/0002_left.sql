-- The rooms that somebody has left: whoever comes back with an old cursor is told that they are over.
create index members_past on members (user_id, joined_at) where to_seq is not null;
