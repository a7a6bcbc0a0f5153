// What the browser keeps: older databases are taken over, others' things go, and a browser that keeps nothing breaks nothing.

import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Account } from '../wire';
import type { KeptRoom, KeptVisit, Unsent } from './database';

const ADA = 'ada';

function post(client_id: string, user = ADA, order = 1): Unsent {
  const rest = {
    tab: 'a',
    room: 'r',
    at: '2026-01-01T00:00:00.000Z',
    order,
    tried: false,
    failed: null,
    done: null,
  };
  return { kind: 'post', client_id, user, text: client_id, reply_to: null, location: null, ...rest };
}

function visit(user: string, at: number): KeptVisit {
  return { user, shape: 1, epoch: 'e', at, server: null, me: { id: user } as Account, rooms: [] };
}

function room(user: string, id: string): KeptRoom {
  const rest = { shape: 1, epoch: 'e', cursor: 1, looked: 1, messages: [], hasBefore: false, members: null };
  return { user, room: id, ...rest };
}

/** As if the page was loaded anew. */
async function page() {
  vi.resetModules();
  const [{ kept }, cache, { Drafts }] = await Promise.all([
    import('./queue'),
    import('./cache'),
    import('./drafts.svelte'),
  ]);
  return { queue: kept(), cache, Drafts };
}

beforeEach(() => vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => vi.unstubAllGlobals());

describe('the database', () => {
  it('of the first version keeps its unsent messages', async () => {
    const old = {
      client_id: 'c',
      user: ADA,
      room: 'r',
      text: 'kept',
      reply_to: null,
      at: '',
      order: 7,
      failed: null,
    };
    await new Promise<void>((done, failed) => {
      const request = indexedDB.open('rill', 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore('unsent', { keyPath: 'client_id' }).put(old);
      };
      request.onerror = () => failed(request.error!);
      request.onsuccess = () => {
        request.result.close();
        done();
      };
    });
    const { queue, cache } = await page();
    const taken = { kind: 'post', tab: '', location: null, tried: true, done: null };
    expect(await queue.all(ADA)).toEqual([{ ...old, ...taken }]);
    expect(await cache.lastVisit()).toBeNull();
  });

  it('makes way for a newer page and stays usable for an older one', async () => {
    const { queue } = await page();
    await queue.write([post('one')], []);
    const newer = indexedDB.open('rill', 3);
    await new Promise((done) => (newer.onsuccess = done));
    // The older page remembers for itself from now on.
    await queue.write([post('two')], []);
    expect(await queue.all(ADA)).toEqual([]);
    newer.result.close();
  });

  it('writes all or nothing, and gives back in order', async () => {
    const { queue } = await page();
    await queue.write([post('two', ADA, 2), post('one', ADA, 1), post('theirs', 'bert', 0)], []);
    expect((await queue.all(ADA)).map((item) => item.client_id)).toEqual(['one', 'two']);
    await queue.write([post('three', ADA, 3)], ['one']);
    expect((await queue.all(ADA)).map((item) => item.client_id)).toEqual(['two', 'three']);
    const unkeepable = { ...post('four'), text: (() => {}) as unknown as string };
    await queue.write([unkeepable], ['two']);
    expect((await queue.all(ADA)).map((item) => item.client_id)).toEqual(['two', 'three']);
  });

  it('that cannot be had breaks nothing', async () => {
    vi.stubGlobal('indexedDB', {
      open: () => {
        throw new DOMException('no', 'SecurityError');
      },
    });
    const { queue, cache, Drafts } = await page();
    await queue.write([post('one')], []);
    expect(await queue.all(ADA)).toEqual([]);
    expect(await cache.lastVisit()).toBeNull();
    expect(await cache.keepVisit(visit(ADA, 1), [], [], true)).toBe(false);
    const drafts = new Drafts();
    await drafts.open(ADA);
    drafts.set('r', { text: 'still here' });
    drafts.flush();
    expect(drafts.get('r')?.text).toBe('still here');
  });

  it('that does not open and says no word holds nobody up for long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.stubGlobal('indexedDB', { open: () => new EventTarget() });
    const { cache } = await page();
    const last = cache.lastVisit();
    await vi.advanceTimersByTimeAsync(2_100);
    expect(await last).toBeNull();
    vi.useRealTimers();
  });
});

describe('a visit', () => {
  it('is found again: the newest, with its rooms', async () => {
    const { cache } = await page();
    await cache.keepVisit(visit('bert', 1), [room('bert', 'x')], [], true);
    await cache.keepVisit(visit(ADA, 2), [room(ADA, 'x'), room(ADA, 'y')], [], true);
    await cache.keepVisit(visit(ADA, 3), [room(ADA, 'z')], ['x'], false);
    const last = await (await page()).cache.lastVisit();
    expect(last?.visit).toMatchObject({ user: ADA, at: 3 });
    expect(last?.rooms.map((kept) => kept.room)).toEqual(['y', 'z']);
    await cache.keepVisit(visit(ADA, 4), [room(ADA, 'w')], [], true);
    expect((await cache.lastVisit())?.rooms.map((kept) => kept.room)).toEqual(['w']);
  });

  it('of somebody else leaves nothing of the one before but what waits to be sent', async () => {
    const { cache, queue, Drafts } = await page();
    for (const user of ['bert', ADA]) {
      await cache.keepVisit(visit(user, 1), [room(user, 'x')], [], true);
      await queue.write([post(`of ${user}`, user)], []);
      const drafts = new Drafts();
      await drafts.open(user);
      drafts.set('x', { text: 'begun' });
      drafts.flush();
    }
    await cache.forgetOthers(ADA);
    expect(await queue.all('bert')).toHaveLength(1);
    expect(await queue.all(ADA)).toHaveLength(1);
    expect((await cache.lastVisit())?.rooms).toEqual([room(ADA, 'x')]);
    const [mine, theirs] = [new Drafts(), new Drafts()];
    await mine.open(ADA);
    await theirs.open('bert');
    expect([mine.has('x'), theirs.has('x')]).toEqual([true, false]);
    await cache.forgetVisit(ADA);
    expect(await cache.lastVisit()).toBeNull();
  });
});

describe('drafts', () => {
  it('are there at once and after a reload, of rooms and of their threads', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { Drafts } = await page();
    const drafts = new Drafts();
    await drafts.open(ADA);
    drafts.set('room', { text: 'b' });
    drafts.set('room', { text: 'begun' });
    drafts.set('other/root', { text: 'an answer' });
    expect([drafts.get('room')?.text, drafts.has('room'), drafts.has('other')]).toEqual([
      'begun',
      true,
      true,
    ]);
    vi.advanceTimersByTime(300);
    vi.useRealTimers();

    const { Drafts: Again } = await page();
    const again = new Again();
    await again.open(ADA);
    expect([again.get('room'), again.get('other/root')?.text]).toEqual([{ text: 'begun' }, 'an answer']);
    again.drop('room');
    again.set('other/root', { text: ' ' });
    expect([again.has('room'), again.has('other')]).toEqual([false, false]);
    again.flush();
    const last = new Again();
    await last.open(ADA);
    expect(last.get('room')).toBeUndefined();
  });

  it('of somebody else are not there, and one`s own are gone when one leaves', async () => {
    const { Drafts } = await page();
    const drafts = new Drafts();
    await drafts.open(ADA);
    drafts.set('room', { text: 'mine' });
    drafts.flush();
    await drafts.open('bert');
    expect([drafts.get('room'), drafts.has('room')]).toEqual([undefined, false]);
    await drafts.open(ADA);
    expect(drafts.get('room')?.text).toBe('mine');
    await drafts.close();
    await drafts.open(ADA);
    expect(drafts.get('room')).toBeUndefined();
  });
});
