// Loading pages: what was asked for last wins, and no page comes to where it does not belong.

import { afterEach, expect, it, vi } from 'vitest';
import { bert, Log } from './reference.test-kit';
import type { Outbox } from './outbox.svelte';
import { Pages } from './pages';
import { RoomState, World } from './world.svelte';

afterEach(() => vi.unstubAllGlobals());

/** A room of 200 messages and a server that answers when it is told to, or refuses. */
function room() {
  const log = new Log();
  for (let number = 0; number < 200; number++) log.post(bert, `message ${number}`);
  const all = log.page().items;
  const waiting: ((status?: number) => void)[] = [];
  vi.stubGlobal('fetch', (address: string) => {
    const asked = new URL(address, 'http://rill.test').searchParams;
    const [before, around] = [asked.get('before'), asked.get('around')].map((seq) => seq && Number(seq));
    const end = before
      ? all.findIndex((one) => one.seq >= before)
      : around
        ? all.findIndex((one) => one.seq > around) + 25
        : all.length;
    const from = Math.max(0, end - 50);
    const page = { items: all.slice(from, end), has_before: from > 0, has_after: end < 200, head: log.head };
    return new Promise((resolve) =>
      waiting.push((status = 200) => resolve(new Response(JSON.stringify(page), { status }))),
    );
  });
  const state = new RoomState(log.room());
  const world = new World();
  const pages = new Pages(() => world, { seenPage: () => {} } as unknown as Outbox);
  const seqs = () => state.timeline?.messages.map((message) => message.seq) ?? [];
  return { state, pages, seqs, answer: (at: number, status?: number) => waiting[at]!(status) };
}

it('shows the part that was asked for last, whichever answer comes first', async () => {
  const { state, pages, seqs, answer } = room();
  const newest = pages.newest(state);
  const around = pages.around(state, { around: 60 });
  answer(1);
  expect(await around).toBe('placed');
  answer(0);
  expect(await newest).toBe('overtaken');
  expect(seqs()).toContain(60);
  expect(state.timeline).toMatchObject({ hasBefore: true, hasAfter: true });
});

it('adds no older page to a part that it does not belong to', async () => {
  const { state, pages, seqs, answer } = room();
  const newest = pages.newest(state);
  answer(0);
  await newest;
  const more = pages.more(state, 'before');
  expect(await pages.more(state, 'before')).toBe('overtaken');
  const around = pages.around(state, { around: 60 });
  answer(2);
  await around;
  const before = seqs();
  answer(1);
  expect(await more).toBe('overtaken');
  expect(seqs()).toEqual(before);
  const older = pages.more(state, 'before');
  answer(3);
  expect(await older).toBe('placed');
  expect(seqs()).toEqual(seqs().map((_, index) => seqs()[0]! + index));
});

it('says what could not be loaded, and leaves what is there', async () => {
  const { state, pages, seqs, answer } = room();
  const newest = pages.newest(state);
  answer(0);
  await newest;
  const before = seqs();
  const more = pages.more(state, 'before');
  answer(1, 503);
  expect(await more).toBe('failed');
  expect(seqs()).toEqual(before);
});
