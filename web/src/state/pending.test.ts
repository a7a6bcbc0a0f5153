// What waits shows as if it were done; what was refused does not, apart from words.

import { describe, expect, it } from 'vitest';
import type { Change, Unsent, UnsentPost } from '../offline/database';
import type { Account } from '../wire';
import { unsentMessages, waitingIn, withPending } from './pending';
import { ada, bert, Log, ROOM } from './reference.test-kit';

const me = { ...ada } as Account;
const log = new Log();
const theirs = log.post(bert, 'theirs');
const mine = log.post(ada, 'mine', 'c-mine');
log.add(bert, { kind: 'reaction_added', message: { id: mine.id, seq: mine.seq }, emoji: '👍' });
const { items: messages } = log.page();

let count = 0;
function base() {
  count += 1;
  const own = { client_id: `c-${count}`, user: ada.id, tab: 't', room: ROOM, at: '2026-11-21T10:00:00.000Z' };
  return { ...own, order: count, tried: false, failed: null, done: null };
}
const of = (message: string) => ({ ...base(), message, post: null });

describe('what waits', () => {
  it('costs nothing where there is nothing', () => {
    expect(withPending(messages, [], ada.id)).toBe(messages);
    expect(withPending(messages, [{ kind: 'delete', ...of('elsewhere') }], ada.id)).toBe(messages);
    expect(waitingIn([], ROOM)).toBe(waitingIn([{ kind: 'delete', ...of('x') }], 'another room'));
  });

  it('shows on its message and leaves the others as they are', () => {
    const items: Change[] = [
      { kind: 'edit', ...of(mine.id), text: 'mended' },
      { kind: 'react', ...of(mine.id), emoji: '👍', on: true },
      { kind: 'react', ...of(mine.id), emoji: '🎉', on: true },
      { kind: 'pin', ...of(mine.id), on: true },
    ];
    const [first, second] = withPending(messages, items, ada.id);
    expect(first).toBe(messages[0]);
    expect(second).toMatchObject({
      text: 'mended',
      pinned_at: items[3]!.at,
      reactions: [
        { emoji: '👍', users: [bert.id, ada.id] },
        { emoji: '🎉', users: [ada.id] },
      ],
      waiting: items,
    });
    expect(messages[1]!.text).toBe('mine');
  });

  it('takes away what was there', () => {
    const shown = withPending(messages, [{ kind: 'delete', ...of(theirs.id) }], ada.id)[0]!;
    expect(shown.deleted_at).toBeTruthy();
    expect(shown.text).toBe('');
    const off: Change = { kind: 'react', ...of(mine.id), emoji: '👍', on: false };
    expect(withPending(messages, [off], bert.id)[1]!.reactions).toEqual([]);
  });

  it('shows words that were refused, but nothing else that was', () => {
    const failed = 'You may not.';
    const items: Change[] = [
      { kind: 'edit', ...of(mine.id), text: 'mended', failed },
      { kind: 'delete', ...of(mine.id), failed },
      { kind: 'react', ...of(mine.id), emoji: '🎉', on: true, failed },
    ];
    const shown = withPending(messages, items, ada.id)[1]!;
    expect(shown).toMatchObject({ text: 'mended', reactions: [{ emoji: '👍' }], waiting: items });
    expect(shown.deleted_at).toBeUndefined();
  });

  it('is itself a message, with what was done to it, also when its id is known already', () => {
    const post: UnsentPost = { kind: 'post', ...base(), text: 'new', reply_to: null, location: null };
    const edit: Unsent = { kind: 'edit', ...base(), message: null, post: post.client_id, text: 'newer' };
    for (const item of [edit, { ...edit, message: 'its id' }]) {
      const [shown] = unsentMessages([post, item], me);
      expect(shown!.message).toMatchObject({ id: post.client_id, text: 'newer', waiting: [item] });
      expect(shown!.item).toBe(post);
    }
    const arrived = new Log();
    arrived.post(ada, 'new', post.client_id);
    expect(withPending(arrived.page().items, [edit], ada.id)[0]).toMatchObject({ text: 'newer' });
  });
});
