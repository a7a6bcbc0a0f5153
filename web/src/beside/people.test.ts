// Who comes first among the people of a room, and who is found.

import { describe, expect, it } from 'vitest';
import type { Member, Status } from '../wire';
import { called, inOrder } from './people';

function member(username: string, display_name = username): Member {
  const person = { id: username, username, display_name, role: 'user' as const };
  return { person, role: 'member', joined_at: '', status: 'offline' };
}

const names = (members: readonly Member[]) => members.map((member) => member.person.display_name);

describe('the order', () => {
  it('has those first who are here, away or not, then goes by name', () => {
    const statuses: Record<string, Status> = { zoe: 'online', bea: 'away' };
    const all = [member('zoe', 'Zoë'), member('ida', 'ida'), member('bea', 'Béa'), member('abe', 'Abe')];
    expect(names(inOrder(all, (user) => statuses[user] ?? 'offline'))).toEqual(['Béa', 'Zoë', 'Abe', 'ida']);
  });

  it('tells people of one name apart by their user names', () => {
    const all = [member('b2', 'Kim'), member('b10', 'Kim'), member('a', 'Kim')];
    const order = inOrder(all, () => 'offline').map((member) => member.person.username);
    expect(order).toEqual(['a', 'b2', 'b10']);
  });

  it('leaves the list as it was', () => {
    const all = [member('b'), member('a')];
    inOrder(all, () => 'offline');
    expect(names(all)).toEqual(['b', 'a']);
  });
});

describe('finding', () => {
  const all = [member('ada', 'Ada Lovelace'), member('andre', 'André Önal'), member('nour', 'نور')];

  it.each([
    ['', 3],
    ['  ', 3],
    ['love ada', 1],
    ['ANDRE', 1],
    ['önal', 1],
    ['onal', 1],
    ['@nour', 1],
    ['نور', 1],
    ['ada onal', 0],
    ['(', 0],
  ])('%s: %i', (typed, count) => {
    expect(called(all, typed)).toHaveLength(count);
  });
});
