import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { notices } from './notices.svelte';

const texts = () => notices.list.map((notice) => notice.text);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  notices.release();
  vi.runAllTimers();
  vi.useRealTimers();
});

test('a notice passes by, and is not shown twice at once', () => {
  notices.say('Saved');
  vi.advanceTimersByTime(6_000);
  notices.say('Saved');
  vi.advanceTimersByTime(6_000);
  expect(texts()).toEqual(['Saved']);
  vi.advanceTimersByTime(1_000);
  expect(texts()).toEqual([]);
});

test('what has the same key takes its place, and three are enough', () => {
  notices.say('one message', { key: 'room' });
  notices.say('two messages', { key: 'room' });
  expect(texts()).toEqual(['two messages']);
  for (const text of ['a', 'b', 'c']) notices.say(text);
  expect(texts()).toEqual(['a', 'b', 'c']);
});

test('they wait while somebody looks closer, and then stay as long as new ones', () => {
  notices.say('Look');
  notices.hold();
  notices.say('And look');
  vi.advanceTimersByTime(60_000);
  expect(texts()).toEqual(['Look', 'And look']);
  notices.release();
  vi.advanceTimersByTime(6_900);
  expect(texts()).toEqual(['Look', 'And look']);
  vi.advanceTimersByTime(200);
  expect(texts()).toEqual([]);
});

test('the place that was opened last is the one that shows them', () => {
  const [page, dialog] = [Symbol('page'), Symbol('dialog')];
  const closePage = notices.open(page);
  const closeDialog = notices.open(dialog);
  expect(notices.places.at(-1)).toBe(dialog);
  closeDialog();
  expect(notices.places.at(-1)).toBe(page);
  closePage();
  expect(notices.places).toEqual([]);
});
