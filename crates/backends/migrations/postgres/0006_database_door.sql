-- The door of the database (docs/doors.md): what other programs insert, update and delete by plain SQL in the view
-- `chatroom_messages` waits in a table until a server takes it in, as any other draft.
create table chatroom_inbox (
    -- The order in which it is taken in.
    number bigint generated always as identity primary key,
    -- By which it is known when it is taken in a second time.
    id uuid not null default gen_random_uuid(),
    -- insert, update or delete.
    operation text not null,
    -- The message that is changed or deleted, and whoever posted it; of what is inserted, whoever shall have.
    message uuid,
    sender uuid,
    text text,
    -- Why it was not taken in; null as long as it waits.
    refused text
);
create index chatroom_inbox_waiting on chatroom_inbox (number) where refused is null;

-- The messages of the room of everybody, as `GET /message` shows them (gateway/src/dialects/starlette.rs): the file is a
-- line of its own, and a guest who came by a UUID keeps it.
create view chatroom_messages with (security_barrier) as
select
    m.seq as id,
    case
        when m.text = '' and m.location is not null then '📍 ' || coalesce(
            nullif(m.location::json ->> 'label', ''),
            (m.location::json ->> 'latitude') || ', ' || (m.location::json ->> 'longitude')
        )
        else coalesce((regexp_match(m.text, '^(.*)\n📎 [^[:cntrl:]]{1,50}$'))[1], m.text)
    end as content,
    (regexp_match(m.text, '\n📎 ([^[:cntrl:]]{1,50})$'))[1] as file,
    timestamptz 'epoch' + m.at * interval '1 microsecond' as created_date,
    case
        when u.role = 'guest' and u.display_name ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} \(guest\)$'
            then left(u.display_name, 36)::uuid
        else u.id
    end as sender_id
from messages m
join users u on u.id = m.sender_id
where m.deleted_at is null
    and m.room_id = (select r.id from rooms r where r.protected and r.deleted_at is null order by r.created_at limit 1);

-- It acts by the rights of its owner, so that whoever may write to the view needs no other; for that its names must be
-- found in this schema alone, and never among the temporary tables of whoever writes.
do $make$
begin
    execute format($function$
create function chatroom_take() returns trigger language plpgsql security definer set search_path = %I, pg_temp as $body$
declare
    waiting_max constant bigint := 100000;
    message uuid;
    author uuid;
    words text;
    mine bigint;
    oldest bigint;
begin
    if tg_op <> 'DELETE' then
        if new.content is null or new.sender_id is null then
            raise not_null_violation using message = 'content and sender_id are needed';
        end if;
        if new.file is not null and new.file !~ '^[^[:cntrl:]]{1,50}$' then
            raise check_violation using message = 'file must be a name of at most 50 characters';
        end if;
        words := new.content || coalesce(E'\n📎 ' || new.file, '');
        if octet_length(words) > 65536 then
            raise check_violation using message = 'content is longer than any message';
        end if;
        author := new.sender_id;
    end if;
    if tg_op <> 'INSERT' then
        select m.id, m.sender_id into message, author from messages m
        where m.seq = old.id and m.room_id =
            (select r.id from rooms r where r.protected and r.deleted_at is null order by r.created_at limit 1);
    end if;
    if tg_op = 'UPDATE' and (new.id, new.sender_id, new.created_date)
        is distinct from (old.id, old.sender_id, old.created_date) then
        raise check_violation using message = 'only content and file can be changed';
    end if;
    insert into chatroom_inbox (operation, message, sender, text) values (lower(tg_op), message, author, words)
    returning number into mine;
    select number into oldest from chatroom_inbox where refused is null order by number limit 1;
    if mine - oldest >= waiting_max then
        raise program_limit_exceeded using message = 'too much waits for a server of Rill with its database door open';
    end if;
    -- Without a word: of many in one transaction PostgreSQL then makes one, and the rows are read where they are.
    perform pg_notify('rill_inbox', '');
    if tg_op = 'DELETE' then
        return old;
    end if;
    if tg_op = 'INSERT' then
        -- The message has no number yet; the place in the inbox, below zero, is none of any message.
        new.id := -mine;
        new.created_date := statement_timestamp();
    end if;
    return new;
end
$body$
$function$, current_schema());
end
$make$;
revoke execute on function chatroom_take() from public;

create trigger chatroom_take instead of insert or update or delete on chatroom_messages
for each row execute function chatroom_take();
