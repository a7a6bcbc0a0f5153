// The lines of a timeline: what stands together, what is new, that pending messages stay where they are, and that
// what did not change is the same as before.

import { describe, expect, it } from 'vitest';
import type { UnsentPost } from '../offline/database';
import { unsentMessages } from '../state/pending';
import { ada, bert, Log, ROOM } from '../state/reference.test-kit';
import type { Account } from '../wire';
import { daysOf, type Day, type MessageRow } from './rows';

const me = { ...ada } as Account;

function unsent(client_id: string, at: string): UnsentPost {
  const waiting = { user: ada.id, tab: 't', room: ROOM, order: 1, tried: false, failed: null, done: null };
  return { ...waiting, kind: 'post', client_id, text: 'pending', reply_to: null, location: null, at };
}

function lay(log: Log, items: UnsentPost[] = [], readSeq: number | null = null, before: Day[] = []) {
  return daysOf(log.page().items, unsentMessages(items, me), me.id, readSeq, before);
}

const rowsIn = (days: readonly Day[]) => days.flatMap((day) => day.rows);
const messagesIn = (days: readonly Day[]) =>
  rowsIn(days).filter((row): row is MessageRow => row.kind === 'message');

describe('rows', () => {
  it('name a sender once for messages that follow at once', () => {
    const log = new Log();
    for (const who of [bert, bert, ada]) log.post(who, 'hello');
    expect(messagesIn(lay(log)).map((row) => row.continued)).toEqual([false, true, false]);
  });

  it('name the sender again after a while, for an answer and after it, and after a deleted message', () => {
    const log = new Log();
    const first = log.post(bert, 'hello');
    const hello = log.page().items[0]!;
    const later = { ...hello, id: 'later', at: new Date(Date.parse(first.at) + 6 * 60_000).toISOString() };
    const answer = { ...later, id: 'answer', thread: { id: hello.id, seq: hello.seq } };
    const more = { ...answer, id: 'more' };
    const plain = { ...answer, thread: null, id: 'plain' };
    const gone = { ...plain, id: 'gone', deleted_at: answer.at };
    const last = { ...plain, id: 'last' };
    const rows = messagesIn(daysOf([hello, later, answer, more, plain, gone, last], [], me.id, null));
    expect(rows.map((row) => row.continued)).toEqual([false, false, false, true, false, true, false]);
    expect(rows.filter((row) => row.quoted).map((row) => row.message.id)).toEqual(['answer']);
  });

  it('mark what is new once, before the first message of somebody else', () => {
    const log = new Log();
    log.post(bert, 'read');
    log.post(ada, 'own');
    log.post(bert, 'new');
    log.post(bert, 'newer');
    const rows = rowsIn(lay(log, [], 3));
    expect(rows.map((row) => (row.kind === 'message' ? row.message.text : row.kind))).toEqual([
      'read',
      'own',
      'new',
      'new',
      'newer',
    ]);
    expect(rows.filter((row) => row.kind === 'new')).toHaveLength(1);
  });

  it('keep the key of a message that goes from pending to sent', () => {
    const log = new Log();
    const before = lay(log, [unsent('c-1', new Date().toISOString())]);
    log.post(ada, 'pending', 'c-1');
    expect(rowsIn(lay(log)).at(-1)!.key).toBe(rowsIn(before).at(-1)!.key);
  });

  it('show pending messages last, in the order in which they were written', () => {
    const log = new Log();
    log.post(bert, 'hello');
    const at = log.entries.at(-1)!.at;
    const rows = messagesIn(lay(log, [unsent('c-1', at), unsent('c-2', at)]));
    expect(rows.map((row) => row.unsent?.client_id ?? 'sent')).toEqual(['sent', 'c-1', 'c-2']);
  });
});

describe('days', () => {
  function at(hours: number): string {
    return new Date(2026, 10, 20, hours).toISOString();
  }

  it('begin at midnight where one is, and not again when a clock goes back', () => {
    const log = new Log();
    log.post(bert, 'hello');
    const message = log.page().items[0]!;
    const messages = [9, 23, 24, 47, 48].map((hours) => ({ ...message, id: `at ${hours}`, at: at(hours) }));
    const behind = unsentMessages([unsent('c-1', at(1))], me);
    const days = daysOf(messages, behind, me.id, null);
    expect(days.map((day) => day.rows.length)).toEqual([2, 2, 2]);
    expect(new Set(days.map((day) => day.key)).size).toBe(3);
  });
});

describe('laying out again', () => {
  it('leaves every line and day that did not change as it was', () => {
    const log = new Log();
    for (let number = 0; number < 20; number++) log.post(number % 3 ? bert : ada, `message ${number}`);
    const messages = log.page().items;
    const before = daysOf(messages, [], me.id, null);
    const changed = messages.map((message, index) => (index === 4 ? { ...message, text: 'other' } : message));
    const after = daysOf(changed, [], me.id, null, before);
    const [old, now] = [rowsIn(before), rowsIn(after)];
    expect(now.map((row, index) => row === old[index])).toEqual(old.map((_, index) => index !== 4));
    expect(daysOf(messages, [], me.id, null, before)[0]).toBe(before[0]);
  });
});
