// What is offered on a message is what the server would do.

import { describe, expect, it } from 'vitest';
import { ada, bert, Log } from '../state/reference.test-kit';
import type { Account, Message, Room } from '../wire';
import { DEEDS, deedOf, keyOf, mayDo } from './deeds';

const log = new Log();
log.post(bert, 'hello');
const hello = log.page().items[0]!;
const garden = log.room();

function offered(message: Message, room: Partial<Room> = {}, me: Partial<Account> = {}): string[] {
  const asker = { ...ada, ...me } as Account;
  return DEEDS.filter((deed) => mayDo(deed, message, { ...garden, ...room }, asker));
}

const member = { me: { ...garden.me!, role: 'member' as const } };
const usual = ['reply', 'thread', 'react', 'pin', 'copyText', 'copyLink'];

describe('what one may do with a message', () => {
  it('is more for whoever wrote it', () => {
    expect(offered(hello, member)).toEqual(usual);
    expect(offered({ ...hello, sender: ada }, member)).toEqual([
      'reply',
      'thread',
      'react',
      'edit',
      'pin',
      'copyText',
      'copyLink',
      'erase',
    ]);
  });

  it.each([
    ['moderators', { me: { ...garden.me!, role: 'moderator' as const } }, {}, true],
    ['administrators in public rooms', member, { role: 'admin' as const }, true],
    [
      'administrators in private rooms',
      { ...member, kind: 'private' as const },
      { role: 'admin' as const },
      false,
    ],
  ])('includes deleting for %s: %s', (_, room, me, may) => {
    expect(offered(hello, room, me).includes('erase')).toBe(may);
  });

  it('is no pinning for guests', () => {
    expect(offered(hello, member, { role: 'guest' })).toEqual(usual.filter((deed) => deed !== 'pin'));
  });

  it('is to copy in an archive, and to read a thread that is there', () => {
    expect(offered({ ...hello, sender: ada }, { archived: true })).toEqual(['copyText', 'copyLink']);
    expect(offered({ ...hello, replies: 2 }, { archived: true })).toEqual(['thread', 'copyText', 'copyLink']);
  });

  it('is nothing once it is deleted', () => {
    expect(offered({ ...hello, deleted_at: hello.at })).toEqual([]);
  });
});

describe('keys', () => {
  it('stand for deeds, and only those', () => {
    expect(['r', 't', '+', ':', 'e', 'p', 'c', 'Delete', 'Backspace'].map(deedOf)).toEqual([
      'reply',
      'thread',
      'react',
      'react',
      'edit',
      'pin',
      'copyLink',
      'erase',
      'erase',
    ]);
    expect(['x', 'toString', '__proto__', 'Enter'].map(deedOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(keyOf('reply')).toBe('r');
    expect(keyOf('copyText')).toBeUndefined();
  });
});
