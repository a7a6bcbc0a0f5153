-- Messages whose tokens are not in the search index yet, or are not those of its text any more.
create table unindexed (
    message integer primary key not null,
    -- It has no tokens at all yet.
    fresh integer not null
) strict;

-- The index is merged a little at a time by the program (see sqlite/chores.rs), not much at once by itself.
insert into search (search, rank) values ('automerge', 0);
