-- What could not be committed, put aside for the operator.
create table dead_letters (
    id bigint generated always as identity primary key,
    source text not null,
    reason text not null,
    payload text not null,
    at bigint not null
);
