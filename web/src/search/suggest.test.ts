import { expect, test } from 'vitest';
import { named } from '../keys/choices';
import { ada, bert, cleo } from '../state/reference.test-kit';
import type { Account, Room } from '../wire';
import { parse, write, type Begun } from './query';
import { roomLabel, roomNamed, valueOf } from './rooms';
import { suggestions } from './suggest';

const me = ada as unknown as Account;

function room(id: string, name: string, more: Partial<Room> = {}): Room {
  return { id, kind: 'public', name, topic: '', archived: false, last_at: '2026', ...more } as Room;
}

const rooms = [
  room('0001', 'General'),
  room('0002', 'The garden'),
  room('0003', 'Twice'),
  room('0004', 'twice', { kind: 'private' }),
  room('0005', '#odd "one"'),
  room('0006', '', { kind: 'direct', people: [ada, bert] }),
  room('0007', '', { kind: 'direct', people: [ada, cleo] }),
  room('0008', 'cleo'),
  room('0009', '', { kind: 'group', people: [ada, bert, cleo] }),
  room('0010', '#hash'),
];

test('every room has a value that leads back to it, also when it was written and read', () => {
  for (const room of rooms) {
    const value = valueOf(room, rooms, me);
    const query = { filters: [{ key: 'in' as const, value }], text: '' };
    expect(parse(write(query)), value).toEqual(query);
    expect(roomNamed(value, rooms, me)?.id).toBe(room.id);
  }
});

test('values are names where one name is enough', () => {
  const values = rooms.map((room) => valueOf(room, rooms, me));
  expect(values).toEqual([
    'General',
    'The garden',
    '0003',
    '0004',
    '0005',
    'bert',
    '0007',
    'cleo',
    '0009',
    '#hash',
  ]);
  expect(roomLabel('BERT', rooms, me)).toBe('BERT');
  expect(roomLabel('0009', rooms, me)).toBe('BERT, CLEO');
  expect(roomLabel('elsewhere', rooms, me)).toBe('elsewhere');
});

const source = {
  me,
  people: [ada, bert, cleo],
  rooms: named(rooms, me),
  now: new Date('2026-11-21T12:00:00Z'),
};
const ask = (key: Begun['key'], prefix: string) =>
  suggestions({ key, prefix, from: 0 }, source).map(({ filter }) => `${filter.key}:${filter.value}`);

test('what is begun becomes people, rooms, days, or what a message may have', () => {
  expect(ask('from', '')).toEqual(['from:me', 'from:bert', 'from:cleo']);
  expect(ask('from', 'be')).toEqual(['from:bert']);
  expect(ask('in', 'gard')).toEqual(['in:The garden']);
  expect(ask('in', 'BERT')).toEqual(['in:bert', 'in:0009']);
  expect(ask('has', 'pi')).toEqual(['has:pin']);
  expect(ask('has', 'replies')).toEqual(['has:thread']);
  expect(ask('before', '')).toEqual([
    'before:2026-11-21',
    'before:2026-11-20',
    'before:2026-11-14',
    'before:2026-10-22',
  ]);
  expect(ask('after', 'yes')).toEqual(['after:2026-11-20']);
});
