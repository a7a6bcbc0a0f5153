import { describe, expect, test, vi } from 'vitest';
import type { Account, Entry, Person, Room } from '../wire';
import { usualLevel, type Level } from './preferences.svelte';

// The address bar is the browser's.
vi.stubGlobal('location', { pathname: '/', search: '' });
vi.stubGlobal('addEventListener', () => undefined);
const { whatToSay, worded } = await import('./notify.svelte');

const person = (id: string, name: string): Person => ({ id, username: id, display_name: name, role: 'user' });
const grace = person('grace', 'Grace');
const me: Account = {
  ...person('ada', 'Ada'),
  first_name: '',
  last_name: '',
  phone: '',
  time_zone: '',
  language: '',
  created_at: '',
};

function room(kind: Room['kind'], readSeq = 0): Room {
  return {
    id: 'room',
    kind,
    name: kind === 'public' ? 'Garden' : '',
    people: [me, grace],
    me: { role: 'member', read_seq: readSeq, read_ordinal: 0, unread: 0, mentions: 0 },
  } as unknown as Room;
}

function posted(more: Partial<Extract<Entry['body'], { kind: 'message_posted' }>> = {}): Entry {
  return {
    room: 'room',
    seq: 7,
    ordinal: 5,
    id: 'entry',
    at: '2026-11-21T10:00:00.000Z',
    actor: grace,
    body: { kind: 'message_posted', text: 'Look, **here**', ...more },
  };
}

/** What is said where only what is named differs from the usual. */
function said(
  entry: Entry,
  {
    kind = 'direct',
    level,
    visible = true,
    open = null,
    notices = true,
    desktop = true,
    readSeq = 0,
  }: {
    kind?: Room['kind'];
    level?: Level;
    visible?: boolean;
    open?: string | null;
    notices?: boolean;
    desktop?: boolean;
    readSeq?: number;
  } = {},
) {
  const world = { me, rooms: new Map([['room', { room: room(kind, readSeq) }]]) };
  const preferences = {
    chosen: { notices, desktop },
    roomNotify: (room: Room) => level ?? usualLevel(room.kind),
  };
  return whatToSay(entry, world, preferences, visible, open);
}

describe('what is worth a word', () => {
  test('is what somebody writes to oneself, without its marks', () => {
    expect(said(posted())).toEqual({
      id: 'entry',
      room: 'room',
      seq: 7,
      who: grace,
      where: null,
      text: 'Look, here',
      by: 'page',
    });
    expect(said(posted(), { visible: false })?.by).toBe('desktop');
  });

  test.each<[string, Entry, Parameters<typeof said>[1], boolean]>([
    ['a group', posted(), { kind: 'group' }, true],
    ['a room', posted(), { kind: 'public' }, false],
    ['a mention in a room', posted({ mentions: ['ada'] }), { kind: 'public' }, true],
    ['a mention of somebody else', posted({ mentions: ['grace'] }), { kind: 'public' }, false],
    ['a mention of everybody', posted({ mentions_room: true }), { kind: 'private' }, true],
    ['a room that tells everything', posted(), { kind: 'public', level: 'all' }, true],
    ['a room that is quiet', posted({ mentions: ['ada'] }), { kind: 'public', level: 'nothing' }, false],
    ['people who are quiet', posted(), { level: 'nothing' }, false],
    ['people who may only mention', posted(), { level: 'mentions' }, false],
    ['the room on the screen', posted(), { open: 'room' }, false],
    ['another room on the screen', posted(), { open: 'other' }, true],
    ['the room of a hidden page', posted(), { open: 'room', visible: false }, true],
    ['no notes wanted on the page', posted(), { notices: false }, false],
    ['no notes wanted, but those of the system', posted(), { notices: false, visible: false }, true],
    ['none of the system wanted', posted(), { desktop: false, visible: false }, false],
    ['read elsewhere already', posted(), { readSeq: 7 }, false],
    ['read up to the one before', posted(), { readSeq: 6 }, true],
    ['one’s own words', { ...posted(), actor: me }, {}, false],
    ['a room that is not known', { ...posted(), room: 'elsewhere' }, {}, false],
    ['what is not a message', { ...posted(), body: { kind: 'member_joined' } }, {}, false],
  ])('%s', (_, entry, circumstances, worth) => {
    expect(said(entry, circumstances) !== null).toBe(worth);
  });
});

test('one message is told by its words, several by their number', () => {
  const direct = said(posted())!;
  const garden = said(posted({ mentions_room: true }), { kind: 'public' })!;
  expect(worded(direct, 1)).toEqual({ title: 'Grace', text: 'Look, here' });
  expect(worded(direct, 3)).toEqual({ title: '3 new messages from Grace', text: 'Look, here' });
  expect(worded(garden, 1)).toEqual({ title: 'Grace in Garden', text: 'Look, here' });
  expect(worded(garden, 12)).toEqual({ title: '12 new messages in Garden', text: 'Grace: Look, here' });
});
