import { describe, expect, it } from 'vitest';
import type { Member, Room } from '../wire';
import { begunAt, peopleFor, roomsFor } from './completion';

describe('what is begun before the caret', () => {
  it.each([
    ['@', 1, { sign: '@', prefix: '', from: 0 }],
    ['hello @Gra', 10, { sign: '@', prefix: 'gra', from: 6 }],
    ['(@نور', 5, { sign: '@', prefix: 'نور', from: 1 }],
    ['see #field-te', 13, { sign: '#', prefix: 'field-te', from: 4 }],
    ['nice :smi', 9, { sign: ':', prefix: 'smi', from: 5 }],
    ['@gr and more', 3, { sign: '@', prefix: 'gr', from: 0 }],
  ])('%j at %d', (text, caret, begun) => {
    expect(begunAt(text, caret)).toEqual(begun);
  });

  it.each(['', 'ada@example', '10:30', ':)', ':s', 'a:smile', '@ada ', '# heading', 'https://x.org/#top'])(
    'nothing in %j',
    (text) => expect(begunAt(text, text.length)).toBeNull(),
  );
});

function member(username: string, display_name: string, status: Member['status']): Member {
  return {
    person: { id: username, username, display_name, role: 'user' },
    role: 'member',
    joined_at: '2026-01-01T00:00:00.000Z',
    status,
  };
}

describe('people', () => {
  const members = [
    member('ada', 'Ada Lovelace', 'offline'),
    member('adam', 'Adam', 'online'),
    member('g.hopper', 'Grace Hopper', 'online'),
    member('zoe', 'Zoë Ünal', 'away'),
  ];
  const names = (prefix: string) => peopleFor(prefix, members, 'me', 'all').map(({ text }) => text.trim());

  it('fit by either name, by any word of it, without accents; those present come first', () => {
    expect(names('ad')).toEqual(['@adam', '@ada']);
    expect(names('hop')).toEqual(['@g.hopper']);
    expect(names('una')).toEqual(['@zoe']);
    expect(names('zzz')).toEqual([]);
  });

  it('can be everybody at once, and never oneself', () => {
    expect(names('ro')).toEqual(['@room']);
    expect(peopleFor('ad', members, 'ada', 'all').map(({ key }) => key)).toEqual(['adam']);
  });
});

it('rooms are written without spaces', () => {
  const room = (name: string, kind: Room['kind']) => ({ id: name, name, kind, topic: '' }) as Room;
  const rooms = [room('North field', 'public'), room('Field team', 'private'), room('', 'direct')];
  expect(roomsFor('fi', rooms).map(({ text }) => text)).toEqual(['#Field-team ', '#North-field ']);
});
