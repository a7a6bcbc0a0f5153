// What is known after hearing the entries is what a fresh visit would be told.

import { describe, expect, it, vi } from 'vitest';
import type { Account, Frame, Problem } from '../wire';
import { apply, expireTyping, placeMembers, placePage, placeRoom, readAll, TYPING_MS } from './apply';
import { ada, bert, cleo, dice, grow, Log, ROOM } from './reference.test-kit';
import { World, type RoomState } from './world.svelte';

vi.setConfig({ testTimeout: 30_000 });

const me: Account = {
  ...ada,
  first_name: '',
  last_name: '',
  phone: '',
  time_zone: '',
  language: '',
  created_at: '2026-01-01T00:00:00.000Z',
};

/** What a visitor knows who comes when `head` is the newest entry. */
function visit(log: Log, head = log.head): { world: World; room: RoomState } {
  const world = new World();
  world.me = me;
  placeRoom(world, log.room(head));
  const room = world.rooms.get(ROOM)!;
  placePage(room, log.page(head), 'anew');
  placeMembers(world, room, log.members(head), head);
  return { world, room };
}

function hear(world: World, log: Log, from: number, to = log.head) {
  return log.entries
    .slice(from, to)
    .flatMap((entry) => apply(world, { type: 'entry', entry: structuredClone(entry) }, 0));
}

/** Absent, null, empty and false mean the same on the wire; times of joining differ by who tells them. */
function plain(room: RoomState): unknown {
  const known = { cursor: room.cursor, room: room.room, timeline: room.timeline, members: room.members };
  return JSON.parse(JSON.stringify(known), (_key, value: unknown) =>
    value === null || value === false || (Array.isArray(value) && value.length === 0) ? undefined : value,
  );
}

describe('entries', () => {
  it('make of an earlier visit what a later visit is told, whatever happened', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const log = new Log();
      const roll = dice(seed);
      grow(log, roll, 60);
      const start = 2 + roll(30);
      const { world, room } = visit(log, start);
      hear(world, log, start);
      expect(plain(room), `seed ${seed}, start ${start}`).toEqual(plain(visit(log).room));
    }
  });

  it('may come while a page is under way that was read before or after them', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const log = new Log();
      const roll = dice(seed);
      grow(log, roll, 50);
      const start = 2 + roll(20);
      const heard = start + roll(log.head - start);
      const read = start + roll(log.head - start);
      const world = new World();
      world.me = me;
      placeRoom(world, log.room(start));
      const room = world.rooms.get(ROOM)!;
      hear(world, log, start, heard);
      expect(placePage(room, log.page(read), 'anew')).toBe(true);
      const asked = start + roll(heard - start + 1);
      placeMembers(world, room, log.members(asked), asked);
      hear(world, log, heard);
      expect(plain(room), `seed ${seed}`).toEqual(plain(visit(log).room));
    }
  });

  it('may come while the room is read anew, before or after them', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const log = new Log();
      const roll = dice(seed);
      grow(log, roll, 50);
      const start = 2 + roll(20);
      const heard = start + roll(log.head - start);
      const { world, room } = visit(log, start);
      hear(world, log, start, heard);
      placeRoom(world, log.room(start + roll(log.head - start)));
      hear(world, log, heard);
      expect(plain(room), `seed ${seed}`).toEqual(plain(visit(log).room));
    }
  });

  it('may come while older messages are under way that they change', () => {
    const log = new Log();
    const first = log.post(bert, 'first');
    for (let count = 0; count < 9; count++) log.post(bert, `message ${count}`);
    const { world, room } = visit(log);
    room.timeline = null;
    placePage(room, log.page(log.head, { limit: 4 }), 'anew');
    const read = log.head;
    log.add(ada, { kind: 'reaction_added', message: { id: first.id, seq: first.seq }, emoji: '👍' });
    hear(world, log, read);
    const oldest = room.timeline!.messages[0]!.seq;
    placePage(room, log.page(read, { before: oldest }), 'before');
    expect(plain(room)).toEqual(plain(visit(log).room));
  });

  it('that were heard already change nothing', () => {
    const log = new Log();
    grow(log, dice(7), 40);
    const { world, room } = visit(log, 10);
    hear(world, log, 10);
    const once = plain(room);
    expect(hear(world, log, 5)).toEqual([]);
    expect(plain(room)).toEqual(once);
  });

  it('that leave a gap ask for a resume and are not shown', () => {
    const log = new Log();
    log.post(bert, 'one');
    log.post(bert, 'two');
    const { world, room } = visit(log, 2);
    expect(hear(world, log, 3)).toEqual([{ kind: 'resume' }]);
    expect(room.timeline!.messages).toEqual([]);
    hear(world, log, 2);
    expect(room.timeline!.messages.map((message) => message.text)).toEqual(['one', 'two']);
  });

  it('of a room that is still being loaded are shown when it is', () => {
    const log = new Log();
    const world = new World();
    world.me = me;
    log.post(bert, 'before the room was read');
    const read = log.head;
    log.post(bert, 'after it was read');
    expect(hear(world, log, 2)).toEqual([{ kind: 'load', room: ROOM }]);
    placeRoom(world, log.room(read));
    expect(world.rooms.get(ROOM)!.cursor).toBe(log.head);
    expect(world.rooms.get(ROOM)!.room.last_ordinal).toBe(2);
  });
});

describe('a page', () => {
  it('is refused when more has happened since it was read than is remembered', () => {
    const log = new Log();
    const { world, room } = visit(log);
    const start = log.head;
    for (let count = 0; count < 250; count++) log.post(bert, `message ${count}`);
    hear(world, log, start);
    expect(placePage(room, log.page(start), 'anew')).toBe(false);
    expect(placePage(room, log.page(), 'anew')).toBe(true);
  });
});

describe('unread and mentions', () => {
  it('are counted, and gone when everything is read', () => {
    const log = new Log();
    const { world, room } = visit(log);
    const start = log.head;
    log.add(bert, { kind: 'message_posted', text: '@ada', mentions: [ada.id] });
    log.add(bert, { kind: 'message_posted', text: '@room', mentions_room: true });
    log.add(bert, { kind: 'message_posted', text: '@cleo', mentions: [cleo.id] });
    hear(world, log, start);
    expect(room.room.me).toMatchObject({ unread: 3, mentions: 2 });
    readAll(room);
    expect(room.room.me).toMatchObject({ unread: 0, mentions: 0, read_seq: log.head });
  });

  it('are right also where no message is loaded, or the room is asked for', () => {
    let asked = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const log = new Log();
      const roll = dice(seed);
      grow(log, roll, 60);
      const start = 2 + roll(30);
      const world = new World();
      world.me = me;
      placeRoom(world, log.room(start));
      for (let head = start; head < log.head; head++) {
        const wishes = hear(world, log, head, head + 1);
        asked += wishes.length;
        for (const wish of wishes) if (wish.kind === 'load') placeRoom(world, log.room(head + 1));
        const known = world.rooms.get(ROOM)!.room.me;
        expect(known, `seed ${seed}, start ${start}, at ${head + 1}`).toEqual(log.room(head + 1).me);
      }
    }
    // Rarely: most of what is changed was heard before.
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(150);
  });

  it('follow what another device has read, and never go back', () => {
    const log = new Log();
    for (let count = 0; count < 4; count++) log.post(bert, 'hello');
    const { world, room } = visit(log);
    const read = (seq: number, ordinal: number): Frame => ({
      ...{ type: 'read', room: ROOM, seq, ordinal, mentions: 0 },
    });
    apply(world, read(5, 3), 0);
    expect(room.room.me).toMatchObject({ read_seq: 5, unread: 1 });
    apply(world, read(3, 1), 0);
    expect(room.room.me).toMatchObject({ read_seq: 5, unread: 1 });
  });
});

describe('the connection', () => {
  it('believes a server that was restored from a backup what one has read', () => {
    const log = new Log();
    const { world, room } = visit(log);
    const backup = log.room();
    log.post(bert, 'forgotten');
    hear(world, log, backup.last_seq);
    readAll(room);
    apply(world, { type: 'reset', room: ROOM, head: backup.last_seq }, 0);
    expect(placeRoom(world, backup)).toEqual([]);
    expect(room.room.me!.read_seq).toBe(backup.me!.read_seq);
  });

  it('starts a room anew that cannot be continued', () => {
    const log = new Log();
    const { world, room } = visit(log);
    const wishes = apply(world, { type: 'reset', room: ROOM, head: 5_000 }, 0);
    expect(wishes).toEqual([{ kind: 'load', room: ROOM }]);
    expect(room).toMatchObject({ cursor: 5_000, timeline: null, members: null });
  });

  it('asks for what the server follows and the page does not know, and the other way round', () => {
    const log = new Log();
    const { world } = visit(log);
    const wishes = apply(world, { type: 'resumed', rooms: { other: 3 } }, 0);
    expect(wishes).toEqual([
      { kind: 'load', room: 'other' },
      { kind: 'load', room: ROOM },
    ]);
  });

  it('has nothing to ask for when the heads are where the cursors are', () => {
    const log = new Log();
    const { world } = visit(log);
    expect(apply(world, { type: 'resumed', rooms: { [ROOM]: log.head } }, 0)).toEqual([]);
  });

  it('forgets all logs when they are those of another epoch', () => {
    const log = new Log();
    const { world } = visit(log);
    const hello = (epoch: string): Frame => ({
      type: 'hello',
      protocol: 'rill/1',
      server: '',
      epoch,
      heartbeat_ms: 25_000,
      limits: {
        frame_bytes_max: 1,
        text_chars_max: 1,
        text_bytes_max: 1,
        resume_gap_max: 1,
        queue_events_max: 1,
      },
    });
    apply(world, hello('a'), 0);
    expect(world.rooms.size).toBe(1);
    apply(world, hello('b'), 0);
    expect(world.rooms.size).toBe(0);
  });

  it('forgets a room that one is not in any longer', () => {
    const log = new Log();
    const { world } = visit(log);
    apply(world, { type: 'room_gone', room: ROOM, seq: log.head }, 0);
    expect(world.rooms.size).toBe(0);
  });

  it('survives frames of newer servers', () => {
    const { world } = visit(new Log());
    expect(apply(world, { type: 'fireworks' } as unknown as Frame, 0)).toEqual([]);
    const problem = { code: 'invalid' } as Problem;
    expect(apply(world, { type: 'error', problem }, 0)).toEqual([]);
  });
});

describe('what passes by', () => {
  it('shows who is writing until they post, stop, or say nothing any more', () => {
    const log = new Log();
    const { world, room } = visit(log);
    const typing = (on: boolean): Frame => ({ type: 'typing', room: ROOM, person: bert, on });
    apply(world, typing(true), 1_000);
    expect(room.typing.map((typist) => typist.name)).toEqual(['BERT']);
    apply(world, typing(false), 1_100);
    expect(room.typing).toEqual([]);
    apply(world, typing(true), 2_000);
    expireTyping(world, 2_000 + TYPING_MS - 1);
    expect(room.typing).toHaveLength(1);
    expireTyping(world, 2_000 + TYPING_MS);
    expect(room.typing).toEqual([]);
    apply(world, typing(true), 9_000);
    log.post(bert, 'done');
    hear(world, log, 2);
    expect(room.typing).toEqual([]);
  });

  it('does not tell oneself that one is writing', () => {
    const { world, room } = visit(new Log());
    apply(world, { type: 'typing', room: ROOM, person: ada, on: true }, 0);
    expect(room.typing).toEqual([]);
  });

  it('shows a new name everywhere', () => {
    const log = new Log();
    log.post(bert, 'hello');
    const { world, room } = visit(log);
    const person = { ...bert, display_name: 'Bertold' };
    apply(world, { type: 'profile', person }, 0);
    expect(room.timeline!.messages[0]!.sender).toEqual(person);
    expect(room.members!.map((member) => member.person.display_name)).toContain('Bertold');
  });

  it('knows who is here', () => {
    const { world } = visit(new Log());
    expect(world.presence.get(bert.id)).toBe('offline');
    apply(world, { type: 'presence', user: bert.id, status: 'away', at: '' }, 0);
    expect(world.presence.get(bert.id)).toBe('away');
  });
});
