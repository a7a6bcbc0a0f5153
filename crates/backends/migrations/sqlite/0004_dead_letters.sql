-- What could not be committed, put aside for the operator.
create table dead_letters (
    id integer primary key autoincrement not null,
    source text not null,
    reason text not null,
    payload text not null,
    at integer not null
) strict;
