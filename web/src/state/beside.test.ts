// What stands beside a room, after hearing the entries, is what a fresh visit would be told.

import { describe, expect, it, vi } from 'vitest';
import type { Entry, Message } from '../wire';
import { apply, placeAnswers, placePage, placePins, placeRoom, placeThread } from './apply';
import { ada, bert, cleo, dice, grow, Log, ROOM } from './reference.test-kit';
import { World, type RoomState } from './world.svelte';

vi.setConfig({ testTimeout: 30_000 });

/** A visitor who comes when `head` is the newest entry, and sees the newest `limit` messages of the room. */
function visit(log: Log, head = log.head, limit = 1_000): { world: World; room: RoomState } {
  const world = new World();
  placeRoom(world, log.room(head));
  const room = world.rooms.get(ROOM)!;
  placePage(room, log.page(head, { limit }), 'anew');
  return { world, room };
}

function hear(world: World, log: Log, from: number, to = log.head): void {
  for (const entry of log.entries.slice(from, to)) {
    apply(world, { type: 'entry', entry: structuredClone(entry) }, 0);
  }
}

/** Absent, null, empty and false mean the same on the wire. */
function plain(known: unknown): unknown {
  return JSON.parse(JSON.stringify(known), (_key, value: unknown) =>
    value === null || value === false || (Array.isArray(value) && value.length === 0) ? undefined : value,
  );
}

/** A log in which a thread grows among other things; answers the message that it began with. */
function converse(seed: number): { log: Log; roll: (below: number) => number; root: Entry; born: number } {
  const log = new Log();
  const roll = dice(seed);
  grow(log, roll, 5);
  const root = log.post(bert, 'what do you think?');
  const born = log.head;
  for (let count = 0; count < 60; count++) {
    const first = log.message(root.id);
    if (roll(2) === 0 || first.deleted_at) grow(log, roll, 1);
    else {
      const thread = { id: root.id, seq: root.seq };
      log.add([ada, bert][roll(2)]!, { kind: 'message_posted', text: `answer ${count}`, thread });
    }
  }
  return { log, roll, root, born };
}

describe('a thread', () => {
  it('is after the entries what a later visit is told, whatever happened and whenever it was read', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { log, roll, root, born } = converse(seed);
      const some = () => born + roll(log.head - born + 1);
      const [asked, , heard] = [some(), some(), some()].sort((a, b) => a - b) as [number, number, number];
      const rootRead = asked + roll(log.head - asked + 1);
      const pageRead = rootRead + roll(log.head - rootRead + 1);
      const { world, room } = visit(log, asked);
      hear(world, log, asked, heard);
      expect(placeThread(room, log.message(root.id, rootRead), log.thread(root.id, pageRead), asked)).toBe(
        true,
      );
      hear(world, log, heard);
      const anew = { root: log.message(root.id), answers: timeline(log, root.id) };
      expect(plain(room.thread), `seed ${seed}`).toEqual(plain(anew));
    }
  });

  it('grows backwards by pages that were read before what they hold was changed', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { log, roll, root } = converse(seed);
      const before = log.head;
      const { world, room } = visit(log);
      placeThread(room, log.message(root.id), log.thread(root.id, before, { limit: 3 }), before);
      grow(log, roll, 20);
      hear(world, log, before);
      while (room.thread!.answers.hasBefore) {
        const range = { before: room.thread!.answers.messages[0]!.seq, limit: 4 };
        const read = before + roll(log.head - before + 1);
        expect(placeAnswers(room, root.id, log.thread(root.id, read, range), 'before')).toBe(true);
      }
      expect(plain(room.thread!.answers), `seed ${seed}`).toEqual(plain(timeline(log, root.id)));
    }
  });

  it('does not take the answers of another one', () => {
    const { log, root } = converse(3);
    const { room } = visit(log);
    placeThread(room, log.message(root.id), log.thread(root.id, log.head, { limit: 1 }), log.head);
    const shown = room.thread;
    expect(placeAnswers(room, 'another', log.thread(root.id), 'before')).toBe(true);
    expect(room.thread).toBe(shown);
  });

  it('is refused when more has happened since it was asked for than is remembered', () => {
    const { log, root } = converse(4);
    const start = log.head;
    const { world, room } = visit(log);
    for (let count = 0; count < 250; count++) log.post(bert, `message ${count}`);
    hear(world, log, start);
    expect(placeThread(room, log.message(root.id, start), log.thread(root.id, start), start)).toBe(false);
    expect(room.thread).toBeNull();
    expect(placeThread(room, log.message(root.id), log.thread(root.id), log.head)).toBe(true);
  });

  it('stays the same object while others talk elsewhere', () => {
    const { log, root } = converse(5);
    const { world, room } = visit(log);
    placeThread(room, log.message(root.id), log.thread(root.id), log.head);
    const shown = room.thread;
    log.post(cleo, 'something else');
    hear(world, log, log.head - 1);
    expect(room.thread).toBe(shown);
  });
});

describe('pins', () => {
  it('are after the entries what a later visit is told, or known to be stale', () => {
    let fresh = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const { log, roll, born } = converse(seed);
      const asked = born + roll(log.head - born + 1);
      const heard = asked + roll(log.head - asked + 1);
      const read = asked + roll(log.head - asked + 1);
      const { world, room } = visit(log, asked, 1 + roll(40));
      hear(world, log, asked, heard);
      expect(placePins(room, log.pins(read), asked)).toBe(true);
      hear(world, log, heard);
      if (room.pins!.stale) placePins(room, log.pins(), log.head);
      else fresh += 1;
      expect(plain(room.pins!.messages), `seed ${seed}`).toEqual(plain(log.pins()));
    }
    expect(fresh).toBeGreaterThan(10);
  });

  it('are never stale where every message is at hand', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { log, roll, born } = converse(seed);
      const start = born + roll(log.head - born);
      const { world, room } = visit(log, start);
      placePins(room, log.pins(start), start);
      hear(world, log, start);
      expect(plain(room.pins), `seed ${seed}`).toEqual(plain({ messages: log.pins(), stale: false }));
    }
  });

  it('ask to be read again when a message is pinned that is not at hand', () => {
    const log = new Log();
    const old = log.post(bert, 'long ago');
    for (let count = 0; count < 5; count++) log.post(bert, `message ${count}`);
    const { world, room } = visit(log, log.head, 3);
    placePins(room, [], log.head);
    log.add(ada, { kind: 'message_pinned', message: { id: old.id, seq: old.seq } });
    hear(world, log, log.head - 1);
    expect(room.pins).toEqual({ messages: [], stale: true });
    placePins(room, log.pins(), log.head);
    expect(room.pins).toMatchObject({ messages: [{ text: 'long ago' }], stale: false });
  });

  it('show the newest pin first, not the newest message', () => {
    const log = new Log();
    const posts = ['one', 'two', 'three'].map((text) => log.post(bert, text));
    const { world, room } = visit(log);
    placePins(room, [], log.head);
    const start = log.head;
    for (const at of [1, 2, 0]) {
      const { id, seq } = posts[at]!;
      log.add(ada, { kind: 'message_pinned', message: { id, seq } });
    }
    hear(world, log, start);
    expect(textsOf(room.pins!.messages)).toEqual(['one', 'three', 'two']);
  });
});

describe('a new name', () => {
  it('is shown beside the room too', () => {
    const { log, root } = converse(6);
    log.add(ada, { kind: 'message_pinned', message: { id: root.id, seq: root.seq } });
    const { world, room } = visit(log);
    placeThread(room, log.message(root.id), log.thread(root.id), log.head);
    placePins(room, log.pins(), log.head);
    const person = { ...bert, display_name: 'Bertold' };
    apply(world, { type: 'profile', person }, 0);
    const shown = [room.thread!.root, ...room.thread!.answers.messages, ...room.pins!.messages];
    const his = shown.filter((message) => message.sender.id === bert.id);
    expect(his.length).toBeGreaterThan(2);
    expect(new Set(his.map((message) => message.sender.display_name))).toEqual(new Set(['Bertold']));
  });
});

describe('a reset', () => {
  it('leaves nothing standing that may be out of date', () => {
    const { log, root } = converse(7);
    const { world, room } = visit(log);
    placeThread(room, log.message(root.id), log.thread(root.id), log.head);
    placePins(room, log.pins(), log.head);
    apply(world, { type: 'reset', room: ROOM, head: 9_000 }, 0);
    expect(room).toMatchObject({ thread: null, pins: null });
  });
});

function timeline(log: Log, root: string): unknown {
  return { messages: log.thread(root).items, hasBefore: false, hasAfter: false };
}

function textsOf(messages: readonly Message[]): string[] {
  return messages.map((message) => message.text);
}
