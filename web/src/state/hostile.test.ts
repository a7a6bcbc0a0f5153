// Names that every object knows are nothing but names: they reach no prototype, and what is known stays as it is.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Account, Frame, Member, MessagePage, Person, Room } from '../wire';
import { apply, expireTyping, placeMembers, placePage, placeRoom, TYPING_MS } from './apply';
import { ada, bert, Log, ROOM } from './reference.test-kit';
import { World, type RoomState } from './world.svelte';

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
];

/** As it comes from the wire: only there is `__proto__` a field like any other. */
function heard<T>(value: unknown): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The same with fields on every level that would change a prototype if they were merged carelessly. */
function poisoned<T>(value: unknown): T {
  const poison = '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},';
  return JSON.parse(JSON.stringify(value).replaceAll(/\{(?=")/g, `{${poison}`)) as T;
}

const me: Account = {
  ...ada,
  first_name: '',
  last_name: '',
  phone: '',
  time_zone: '',
  language: '',
  created_at: '2026-01-01T00:00:00.000Z',
};

function visit(log: Log): { world: World; room: RoomState } {
  const world = new World();
  world.me = me;
  placeRoom(world, log.room(log.head));
  const room = world.rooms.get(ROOM)!;
  placePage(room, log.page(log.head), 'anew');
  placeMembers(world, room, log.members(log.head), log.head);
  return { world, room };
}

function talk(): Log {
  const log = new Log();
  log.post(bert, 'one');
  log.post(ada, 'two');
  return log;
}

function plain(room: RoomState): unknown {
  return heard({ cursor: room.cursor, room: room.room, timeline: room.timeline, members: room.members });
}

const prototypes = [Object.prototype, Function.prototype, Array.prototype, Map.prototype, String.prototype];
let before: PropertyKey[][];

beforeEach(() => {
  before = prototypes.map((prototype) => Reflect.ownKeys(prototype));
});

afterEach(() => {
  expect(prototypes.map((prototype) => Reflect.ownKeys(prototype))).toEqual(before);
  expect('polluted' in {}).toBe(false);
  expect(Object.getPrototypeOf({})).toBe(Object.prototype);
});

describe.each(NAMES)('%s', (name) => {
  const person: Person = { id: name, username: name, display_name: name, role: 'user' };

  it('as the id of an unknown room is asked for like any other, and harms none that is known', () => {
    const { world, room } = visit(talk());
    const known = plain(room);
    const load = [{ kind: 'load', room: name }];
    const entry = { ...talk().entries.at(-1)!, room: name };
    expect(apply(world, heard({ type: 'entry', entry }), 0)).toEqual(load);
    expect(apply(world, heard({ type: 'room_added', room: name, seq: 1 }), 0)).toEqual(load);
    expect(apply(world, heard({ type: 'reset', room: name, head: 5 }), 0)).toEqual(load);
    for (const frame of [
      { type: 'typing', room: name, person, on: true },
      { type: 'read', room: name, seq: 1, ordinal: 1, mentions: 0 },
      { type: 'room_gone', room: name, seq: 1 },
    ]) {
      expect(apply(world, heard(frame), 0)).toEqual([]);
    }
    const resumed = `{"type":"resumed","ref":"1","rooms":{"${ROOM}":${room.cursor},"${name}":7}}`;
    expect(apply(world, JSON.parse(resumed) as Frame, 0)).toEqual(load);
    expect([...world.rooms.keys()]).toEqual([ROOM]);
    expect(plain(room)).toEqual(known);
  });

  it('as the id of a room that one is in is a room like any other', () => {
    const world = new World();
    world.me = me;
    const log = talk();
    placeRoom(world, heard<Room>({ ...log.room(log.head), id: name }));
    expect(world.rooms.get(name)!.cursor).toBe(log.head);
    const entry = { ...log.post(bert, 'three'), room: name };
    expect(apply(world, heard({ type: 'entry', entry }), 0)).toEqual([]);
    expect(world.rooms.get(name)!.room.last_seq).toBe(log.head);
    // It was not named, so it is to be loaded: only what the server said counts as said.
    const resumed = heard<Frame>({ type: 'resumed', ref: '1', rooms: {} });
    expect(apply(world, resumed, 0)).toEqual([{ kind: 'load', room: name }]);
  });

  it('as a person, a reaction, a client id or an epoch is a text', () => {
    const log = talk();
    const { world, room } = visit(log);
    apply(
      world,
      heard({ type: 'hello', protocol: 'rill/1', epoch: name, heartbeat_ms: 25_000, limits: {} }),
      0,
    );
    expect(world.epoch).toBe(name);
    apply(world, heard({ type: 'presence', user: name, status: 'online', at: me.created_at }), 0);
    expect(world.presence.get(name)).toBe('online');
    apply(world, heard({ type: 'typing', room: ROOM, person, on: true }), 0);
    expect(room.typing.map((typist) => typist.name)).toEqual([name]);
    expireTyping(world, TYPING_MS);
    expect(room.typing).toEqual([]);

    const joined = log.add(person, { kind: 'member_joined' });
    const posted = log.post(person, name);
    posted.client_id = name;
    const message = { id: posted.id, seq: posted.seq };
    const reacted = log.add(person, { kind: 'reaction_added', message, emoji: name });
    for (const entry of [joined, posted, reacted]) {
      expect(apply(world, heard({ type: 'entry', entry }), 0)).toEqual([]);
    }
    expect(room.members!.find((member) => member.person.id === name)!.status).toBe('online');
    const last = room.timeline!.messages.at(-1)!;
    expect(last).toMatchObject({ text: name, client_id: name, reactions: [{ emoji: name, users: [name] }] });
    apply(world, heard({ type: 'profile', person: { ...person, display_name: 'Renamed' } }), 0);
    expect(room.timeline!.messages.at(-1)!.sender.display_name).toBe('Renamed');
    const removed = log.add(person, { kind: 'reaction_removed', message, emoji: name });
    apply(world, heard({ type: 'entry', entry: removed }), 0);
    expect(room.timeline!.messages.at(-1)!.reactions).toEqual([]);
  });

  it('as the type of a frame or the kind of an entry is passed over', () => {
    const { world, room } = visit(talk());
    expect(apply(world, heard({ type: name, room: ROOM }), 0)).toEqual([]);
    const { timeline, members } = room;
    const entry = { ...talk().entries.at(-1)!, seq: room.cursor + 1, body: { kind: name } };
    expect(apply(world, heard({ type: 'entry', entry }), 0)).toEqual([]);
    expect([room.timeline, room.members]).toEqual([timeline, members]);
  });
});

describe('fields named __proto__ and constructor', () => {
  it('in every frame and answer change nothing of what is known', () => {
    const log = talk();
    const world = new World();
    apply(world, poisoned({ type: 'welcome', me, session: ROOM }), 0);
    placeRoom(world, poisoned<Room>(log.room(log.head)));
    const room = world.rooms.get(ROOM)!;
    expect(placePage(room, poisoned<MessagePage>(log.page(log.head)), 'anew')).toBe(true);
    placeMembers(world, room, poisoned<Member[]>(log.members(log.head)), log.head);

    const told = log.add(bert, { kind: 'message_posted', text: 'three', mentions: [ada.id] });
    const message = { id: told.id, seq: told.seq };
    const entries = [
      told,
      log.add(bert, { kind: 'message_edited', message, text: 'four', mentions: [], mentions_room: false }),
      log.add(bert, { kind: 'reaction_added', message, emoji: '👍' }),
      log.add(bert, { kind: 'message_pinned', message }),
      log.add(ada, { kind: 'room_changed', name: 'Yard' }),
    ];
    for (const entry of entries) expect(apply(world, poisoned({ type: 'entry', entry }), 0)).toEqual([]);
    apply(world, poisoned({ type: 'profile', person: { ...ada, display_name: 'Ada L' } }), 0);
    apply(world, poisoned({ type: 'typing', room: ROOM, person: bert, on: true }), 0);

    const last = room.timeline!.messages.at(-1)!;
    expect(last).toMatchObject({ text: 'four', reactions: [{ emoji: '👍', users: [bert.id] }] });
    expect(room.room).toMatchObject({ name: 'Yard', last_seq: log.head });
    expect(world.me!.display_name).toBe('Ada L');
    // No object that is kept has another prototype than it would have had.
    for (const kept of [world.me!, room.room, room.room.me!, last, last.sender, ...room.members!]) {
      expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
      expect('polluted' in kept).toBe(false);
    }
  });
});
