// What one may do with a message; what one may not is not offered. Pure.

import type { Account, Message, Room } from '../wire';

export type Deed = 'reply' | 'thread' | 'react' | 'edit' | 'pin' | 'copyText' | 'copyLink' | 'erase';

/** In the order in which they are offered. */
export const DEEDS: readonly Deed[] = [
  'reply',
  'thread',
  'react',
  'edit',
  'pin',
  'copyText',
  'copyLink',
  'erase',
];

/** The key that does it, on a message that has the focus. */
const KEYS: Record<string, Deed> = {
  r: 'reply',
  t: 'thread',
  '+': 'react',
  ':': 'react',
  e: 'edit',
  p: 'pin',
  c: 'copyLink',
  Delete: 'erase',
  Backspace: 'erase',
};

/** Whether somebody may do it. */
export function mayDo(deed: Deed, message: Message, room: Room, me: Account | null): boolean {
  if (!me || message.deleted_at) return false;
  const open = !room.archived;
  // Nobody else knows of it yet.
  const isUnsent = message.seq === Number.MAX_SAFE_INTEGER;
  switch (deed) {
    case 'reply':
      return open && !isUnsent;
    case 'react':
      return open;
    case 'thread':
      // A thread can be read in an archive too.
      return !isUnsent && (open || message.replies > 0 || Boolean(message.thread));
    case 'edit':
      return open && message.sender.id === me.id;
    case 'pin':
      return open && me.role !== 'guest';
    case 'copyText':
      return true;
    case 'copyLink':
      return !isUnsent;
    case 'erase':
      return open && (message.sender.id === me.id || moderates(room, me));
  }
}

/** The deed that a key stands for. */
export function deedOf(key: string): Deed | undefined {
  return Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
}

/** The key that is named beside a deed. */
export function keyOf(deed: Deed): string | undefined {
  return Object.keys(KEYS).find((key) => KEYS[key] === deed);
}

function moderates(room: Room, me: Account): boolean {
  const administers = (me.role === 'admin' || me.role === 'super_admin') && room.kind === 'public';
  return administers || room.me?.role === 'owner' || room.me?.role === 'moderator';
}
