// What waits to be sent, and what becomes of it when more is done: pure changes of one list, oldest first.
// What was sent once may have arrived and stays as it is; what was not can be changed, replaced or taken back.

import type { Change, Unsent, UnsentPost } from '../offline/database';
import type { Command, Problem } from '../wire';

/** The server could not, for now: the same will be taken later. */
const PASSING = new Set([
  'too_many',
  'unavailable',
  'timeout',
  'unknown',
  'internal',
  'draining',
  'storage_full',
]);

type Switch = Extract<Change, { on: boolean }>;

/** Takes in what was done now. */
export function withNew(items: readonly Unsent[], item: Unsent): readonly Unsent[] {
  if (item.kind === 'post') return [...items, item];
  const post = item.message === null ? postOf(items, item) : undefined;
  // Given up meanwhile: nothing is left that could be changed.
  if (item.message === null && !post) return items;
  switch (item.kind) {
    case 'edit': {
      const left = without(items, openOf(items, item, ['edit']));
      if (!post || !mayChange(post)) return [...left, item];
      return replaced(left, post, { ...post, text: item.text, failed: null });
    }
    case 'delete': {
      if (post && mayChange(post)) return withoutPost(items, post.client_id);
      const left = without(items, openOf(items, item, ['edit', 'react', 'pin', 'delete']));
      return left.some((other) => other.kind === 'delete' && sameMessage(other, item))
        ? left
        : [...left, item];
    }
    case 'react':
    case 'pin':
      return withSwitch(items, item);
  }
}

/** What was not sent and is now undone cancels out. */
function withSwitch(items: readonly Unsent[], item: Switch): readonly Unsent[] {
  const last = items.findLast((other) => sameSwitch(other, item) && other.done === null) as
    Switch | undefined;
  if (last && last.on !== item.on && mayChange(last)) return without(items, [last]);
  if (last && last.on === item.on) {
    return last.failed === null ? items : replaced(items, last, { ...last, failed: null });
  }
  return [...items, item];
}

/** The same list with one item changed. */
export function replaced(items: readonly Unsent[], old: Unsent, changed: Unsent): readonly Unsent[] {
  return items.map((item) => (item === old ? changed : item));
}

export function without(items: readonly Unsent[], gone: readonly Unsent[]): readonly Unsent[] {
  return gone.length === 0 ? items : items.filter((item) => !gone.includes(item));
}

/** Drops an item; with a message goes what was done to it. */
export function withoutPost(items: readonly Unsent[], client_id: string): readonly Unsent[] {
  return items.filter((item) => item.client_id !== client_id && waitsFor(item) !== client_id);
}

/** A message has arrived: what waited for it knows its id now. */
export function withArrival(items: readonly Unsent[], post: string, id: string): readonly Unsent[] {
  if (!items.some((item) => waitsFor(item) === post)) return items;
  return items.map((item) => (waitsFor(item) === post ? { ...item, message: id } : item));
}

/** The client id of the unsent message that an item has to wait for; null if it can be sent. */
export function waitsFor(item: Unsent): string | null {
  return item.kind !== 'post' && item.message === null ? item.post : null;
}

/** How an item is said; null while the message that it changes has not arrived. */
export function commandFor(item: Unsent): Command | null {
  const { client_id, room } = item;
  const base = { ref: client_id, room, client_id };
  if (item.kind === 'post') {
    const { text, reply_to, location } = item;
    return { type: 'post', ...base, text, reply_to: reply_to?.id, location: location ?? undefined };
  }
  const { message } = item;
  if (message === null) return null;
  switch (item.kind) {
    case 'edit':
      return { type: 'edit', ...base, message, text: item.text };
    case 'delete':
      return { type: 'delete', ...base, message };
    case 'react':
      return { type: 'react', ...base, message, emoji: item.emoji, on: item.on };
    case 'pin':
      return { type: 'pin', ...base, message, on: item.on };
  }
}

/** Whether it was refused only for now. */
export function isPassing(problem: Problem): boolean {
  return PASSING.has(problem.code);
}

/** Whether both put the same on the same message, or take it away. */
export function sameSwitch(one: Unsent, other: Switch): boolean {
  if (one.kind !== other.kind || !sameMessage(one, other)) return false;
  return one.kind !== 'react' || other.kind !== 'react' || one.emoji === other.emoji;
}

/** Whether nothing of it can have arrived. */
function mayChange(item: Unsent): boolean {
  return item.done === null && (!item.tried || item.failed !== null);
}

function postOf(items: readonly Unsent[], change: Change): UnsentPost | undefined {
  return items.find((item): item is UnsentPost => item.kind === 'post' && item.client_id === change.post);
}

function sameMessage(one: Unsent, other: Change): boolean {
  if (one.kind === 'post') return false;
  return other.message === null ? one.post === other.post : one.message === other.message;
}

/** What was done to the same message in these ways and can still be changed. */
function openOf(items: readonly Unsent[], item: Change, kinds: readonly Unsent['kind'][]): Unsent[] {
  return items.filter(
    (other) => kinds.includes(other.kind) && sameMessage(other, item as Change) && mayChange(other),
  );
}
