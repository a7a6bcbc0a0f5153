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

let sent: Extract<Command, { type: 'post' }>[];
let connected: boolean;
let outbox: Outbox;

function makeOutbox(): Outbox {
  return new Outbox(queue, (command) => {
    if (!connected) return false;
    if (command.type === 'post') sent.push(command);
    return true;
  });
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

const texts = () => outbox.items.map((item) => item.text);

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await queue.clear(ada.id);
  sent = [];
  connected = true;
  outbox = makeOutbox();
  await outbox.open(ada.id);
});

afterEach(() => vi.useRealTimers());

describe('a message', () => {
  it('is shown at once and gone when its entry is heard', () => {
    outbox.add(ROOM, 'hello', null);
    expect(texts()).toEqual(['hello']);
    outbox.seen(new Log().post(ada, 'hello', sent[0]!.client_id));
    expect(texts()).toEqual([]);
  });

  it('stays until the entry is heard when the answer is faster', () => {
    outbox.add(ROOM, 'hello', null);
    outbox.answered(ok(sent[0]!.ref, 3), heardNothing);
    expect(texts()).toEqual(['hello']);
    outbox.seen(new Log().post(ada, 'hello', sent[0]!.client_id));
    expect(texts()).toEqual([]);
  });

  it('is gone with the answer when the entry was heard before', () => {
    outbox.add(ROOM, 'hello', null);
    outbox.answered(ok(sent[0]!.ref, 3), heardAll);
    expect(texts()).toEqual([]);
  });

  it('is not taken for the one of somebody else with the same client id', () => {
    outbox.add(ROOM, 'hello', null);
    const stranger = { ...ada, id: 'somebody else' };
    outbox.seen(new Log().post(stranger, 'hello', sent[0]!.client_id));
    expect(texts()).toEqual(['hello']);
  });

  it('is gone when a page holds it', () => {
    outbox.add(ROOM, 'hello', null);
    const log = new Log();
    log.post(ada, 'hello', sent[0]!.client_id);
    outbox.seenPage(ROOM, log.page());
    expect(texts()).toEqual([]);
  });
});

describe('order', () => {
  it('is kept in a room: the next is sent when the one before is answered', () => {
    outbox.add(ROOM, 'one', null);
    outbox.add(ROOM, 'two', null);
    expect(sent.map((command) => command.text)).toEqual(['one']);
    outbox.answered(ok(sent[0]!.ref, 3), heardAll);
    expect(sent.map((command) => command.text)).toEqual(['one', 'two']);
  });

  it('of one room does not hold up another', () => {
    outbox.add(ROOM, 'one', null);
    outbox.add(OTHER, 'elsewhere', null);
    expect(sent.map((command) => command.text)).toEqual(['one', 'elsewhere']);
  });
});

describe('after a break', () => {
  it('the same message is sent again under the same client id', () => {
    outbox.add(ROOM, 'hello', null);
    connected = false;
    outbox.broken();
    outbox.flush();
    connected = true;
    outbox.flush();
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });

  it('a message that gets no answer is sent again', () => {
    outbox.add(ROOM, 'hello', null);
    vi.advanceTimersByTime(15_100);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });

  it('and after a reload, what was unsent is shown and sent', async () => {
    connected = false;
    outbox.add(ROOM, 'one', null);
    outbox.add(ROOM, 'two', { id: 'root', seq: 4 });
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
    outbox.add(ROOM, 'mine', null);
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
    outbox.add(ROOM, 'hello', null);
    outbox.answered(refused(sent[0]!.ref, 'forbidden'), heardAll);
    expect(outbox.items[0]!.failed).toBe('Because of forbidden.');
    outbox.flush();
    expect(sent).toHaveLength(1);
    outbox.retry(outbox.items[0]!.client_id);
    expect(outbox.items[0]!.failed).toBeNull();
    expect(sent).toHaveLength(2);
  });

  it('does not hold up the messages after it', () => {
    outbox.add(ROOM, 'one', null);
    outbox.add(ROOM, 'two', null);
    outbox.answered(refused(sent[0]!.ref, 'forbidden'), heardAll);
    expect(sent.map((command) => command.text)).toEqual(['one', 'two']);
  });

  it('can be given up', async () => {
    outbox.add(ROOM, 'hello', null);
    outbox.answered(refused(sent[0]!.ref, 'forbidden'), heardAll);
    outbox.discard(outbox.items[0]!.client_id);
    expect(texts()).toEqual([]);
    await vi.waitFor(async () => expect(await queue.all(ada.id)).toEqual([]));
  });

  it('that asks for patience is no failure: nothing is sent until then, then in order', () => {
    outbox.add(ROOM, 'one', null);
    outbox.answered(refused(sent[0]!.ref, 'too_many', 3), heardAll);
    outbox.add(ROOM, 'two', null);
    expect(sent).toHaveLength(1);
    expect(outbox.items.map((item) => item.failed)).toEqual([null, null]);
    vi.advanceTimersByTime(3_000);
    expect(sent.map((command) => command.text)).toEqual(['one', 'one']);
  });
});
