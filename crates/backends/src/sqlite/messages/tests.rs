//! What a page costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::sqlite::migrate::migrate;

/// A room with so many messages and nothing else in it.
fn room_of(messages: u64) -> (Connection, Source) {
    let db = Connection::open_in_memory().unwrap();
    migrate(&db, Timestamp(0)).unwrap();
    db.execute_batch(&format!(
        "pragma foreign_keys = off;
         insert into users values (zeroblob(16), 'ada', '', '', 'user', null, '', '', null, null, '', '', '', '', 0, null, 0);
         insert into rooms values (zeroblob(16), 'public', '', null, '', '', '', 'full', 0, 0, null, 0, null,
             {messages}, 0, {messages}, 0, 0, 1, 1, 0);
         with recursive n(i) as (select 1 union all select i + 1 from n where i < {messages})
         insert into log (room_id, seq, ordinal, id, actor_id, at, body)
             select zeroblob(16), i, i, cast(printf('%016d', i) as blob), zeroblob(16), i, '' from n;
         insert into messages (number, room_id, seq, ordinal, id, sender_id, at, text, text_seq, mentions, mentions_room, changed_seq)
             select seq, room_id, seq, ordinal, id, actor_id, at, '', seq, x'', 0, seq from log;"
    ))
    .unwrap();
    let source = Source {
        room: RoomId(Uuid::nil()),
        thread: None,
        from: 1,
    };
    (db, source)
}

/// How many steps SQLite's machine takes for the page.
fn steps(db: &mut Connection, source: &Source, range: Range) -> u64 {
    let steps = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&steps);
    db.progress_handler(
        1,
        Some(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            false
        }),
    )
    .unwrap();
    assert!(!cut(db, source, range, 50).unwrap().messages.is_empty());
    steps.load(Ordering::Relaxed)
}

#[test]
fn a_page_costs_the_same_at_any_depth_of_any_log() {
    let (mut short, source) = room_of(200);
    let (mut long, _) = room_of(5_000);
    let ranges: [fn(u64) -> Range; 5] = [
        |_| Range::Latest,
        |seq| Range::Before(seq),
        |seq| Range::After(seq),
        |seq| Range::Around(seq),
        |seq| Range::At(Timestamp(seq as i64)),
    ];
    for (place, range) in ranges.into_iter().enumerate() {
        let cheap = steps(&mut short, &source, range(100));
        for seq in [100, 2_500, 4_900] {
            let deep = steps(&mut long, &source, range(seq));
            // Halving takes some more looks in a longer log.
            assert!(
                deep <= cheap + 200,
                "range {place} at {seq}: {deep} steps, {cheap} in a short log"
            );
        }
    }
}
