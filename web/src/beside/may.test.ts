// The same tables as those of the server's rules: who may do what, in which kind of room, to whom.

import { describe, expect, it } from 'vitest';
import type { Account, Member, Room, RoomRole } from '../wire';
import { May } from './may';

type Role = Account['role'];

const ME = 'me';

function member(id: string, role: RoomRole): Member {
  const person = { id, username: id, display_name: id, role: 'user' as const };
  return { person, role, joined_at: '', status: 'online' };
}

const others = [member('owner', 'owner'), member('moderator', 'moderator'), member('member', 'member')];

function room(kind: Room['kind'], own: RoomRole, more: Partial<Room> = {}): Room {
  return {
    ...{ id: 'room', kind, name: 'Garden', topic: '', description: '', history: 'all' },
    ...{ protected: false, archived: false, created_at: '', last_at: '', last_seq: 9, last_ordinal: 5 },
    member_count: 4,
    me: {
      ...{ role: own, from_seq: 1, joined_at: '', read_seq: 9, read_ordinal: 5, unread: 0, mentions: 0 },
    },
    ...more,
  };
}

function may(kind: Room['kind'], own: RoomRole, role: Role = 'user', more: Partial<Room> = {}): May {
  return new May({ id: ME, role }, room(kind, own, more), [...others, member(ME, own)]);
}

/** What of these may be done, as a row of a table. */
function row(it: May): string {
  const may = { describe: it.describe, rename: it.rename, history: it.setHistory, invite: it.invite };
  const all = { ...may, close: it.close, pin: it.pin, leave: it.bound === null };
  return Object.entries(all)
    .filter(([, may]) => may)
    .map(([name]) => name)
    .join(' ');
}

describe('the room itself', () => {
  it.each<[Room['kind'], RoomRole, Role, string]>([
    ['public', 'member', 'guest', 'invite leave'],
    ['private', 'member', 'guest', 'leave'],
    ['public', 'member', 'user', 'invite pin leave'],
    ['private', 'member', 'user', 'invite pin leave'],
    ['private', 'moderator', 'user', 'describe invite pin leave'],
    ['private', 'owner', 'user', 'describe rename history invite close pin leave'],
    ['public', 'owner', 'user', 'describe rename history invite close pin leave'],
    ['public', 'member', 'admin', 'describe rename history invite close pin leave'],
    ['public', 'member', 'super_admin', 'describe rename history invite close pin leave'],
    ['private', 'member', 'super_admin', 'invite pin leave'],
    ['direct', 'owner', 'super_admin', 'pin'],
    ['group', 'owner', 'user', 'pin'],
  ])('%s, as %s and %s', (kind, own, role, expected) => {
    expect(row(may(kind, own, role))).toBe(expected);
  });

  it('that everybody is in is not left, closed or hidden, and renamed by administrators only', () => {
    const general = { protected: true };
    expect(row(may('public', 'owner', 'user', general))).toBe('describe pin');
    expect(row(may('public', 'member', 'admin', general))).toBe('describe rename pin');
    expect(may('public', 'member', 'admin', general).bound).toBe('protected');
    expect(may('direct', 'owner').bound).toBe('conversation');
  });

  it('that is archived can be taken out again, deleted and left', () => {
    expect(row(may('private', 'owner', 'user', { archived: true }))).toBe('close leave');
    expect(row(may('private', 'member', 'user', { archived: true }))).toBe('leave');
  });
});

describe('other people', () => {
  it.each<[RoomRole, Role, RoomRole, boolean]>([
    ['member', 'user', 'member', false],
    ['moderator', 'user', 'member', true],
    ['moderator', 'user', 'moderator', false],
    ['moderator', 'user', 'owner', false],
    ['owner', 'user', 'member', true],
    ['owner', 'user', 'moderator', true],
    ['owner', 'user', 'owner', true],
    ['member', 'admin', 'moderator', true],
  ])('%s (%s) removes %s: %s', (own, role, subject, expected) => {
    const kind = role === 'admin' ? 'public' : 'private';
    expect(may(kind, own, role).remove(member('owner 2', subject))).toBe(expected);
  });

  it('are not removed from conversations and from the room of everybody, nor is oneself', () => {
    expect(may('group', 'owner').remove(others[2]!)).toBe(false);
    expect(may('public', 'owner', 'user', { protected: true }).remove(others[2]!)).toBe(false);
    expect(may('private', 'owner').remove(member(ME, 'owner'))).toBe(false);
  });

  it('are removed from an archived room, but get no roles there', () => {
    const closed = may('private', 'owner', 'user', { archived: true });
    expect(closed.remove(others[2]!)).toBe(true);
    expect(closed.rolesFor(others[2]!)).toEqual([]);
  });

  it('get roles from owners', () => {
    expect(may('private', 'owner').rolesFor(others[2]!)).toEqual(['owner', 'moderator']);
    expect(may('private', 'owner').rolesFor(others[1]!)).toEqual(['owner', 'member']);
    expect(may('private', 'moderator').rolesFor(others[2]!)).toEqual([]);
    expect(may('public', 'member', 'admin').rolesFor(others[2]!)).toEqual(['owner', 'moderator']);
    expect(may('group', 'owner').rolesFor(others[2]!)).toEqual([]);
  });
});

describe('the only owner', () => {
  const people = [member(ME, 'owner'), member('member', 'member')];
  const owner = (more: Partial<Room>, known = people) =>
    new May({ id: ME, role: 'user' }, room('private', 'owner', more), known);

  it('stays until there is another, or nobody else', () => {
    expect(owner({ member_count: 2 }).bound).toBe('only_owner');
    expect(owner({ member_count: 2 }).rolesFor(people[0]!)).toEqual([]);
    expect(owner({ member_count: 1 }, [people[0]!]).bound).toBeNull();
    const two = [...people, member('second', 'owner')];
    expect(owner({ member_count: 3 }, two).bound).toBeNull();
    expect(owner({ member_count: 3 }, two).rolesFor(people[0]!)).toEqual(['moderator', 'member']);
  });

  it('is not removed by an administrator either', () => {
    const it = new May({ id: 'admin', role: 'admin' }, room('public', 'member', { member_count: 2 }), people);
    expect(it.remove(people[0]!)).toBe(false);
  });

  it('is not known while not everybody is', () => {
    expect(owner({ member_count: 9 }).bound).toBeNull();
  });
});
