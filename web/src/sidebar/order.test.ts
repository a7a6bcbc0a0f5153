import { expect, test } from 'vitest';
import type { Room } from '../wire';
import { isUnread, sections, step } from './order';

function room(id: string, more: Partial<Room> = {}, unread = 0): Room {
  return {
    id,
    kind: 'public',
    name: id,
    topic: '',
    description: '',
    history: 'all',
    archived: false,
    protected: false,
    created_at: '',
    last_at: '2026-11-21T00:00:00Z',
    last_ordinal: unread,
    last_seq: 9,
    member_count: 2,
    me: { role: 'member', read_seq: 1, read_ordinal: 0, unread, mentions: 0, from_seq: 1, joined_at: '' },
    ...more,
  };
}

const ids = (rooms: Room[]) => rooms.map(({ id }) => id);

const list = sections([
  room('room 10', {}, 2),
  room('Ärger'),
  room('room 9'),
  room('ada', { kind: 'direct', last_at: '2026-11-20T00:00:00Z' }),
  room('team', { kind: 'group', last_at: '2026-11-21T00:00:00Z' }, 1),
  room('old', { archived: true }, 3),
  room('beach'),
]);

test('rooms stand by name, conversations by time, archived ones apart', () => {
  expect(ids(list.rooms)).toEqual(['Ärger', 'beach', 'room 9', 'room 10']);
  expect(ids(list.directs)).toEqual(['team', 'ada']);
  expect(ids(list.archived)).toEqual(['old']);
});

test('one steps through all that are not archived, around the ends', () => {
  expect(step(list, 'Ärger', 1)?.id).toBe('beach');
  expect(step(list, 'room 10', 1)?.id).toBe('team');
  expect(step(list, 'ada', 1)?.id).toBe('Ärger');
  expect(step(list, 'Ärger', -1)?.id).toBe('ada');
  expect(step(list, null, 1)?.id).toBe('Ärger');
  expect(step(list, null, -1)?.id).toBe('ada');
});

test('one steps to what is unread only', () => {
  expect(step(list, 'Ärger', 1, isUnread)?.id).toBe('room 10');
  expect(step(list, 'room 10', 1, isUnread)?.id).toBe('team');
  expect(step(list, 'team', 1, isUnread)?.id).toBe('room 10');
  expect(step(list, 'Ärger', -1, isUnread)?.id).toBe('team');
  expect(step(sections([room('a'), room('b')]), 'a', 1, isUnread)).toBeUndefined();
  expect(step(sections([room('a')]), 'a', 1)).toBeUndefined();
  expect(step(sections([]), null, 1)).toBeUndefined();
});
