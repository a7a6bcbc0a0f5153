import { beforeEach, expect, test, vi } from 'vitest';
import { Refusal } from '../api';
import type { List, Problem } from '../wire';
import { Finding } from './finding.svelte';

type Item = { id: string };
const list = (ids: string[], next: string | null = null): List<Item> => ({
  items: ids.map((id) => ({ id })),
  next_cursor: next,
  has_more: next !== null,
});
const ids = (finding: Finding<Item>) => finding.items?.map(({ id }) => id);

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

test('an answer to an earlier question is dropped, however late it comes', async () => {
  const waiting = new Map<string, (list: List<Item>) => void>();
  const finding = new Finding<Item>((query) => new Promise((done) => waiting.set(query, done)));
  const takeBack = finding.ask('a');
  await vi.advanceTimersByTimeAsync(200);
  takeBack();
  finding.ask('ab');
  await vi.advanceTimersByTimeAsync(200);
  waiting.get('ab')!(list(['right']));
  await vi.advanceTimersByTimeAsync(0);
  waiting.get('a')!(list(['wrong']));
  await vi.advanceTimersByTimeAsync(0);
  expect(ids(finding)).toEqual(['right']);
  expect(finding.busy).toBe(false);
});

test('while somebody types, one question is asked', async () => {
  const request = vi.fn(async (query: string) => list([query]));
  const finding = new Finding<Item>(request);
  finding.ask('');
  await vi.advanceTimersByTimeAsync(0);
  for (const query of ['g', 'ga', 'gar']) {
    const takeBack = finding.ask(query);
    await vi.advanceTimersByTimeAsync(50);
    if (query !== 'gar') takeBack();
  }
  await vi.advanceTimersByTimeAsync(500);
  expect(request.mock.calls.map(([query]) => query)).toEqual(['', 'gar']);
});

test('it goes on by cursor, without doubling what it has', async () => {
  const finding = new Finding<Item>(async (_, cursor) =>
    cursor === null ? list(['1', '2'], 'next') : list(['2', '3']),
  );
  finding.ask('');
  await vi.advanceTimersByTimeAsync(0);
  expect(finding.hasMore).toBe(true);
  await finding.more();
  expect(ids(finding)).toEqual(['1', '2', '3']);
  expect(finding.hasMore).toBe(false);
});

test('a short pause that the server asks for is kept, a refusal is told', async () => {
  const problem: Problem = {
    type: '',
    title: '',
    status: 429,
    code: 'too_many',
    detail: 'Slowly.',
    retry_after: 1,
  };
  const answers = [
    problem,
    null,
    { ...problem, code: 'invalid', retry_after: null, detail: 'no such thing' },
  ];
  const finding = new Finding<Item>(async () => {
    const problem = answers.shift();
    if (problem) throw new Refusal(problem);
    return list(['1']);
  });
  finding.ask('a');
  await vi.advanceTimersByTimeAsync(500);
  expect(finding.failed).toBe('');
  expect(finding.busy).toBe(true);
  await vi.advanceTimersByTimeAsync(600);
  expect(ids(finding)).toEqual(['1']);
  finding.ask('b');
  await vi.advanceTimersByTimeAsync(200);
  expect(finding.failed).toBe('No such thing.');
});
