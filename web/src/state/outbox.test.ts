// What was written arrives once and in order, or is shown as not sent; nothing gets lost on the way.

import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kept } from '../offline/queue';
import type { Command, Frame, Problem } from '../wire';
import { Outbox } from './outbox.svelte';
import { ada, Log, ROOM } from './reference.test-kit';

const OTHER = '00000000-0000-7000-8000-000000000002';
const queue = kept();
const heardAll = () => Number.MAX_SAFE_INTEGER;
const heardNothing = () => 0;

type Said = Command & { ref: string; client_id: string };
let sent: (Said & { text?: string; reply_to?: string | null })[];
let refusals: string[];
let connected: boolean;
let outbox: Outbox;

function makeOutbox(): Outbox {
  const send = (command: Command) => {
    if (connected) sent.push(command as Said);
    return connected;
  };
  return new Outbox(queue, send, (_item, why) => refusals.push(why));
}

function ok(ref: string, seq: number): Extract<Frame, { type: 'ok' }> {
  return { type: 'ok', ref, seq };
}

function refused(ref: string, code: string, retry_after?: number): Extract<Frame, { type: 'error' }> {
  const problem: Problem = {
    type: '',
    title: '',
    status: 400,
    detail: `because of ${code}`,
    code,
    retry_after,
  };
  return { type: 'error', ref, problem };
}

const texts = () => outbox.items.map((item) => (item.kind === 'post' ? item.text : item.kind));

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await queue.clear(ada.id);
  sent = [];
  refusals = [];
  connected = true;
  outbox = makeOutbox();
  await outbox.open(ada.id);
});

afterEach(() => vi.useRealTimers());

describe('a message', () => {
  it('is shown at once and gone when its entry is heard', () => {
    outbox.post(ROOM, 'hello', null);
    expect(texts()).toEqual(['hello']);
    outbox.seen(new Log().post(ada, 'hello', sent[0]!.client_id));
    expect(texts()).toEqual([]);
  });

  it('stays until the entry is heard when the answer is faster', () => {
    outbox.post(ROOM, 'hello', null);
    outbox.answered(ok(sent[0]!.ref, 3), heardNothing);
    expect(texts()).toEqual(['hello']);
    outbox.seen(new Log().post(ada, 'hello', sent[0]!.client_id));
    expect(texts()).toEqual([]);
  });

  it('is gone with the answer when the entry was heard before', () => {
    outbox.post(ROOM, 'hello', null);
    outbox.answered(ok(sent[0]!.ref, 3), heardAll);
    expect(texts()).toEqual([]);
  });

  it('is not taken for the one of somebody else with the same client id', () => {
    outbox.post(ROOM, 'hello', null);
    const stranger = { ...ada, id: 'somebody else' };
    outbox.seen(new Log().post(stranger, 'hello', sent[0]!.client_id));
    expect(texts()).toEqual(['hello']);
  });

  it('is gone when a page holds it', () => {
    outbox.post(ROOM, 'hello', null);
    const log = new Log();
    log.post(ada, 'hello', sent[0]!.client_id);
    outbox.seenPage(ROOM, log.page());
    expect(texts()).toEqual([]);
  });
});

describe('order', () => {
  it('is kept in a room: the next is sent when the one before is answered', () => {
    outbox.post(ROOM, 'one', null);
    outbox.post(ROOM, 'two', null);
    expect(sent.map((command) => command.text)).toEqual(['one']);
    outbox.answered(ok(sent[0]!.ref, 3), heardAll);
    expect(sent.map((command) => command.text)).toEqual(['one', 'two']);
  });

  it('of one room does not hold up another', () => {
    outbox.post(ROOM, 'one', null);
    outbox.post(OTHER, 'elsewhere', null);
    expect(sent.map((command) => command.text)).toEqual(['one', 'elsewhere']);
  });
});

describe('after a break', () => {
  it('the same message is sent again under the same client id', () => {
    outbox.post(ROOM, 'hello', null);
    connected = false;
    outbox.broken();
    outbox.flush();
    connected = true;
    outbox.flush();
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });

  it('a message that gets no answer is sent again', () => {
    outbox.post(ROOM, 'hello', null);
    vi.advanceTimersByTime(15_100);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });

  it('and after a reload, what was unsent is shown and sent', async () => {
    connected = false;
    outbox.post(ROOM, 'one', null);
    outbox.post(ROOM, 'two', { id: 'root', seq: 4 });
    await vi.waitFor(async () => expect(await queue.all(ada.id)).toHaveLength(2));
    connected = true;
    outbox = makeOutbox();
    await outbox.open(ada.id);
    expect(texts()).toEqual(['one', 'two']);
    outbox.answered(ok(sent[0]!.ref, 3), heardAll);
    expect(sent.map((command) => [command.text, command.reply_to])).toEqual([
      ['one', undefined],
      ['two', 'root'],
    ]);
    outbox.answered(ok(sent[1]!.ref, 4), heardAll);
    await vi.waitFor(async () => expect(await queue.all(ada.id)).toEqual([]));
  });

  it('nobody finds what another person left unsent', async () => {
    connected = false;
    outbox.post(ROOM, 'mine', null);
    await vi.waitFor(async () => expect(await queue.all(ada.id)).toHaveLength(1));
    await outbox.open('somebody else');
    connected = true;
    outbox.flush();
    expect(texts()).toEqual([]);
    expect(sent).toEqual([]);
    await outbox.open(ada.id);
    expect(sent.map((command) => command.text)).toEqual(['mine']);
  });
});

describe('a refusal', () => {
  it('is shown, and the message can be tried again', async () => {
    outbox.post(ROOM, 'hello', null);
    outbox.answered(refused(sent[0]!.ref, 'forbidden'), heardAll);
    expect(outbox.items[0]!.failed).toBe('Because of forbidden.');
    outbox.flush();
    expect(sent).toHaveLength(1);
    outbox.retry(outbox.items[0]!.client_id);
    expect(outbox.items[0]!.failed).toBeNull();
    expect(sent).toHaveLength(2);
  });

  it('does not hold up the messages after it', () => {
    outbox.post(ROOM, 'one', null);
    outbox.post(ROOM, 'two', null);
    outbox.answered(refused(sent[0]!.ref, 'forbidden'), heardAll);
    expect(sent.map((command) => command.text)).toEqual(['one', 'two']);
  });

  it('can be given up', async () => {
    outbox.post(ROOM, 'hello', null);
    outbox.answered(refused(sent[0]!.ref, 'forbidden'), heardAll);
    outbox.discard(outbox.items[0]!.client_id);
    expect(texts()).toEqual([]);
    await vi.waitFor(async () => expect(await queue.all(ada.id)).toEqual([]));
  });

  it('that asks for patience is no failure: nothing is sent until then, then in order', () => {
    outbox.post(ROOM, 'one', null);
    outbox.answered(refused(sent[0]!.ref, 'too_many', 3), heardAll);
    outbox.post(ROOM, 'two', null);
    expect(sent).toHaveLength(1);
    expect(outbox.items.map((item) => item.failed)).toEqual([null, null]);
    vi.advanceTimersByTime(3_000);
    expect(sent.map((command) => command.text)).toEqual(['one', 'one']);
  });
});

describe('what is done to a message', () => {
  const message = { room: ROOM, id: 'message', client_id: 'theirs' };

  it('is sent in order, and gone with its entry', () => {
    outbox.react(message, '👍');
    outbox.pin(message, true);
    expect(sent).toMatchObject([{ type: 'react', message: message.id, emoji: '👍', on: true }]);
    outbox.answered(ok(sent[0]!.ref, 3), heardAll);
    expect(sent[1]).toMatchObject({ type: 'pin', message: message.id, on: true });
    outbox.answered(ok(sent[1]!.ref, 4), heardNothing);
    expect(outbox.items).toHaveLength(1);
    expect(outbox.waiting).toBe(0);
    // A request, unlike a socket, puts no client id into the entry.
    const log = new Log();
    log.post(ada, 'three');
    outbox.seen(log.add(ada, { kind: 'message_pinned', message: { id: message.id, seq: 3 } }));
    expect(outbox.items).toEqual([]);
  });

  it('replaces what was not sent: the newer text, a reaction taken back, everything before a deletion', () => {
    connected = false;
    outbox.edit(message, 'one');
    outbox.edit(message, 'two');
    expect(outbox.items).toMatchObject([{ kind: 'edit', text: 'two' }]);
    outbox.react(message, '👍');
    outbox.react(message, '🎉');
    outbox.react(message, '👍');
    expect(outbox.items).toMatchObject([{ kind: 'edit' }, { kind: 'react', emoji: '🎉' }]);
    outbox.pin(message, true);
    outbox.pin(message, false);
    expect(outbox.items).toHaveLength(2);
    outbox.erase(message);
    outbox.erase(message);
    expect(outbox.items).toMatchObject([{ kind: 'delete' }]);
  });

  it('is sent after what was sent before it, which may have arrived', () => {
    outbox.edit(message, 'one');
    outbox.edit(message, 'two');
    outbox.react(message, '👍');
    outbox.react(message, '👍');
    expect(outbox.items).toMatchObject([{ text: 'one' }, { text: 'two' }]);
    outbox.answered(ok(sent[0]!.ref, 3), heardAll);
    expect(sent[1]).toMatchObject({ type: 'edit', text: 'two' });
  });

  it('settles silently where it is fulfilled already, and says why where it is not', () => {
    outbox.erase(message);
    outbox.answered(refused(sent[0]!.ref, 'not_found'), heardAll);
    outbox.react(message, '👍');
    // Already so: no entry is made.
    outbox.answered({ type: 'ok', ref: sent[1]!.ref }, heardAll);
    expect(outbox.items).toEqual([]);
    expect(refusals).toEqual([]);
    outbox.edit(message, 'too late');
    outbox.answered(refused(sent[2]!.ref, 'not_found'), heardAll);
    expect(outbox.items).toMatchObject([{ failed: 'Because of not_found.' }]);
    expect(refusals).toEqual(['Because of not_found.']);
  });
});

describe('what is done to a message that is itself unsent', () => {
  const unsent = () => {
    const { client_id } = outbox.items.find((item) => item.kind === 'post')!;
    return { room: ROOM, id: client_id, client_id };
  };

  it('changes it where it was not sent', () => {
    connected = false;
    outbox.post(ROOM, 'one', null);
    outbox.edit(unsent(), 'two');
    expect(texts()).toEqual(['two']);
    outbox.react(unsent(), '👍');
    outbox.erase(unsent());
    expect(outbox.items).toEqual([]);
  });

  it('waits for its id where it was, also after a reload', async () => {
    outbox.post(ROOM, 'one', null);
    outbox.edit(unsent(), 'two');
    outbox.react(unsent(), '👍');
    expect(sent).toHaveLength(1);
    await vi.waitFor(async () => expect(await queue.all(ada.id)).toHaveLength(3));
    outbox = makeOutbox();
    await outbox.open(ada.id);
    expect(texts()).toEqual(['one', 'edit', 'react']);
    const stale = unsent();
    expect(sent[1]).toEqual(sent[0]);
    outbox.answered({ ...ok(sent[0]!.ref, 3), id: 'its id' }, heardAll);
    expect(sent[2]).toMatchObject({ type: 'edit', message: 'its id', text: 'two' });
    // The screen may still know it by its client id.
    outbox.pin(stale, true);
    outbox.answered(ok(sent[2]!.ref, 4), heardAll);
    outbox.answered(ok(sent[3]!.ref, 5), heardAll);
    expect(sent.slice(3)).toMatchObject([{ type: 'react' }, { type: 'pin', message: 'its id' }]);
  });

  it('learns the id from the entry or from a page just as well', () => {
    for (const arrive of [
      (log: Log) => outbox.seen(log.entries.at(-1)!),
      (log: Log) => outbox.seenPage(ROOM, log.page()),
    ]) {
      outbox.post(ROOM, 'one', null);
      outbox.edit(unsent(), 'two');
      const log = new Log();
      const { id } = log.post(ada, 'one', unsent().client_id);
      arrive(log);
      expect(sent.at(-1)).toMatchObject({ type: 'edit', message: id });
      outbox.answered(ok(sent.at(-1)!.ref, 4), heardAll);
    }
  });

  it('goes with it when it is given up, or refused and not wanted any longer', () => {
    outbox.post(ROOM, 'one', null);
    outbox.react(unsent(), '👍');
    outbox.answered(refused(sent[0]!.ref, 'forbidden'), heardAll);
    expect(outbox.items).toHaveLength(2);
    outbox.discard(unsent().client_id);
    expect(outbox.items).toEqual([]);

    outbox.post(ROOM, 'two', null);
    outbox.erase(unsent());
    outbox.answered(refused(sent[1]!.ref, 'forbidden'), heardAll);
    expect(outbox.items).toEqual([]);
    expect(refusals).toHaveLength(1);
  });

  it('mends it where it was refused', () => {
    outbox.post(ROOM, 'too long', null);
    outbox.answered(refused(sent[0]!.ref, 'invalid'), heardAll);
    outbox.edit(unsent(), 'short');
    expect(sent[1]).toMatchObject({ type: 'post', client_id: sent[0]!.client_id, text: 'short' });
  });
});
