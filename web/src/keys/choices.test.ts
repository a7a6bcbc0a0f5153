import { expect, test } from 'vitest';
import { ada, bert, cleo } from '../state/reference.test-kit';
import type { Account, Person, Room } from '../wire';
import { choices, named, type Choice } from './choices';

const me = { ...ada, locale: '', timezone: '' } as unknown as Account;

function room(name: string, more: Partial<Room> = {}, unread = 0, mentions = 0): Room {
  return {
    id: name,
    kind: 'public',
    name,
    archived: false,
    last_at: '2026-11-21T00:00:00Z',
    me: { unread, mentions },
    ...more,
  } as Room;
}

const withBert = room('with bert', {
  kind: 'direct',
  name: '',
  people: [ada, bert],
  last_at: '2026-11-22T00:00:00Z',
});
const rooms = [
  room('General'),
  room('Garden', { last_at: '2026-11-20T00:00:00Z' }, 3),
  room('Secret garden', { kind: 'private' }, 1, 1),
  room('Gone', { archived: true }),
  withBert,
];

function ask(query: string, more: { people?: Person[]; publicRooms?: Room[]; open?: string } = {}): string[] {
  const { people = [], publicRooms = [], open = null } = more;
  return choices(query, { rooms: named(rooms, me), people, publicRooms, me, open }).map(
    (choice: Choice) => `${choice.kind} ${choice.key}`,
  );
}

test('without a query: what is unread, then what was used last, without the open and the archived ones', () => {
  expect(ask('', { open: 'General' })).toEqual(['room Secret garden', 'room Garden', 'room with bert']);
  expect(ask('  ')).toEqual(['room Secret garden', 'room Garden', 'room with bert', 'room General']);
});

test('with a query: the best name first, and searching the messages last', () => {
  expect(ask('gard')).toEqual(['room Garden', 'room Secret garden', 'search search']);
  expect(ask('zzz')).toEqual(['search search']);
  expect(ask('gone')).toEqual(['room Gone', 'search search']);
});

test('conversations go by the name and the user name of the other', () => {
  expect(ask('BERT')[0]).toBe('room with bert');
});

test('people whom one has not talked with and rooms that one is not in are offered after the own ones', () => {
  const more = { people: [bert, cleo], publicRooms: [room('General'), room('Geology')] };
  expect(ask('cle', more)).toEqual([`person ${cleo.id}`, 'search search']);
  expect(ask('ge', more).slice(0, 2)).toEqual(['room General', 'join Geology']);
  // The one whom one talks with already is there as a conversation only.
  expect(ask('bert', more)).toEqual(['room with bert', 'search search']);
});

test('a thousand rooms are ranked within a moment', () => {
  const many = named(
    Array.from({ length: 1000 }, (_, index) => room(`Übung number ${index}`)),
    me,
  );
  const start = performance.now();
  const found = choices('ubung number 99', { rooms: many, people: [], publicRooms: [], me, open: null });
  expect(performance.now() - start).toBeLessThan(50);
  expect(found[0]).toMatchObject({ kind: 'room', key: 'Übung number 99' });
});
