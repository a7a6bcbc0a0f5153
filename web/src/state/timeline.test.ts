// The window of loaded messages: never more than it may hold, never with a hole.

import { describe, expect, it } from 'vitest';
import { bert, Log } from './reference.test-kit';
import { find, fromPage, LEEWAY, WINDOW, withEntry, withNewer, withOlder, withoutOld } from './timeline';

function talk(count: number): Log {
  const log = new Log();
  for (let number = 0; number < count; number++) log.post(bert, `message ${number}`);
  return log;
}

describe('the window', () => {
  it('drops the oldest while one follows the end', () => {
    const log = talk(WINDOW + LEEWAY);
    let timeline = fromPage(log.page());
    expect(timeline.messages).toHaveLength(WINDOW + LEEWAY);
    timeline = withEntry(timeline, log.post(bert, 'one more'), 'newest');
    expect(timeline.messages).toHaveLength(WINDOW);
    expect(timeline.messages.at(-1)!.text).toBe('one more');
    expect(timeline).toMatchObject({ hasBefore: true, hasAfter: false });
  });

  it('drops the newest while one reads older ones, and then takes no live ones', () => {
    const log = talk(WINDOW + LEEWAY);
    const first = log.page().items[0]!.seq;
    let timeline = withEntry(fromPage(log.page()), log.post(bert, 'one more'), 'oldest');
    expect(timeline.messages).toHaveLength(WINDOW);
    expect(timeline.messages[0]!.seq).toBe(first);
    expect(timeline.hasAfter).toBe(true);
    const before = timeline;
    timeline = withEntry(timeline, log.post(bert, 'and more'), 'oldest');
    expect(timeline).toBe(before);
  });

  it('goes back and forth without a hole or a repeat', () => {
    const log = talk(500);
    let timeline = fromPage(log.page(log.head, { limit: 50 }));
    while (timeline.hasBefore) {
      const before = timeline.messages[0]!.seq;
      timeline = withOlder(timeline, log.page(log.head, { before, limit: 50 }));
    }
    expect(timeline.messages[0]!.text).toBe('message 0');
    expect(timeline.hasAfter).toBe(true);
    const last = timeline.messages.at(-1)!.seq;
    const newer = log.page().items.filter((message) => message.seq > last);
    const page = { items: newer, has_before: true, has_after: false, head: log.head };
    timeline = withNewer(timeline, page);
    expect(timeline).toMatchObject({ hasBefore: true, hasAfter: false });
    const seqs = timeline.messages.map((message) => message.seq);
    expect(seqs).toEqual(seqs.map((_, index) => seqs[0]! + index));
    expect(timeline.messages.at(-1)!.text).toBe('message 499');
  });
});

describe('a room that was left', () => {
  it('keeps its end, and goes on from there without a hole', () => {
    const log = talk(200);
    const timeline = withoutOld(fromPage(log.page()));
    expect(timeline).toMatchObject({ hasBefore: true, hasAfter: false });
    expect(timeline.messages).toHaveLength(100);
    const next = withEntry(timeline, log.post(bert, 'next'), 'newest');
    const before = next.messages[0]!.seq;
    const whole = withOlder(next, log.page(log.head, { before }));
    expect(whole.messages.map((message) => message.text)).toEqual([
      ...Array.from({ length: 200 }, (_, number) => `message ${number}`),
      'next',
    ]);
    const few = fromPage(talk(3).page());
    expect(withoutOld(few)).toBe(few);
  });
});

describe('a page', () => {
  it('that overlaps with what is loaded repeats nothing', () => {
    const log = talk(30);
    const all = log.page().items;
    const part = (from: number, to: number) => ({
      ...{ items: all.slice(from, to), has_before: from > 0, has_after: to < 30, head: log.head },
    });
    const both = withNewer(withOlder(fromPage(part(10, 20)), part(5, 15)), part(15, 25));
    expect(both.messages).toEqual(all.slice(5, 25));
    expect(both).toMatchObject({ hasBefore: true, hasAfter: true });
  });
});

describe('find', () => {
  it('finds exactly the loaded messages', () => {
    const log = talk(10);
    const timeline = fromPage(log.page());
    for (const message of timeline.messages) expect(find(timeline, message.seq)).toBe(message);
    expect(find(timeline, 1)).toBeUndefined();
    expect(find(timeline, 999)).toBeUndefined();
    expect(find(null, 3)).toBeUndefined();
  });
});
