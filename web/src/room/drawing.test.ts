import { describe, expect, it } from 'vitest';
import { partOf } from './drawing.svelte';

const MESSAGES = Array.from({ length: 30 }, (_, index) => ({ seq: 2 * index + 1 }));
const seqs = (count: number, readSeq: number | null) =>
  partOf(MESSAGES, count, readSeq).map(({ seq }) => seq);

describe('what is drawn first', () => {
  it('is the end, where nothing is new', () => {
    expect(seqs(3, null)).toEqual([55, 57, 59]);
    expect(seqs(3, 59)).toEqual([55, 57, 59]);
  });

  it('is what is new, and what stands just before it', () => {
    expect(seqs(3, 20)).toEqual([17, 19, 21, 23, 25]);
    expect(seqs(3, 0)).toEqual([1, 3, 5]);
  });

  it('is full of lines where only the last is new', () => {
    expect(seqs(3, 58)).toEqual([55, 57, 59]);
  });

  it('grows to everything, holding always what it held', () => {
    for (const read of [null, 0, 20, 57, 58, 59]) {
      let before: number[] = [];
      for (let count = 3; count < 40; count += 5) {
        const now = seqs(count, read);
        expect(now, `${count} after ${read}`).toEqual(expect.arrayContaining(before));
        expect(now).toEqual(
          MESSAGES.map(({ seq }) => seq).filter((seq) => seq >= now[0]! && seq <= now.at(-1)!),
        );
        before = now;
      }
      expect(before).toHaveLength(30);
    }
    expect(partOf(MESSAGES, Infinity, 20)).toBe(MESSAGES);
  });
});
