// The lines of a timeline: what stands together, what is new, and that pending messages stay where they are.

import { describe, expect, it } from 'vitest';
import type { Unsent } from '../offline/database';
import { ada, bert, Log, ROOM } from '../state/reference.test-kit';
import type { Account } from '../wire';
import { rowsOf } from './rows';

const me = { ...ada } as Account;

function unsent(client_id: string, at: string): Unsent {
  return { client_id, user: ada.id, room: ROOM, text: 'pending', reply_to: null, at, order: 1, failed: null };
}

describe('rows', () => {
  it('name a sender once for messages that follow at once', () => {
    const log = new Log();
    for (const who of [bert, bert, ada]) log.post(who, 'hello');
    const rows = rowsOf(log.page().items, [], me, null);
    expect(rows.map((row) => (row.kind === 'message' ? row.continued : row.kind))).toEqual([
      'day',
      false,
      true,
      false,
    ]);
  });

  it('mark what is new once, before the first message of somebody else', () => {
    const log = new Log();
    log.post(bert, 'read');
    log.post(ada, 'own');
    log.post(bert, 'new');
    log.post(bert, 'newer');
    const rows = rowsOf(log.page().items, [], me, 3);
    expect(rows.map((row) => (row.kind === 'message' ? row.message.text : row.kind))).toEqual([
      'day',
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
    const before = rowsOf([], [unsent('c-1', new Date().toISOString())], me, null);
    log.post(ada, 'pending', 'c-1');
    const after = rowsOf(log.page().items, [], me, null);
    expect(after.at(-1)!.key).toBe(before.at(-1)!.key);
  });

  it('show pending messages last, in the order in which they were written', () => {
    const log = new Log();
    log.post(bert, 'hello');
    const at = log.entries.at(-1)!.at;
    const rows = rowsOf(log.page().items, [unsent('c-1', at), unsent('c-2', at)], me, null);
    expect(
      rows.map((row) => (row.kind === 'message' ? (row.unsent?.client_id ?? 'sent') : row.kind)),
    ).toEqual(['day', 'sent', 'c-1', 'c-2']);
  });
});
