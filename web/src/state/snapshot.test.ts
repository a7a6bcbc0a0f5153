// What was kept, brought up to date from its cursors, is what a fresh visit would be told.

import { describe, expect, it, vi } from 'vitest';
import type { KeptRoom, KeptVisit } from '../offline/database';
import type { Account, Frame } from '../wire';
import { apply, placeMembers, placePage, placeRoom, readAll } from './apply';
import { ada, bert, dice, grow, Log, ROOM } from './reference.test-kit';
import { keptOf, restored, SHAPE, visitOf, worthKeeping } from './snapshot';
import { World, type RoomState } from './world.svelte';

vi.setConfig({ testTimeout: 30_000 });

const me = { ...ada } as Account;
const OTHER = '00000000-0000-7000-8000-000000000002';

function visit(log: Log, head = log.head): { world: World; room: RoomState } {
  const world = new World();
  world.me = me;
  world.epoch = 'first';
  placeRoom(world, log.room(head));
  const room = world.rooms.get(ROOM)!;
  placePage(room, log.page(head), 'anew');
  placeMembers(world, room, log.members(head), head);
  room.looked = 1;
  return { world, room };
}

function hear(world: World, log: Log, from: number, to = log.head): void {
  for (const entry of log.entries.slice(from, to)) {
    apply(world, { type: 'entry', entry: structuredClone(entry) }, 0);
  }
}

/** To the disk and back. */
function keep(world: World, max?: number): { visit: KeptVisit; rooms: KeptRoom[] } {
  const rooms = worthKeeping(world).map((state) => keptOf(world, state, max));
  return structuredClone({ visit: visitOf(world, null, 0)!, rooms });
}

function back({ visit, rooms }: ReturnType<typeof keep>): { world: World; room: RoomState } {
  const world = restored(visit, rooms)!;
  return { world, room: world.rooms.get(ROOM)! };
}

function plain(room: RoomState): unknown {
  const known = { cursor: room.cursor, room: room.room, timeline: room.timeline, members: room.members };
  return JSON.parse(JSON.stringify(known), (_key, value: unknown) =>
    value === null || value === false || (Array.isArray(value) && value.length === 0) ? undefined : value,
  );
}

const reset = (head: number): Frame => ({ type: 'reset', room: ROOM, head });
const hello = (epoch: string) => ({ type: 'hello', epoch }) as Frame;

describe('what was kept', () => {
  it('is, after what was missed, what a fresh visit is told', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const log = new Log();
      const roll = dice(seed);
      grow(log, roll, 70);
      const start = 2 + roll(30);
      const left = start + roll(log.head - start);
      const before = visit(log, start);
      hear(before.world, log, start, left);
      // The room itself may have been heard of later than its entries.
      if (roll(2) === 0) placeRoom(before.world, log.room(left + roll(log.head - left + 1)));
      const { world, room } = back(keep(before.world));
      // The list of rooms comes at some moment before, between or after what was missed.
      const heard =
        Math.max(left, room.room.last_seq) + roll(log.head - Math.max(left, room.room.last_seq) + 1);
      const asked = heard + roll(log.head - heard + 1);
      hear(world, log, left, heard);
      placeRoom(world, log.room(asked));
      hear(world, log, heard);
      expect(plain(room), `seed ${seed}`).toEqual(plain(visit(log).room));
    }
  });

  it('is the newest messages only, and older ones still come before them', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const log = new Log();
      const roll = dice(seed);
      grow(log, roll, 60);
      const left = 20 + roll(log.head - 20);
      const { world, room } = back(keep(visit(log, left).world, 5));
      expect(room.timeline!.messages.length).toBeLessThanOrEqual(5);
      hear(world, log, left);
      const edge = room.timeline!.messages[0];
      if (room.timeline!.hasBefore) placePage(room, log.page(log.head, { before: edge!.seq }), 'before');
      placeRoom(world, log.room());
      expect(plain(room), `seed ${seed}`).toEqual(plain(visit(log).room));
    }
  });

  it('gives way where the cursor cannot be continued, or counts something else', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const log = new Log();
      const roll = dice(seed);
      grow(log, roll, 40);
      const left = 2 + roll(30);
      const kept = keep(visit(log, left).world);
      const anew = (world: World) => {
        placeRoom(world, log.room());
        const room = world.rooms.get(ROOM)!;
        placePage(room, log.page(), 'anew');
        placeMembers(world, room, log.members(), log.head);
        return plain(room);
      };
      const first = back(kept).world;
      apply(first, hello('first'), 0);
      apply(first, reset(log.head), 0);
      expect(anew(first), `seed ${seed}, reset`).toEqual(plain(visit(log).room));
      const second = back(kept).world;
      apply(second, hello('second'), 0);
      expect(second.rooms.size).toBe(0);
      expect(anew(second), `seed ${seed}, epoch`).toEqual(plain(visit(log).room));
    }
  });

  it('does not mix epochs that two tabs kept, and is left alone where it means something else', () => {
    const log = new Log();
    log.post(bert, 'hello');
    const { visit: list, rooms } = keep(visit(log).world);
    const mixed = restored({ ...list, epoch: 'second' }, rooms)!;
    expect(mixed.rooms.get(ROOM)!.timeline).toBeNull();
    expect(restored({ ...list, shape: SHAPE + 1 }, rooms)).toBeNull();
  });

  it('is nothing of a room that was not at its end, or that nobody looked at, or before the epoch is known', () => {
    const log = new Log();
    for (let count = 0; count < 9; count++) log.post(bert, 'hello');
    const { world, room } = visit(log);
    placeRoom(world, { ...log.room(), id: OTHER });
    expect(worthKeeping(world)).toEqual([room]);
    room.timeline = { ...room.timeline!, hasAfter: true };
    expect(worthKeeping(world)).toEqual([]);
    world.epoch = null;
    expect(visitOf(world, null, 0)).toBeNull();
  });

  it('says nothing of who is here now, and takes over new names', () => {
    const log = new Log();
    log.post(bert, 'hello');
    const before = visit(log);
    const online = log.members().map((member) => ({ ...member, status: 'online' as const }));
    placeMembers(before.world, before.room, online, log.head);
    const { world, room } = back(keep(before.world));
    expect(room.members!.map((member) => member.status)).toEqual(['offline', 'offline']);
    expect(world.presence.size).toBe(0);
    expect(room.membersOld).toBe(true);
    const person = { ...bert, display_name: 'Bertold' };
    const renamed = online.map((member) => (member.person.id === bert.id ? { ...member, person } : member));
    placeMembers(world, room, renamed, log.head);
    expect(room.membersOld).toBe(false);
    expect(room.timeline!.messages[0]!.sender.display_name).toBe('Bertold');
  });
});

describe('what one has read', () => {
  it('stays read when the server has not heard of it, and it is told', () => {
    const log = new Log();
    for (let count = 0; count < 3; count++) log.post(bert, 'hello');
    const before = visit(log);
    readAll(before.room);
    const { world, room } = back(keep(before.world));
    log.post(bert, 'one more');
    expect(placeRoom(world, log.room())).toEqual([{ kind: 'tell_read', room: ROOM }]);
    expect(room.room.me).toMatchObject({ read_seq: 5, read_ordinal: 3, unread: 1 });
    const told = log.room();
    told.me = { ...told.me!, read_seq: 5, read_ordinal: 3, unread: 1 };
    expect(placeRoom(world, told)).toEqual([]);
    told.me = { ...told.me, read_seq: 6, read_ordinal: 4, unread: 0 };
    placeRoom(world, told);
    expect(room.room.me).toMatchObject({ read_seq: 6, unread: 0 });
  });
});
