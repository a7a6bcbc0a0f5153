// A stream begins at the cursors, proves itself after long silence, and says things by requests.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame } from '../wire';
import { StreamLine, streamAddress } from './stream';

class Source {
  closed = false;
  onmessage: ((event: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  constructor(readonly address: string) {}
  close() {
    this.closed = true;
  }
  hear(type: string) {
    this.onmessage?.({ data: JSON.stringify({ type }) });
  }
}

let sources: Source[];
let frames: Frame[];
let broken: number[];
let cursor: number;
let asked: [string, string, unknown][];
let line: StreamLine;

beforeEach(() => {
  vi.useFakeTimers();
  sources = [];
  frames = [];
  broken = [];
  asked = [];
  cursor = 7;
  vi.stubGlobal('fetch', async (path: string, { method, body }: RequestInit) => {
    asked.push([method!, path, body ? JSON.parse(body as string) : null]);
    return new Response('');
  });
  line = new StreamLine(
    {
      frame: (frame) => frames.push(frame),
      answer: (frame) => frames.push(frame),
      broken: (code) => broken.push(code),
      cursors: () => ({ epoch: 'e', rooms: { room: cursor } }),
    },
    (address) => {
      const source = new Source(address);
      sources.push(source);
      return source as unknown as EventSource;
    },
  );
});

afterEach(() => {
  line.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the address', () => {
  it('names the epoch and each room, and nothing that is not known', () => {
    expect(streamAddress({ epoch: 'a&b', rooms: { one: 1, two: 22 } })).toBe(
      '/api/v1/events?epoch=a%26b&rooms=one:1,two:22',
    );
    expect(streamAddress({ epoch: null, rooms: {} })).toBe('/api/v1/events?rooms=');
  });

  it('stays short enough for the server with a thousand rooms', () => {
    const id = (count: number) => `00000000-0000-7000-8000-${String(count).padStart(12, '0')}`;
    const rooms = Object.fromEntries(Array.from({ length: 1_000 }, (_, count) => [id(count), 123_456]));
    const address = streamAddress({ epoch: 'e'.repeat(36), rooms });
    expect(address.length).toBeLessThanOrEqual(3_500);
    expect(address.length).toBeGreaterThan(3_400);
    expect(address).toMatch(/:123456$/);
    expect(address).toContain(`${id(0)}:123456,${id(1)}:123456`);
  });
});

describe('a silent stream', () => {
  it('is doubted after a minute: another is opened from the cursors and replaces it when it speaks', () => {
    sources[0]!.hear('hello');
    vi.advanceTimersByTime(59_999);
    expect(sources).toHaveLength(1);
    cursor = 9;
    vi.advanceTimersByTime(1);
    expect(sources[1]!.address).toContain('room:9');
    expect(sources[0]!.closed).toBe(false);
    sources[1]!.hear('hello');
    expect(sources[0]!.closed).toBe(true);
    sources[0]!.hear('typing');
    sources[1]!.hear('presence');
    expect(frames.map((frame) => frame.type)).toEqual(['hello', 'hello', 'presence']);
    expect(broken).toEqual([]);
  });

  it('is broken if the other one fails, or says nothing', () => {
    vi.advanceTimersByTime(60_000);
    sources[1]!.onerror!();
    expect(broken).toEqual([1006]);
    expect(sources.map((source) => source.closed)).toEqual([true, true]);
    line.resume();
    vi.advanceTimersByTime(70_000);
    expect(broken).toEqual([1006, 1006]);
  });

  it('stands if it speaks after all, whatever becomes of the other one', () => {
    vi.advanceTimersByTime(60_000);
    vi.advanceTimersByTime(1);
    sources[0]!.hear('presence');
    sources[1]!.onerror!();
    expect(broken).toEqual([]);
    expect(sources.map((source) => source.closed)).toEqual([false, true]);
  });

  it('is doubted earlier if there is reason to, but not if it has just spoken', () => {
    sources[0]!.hear('hello');
    vi.advanceTimersByTime(14_999);
    line.prove();
    expect(sources).toHaveLength(1);
    vi.advanceTimersByTime(1);
    line.prove();
    expect(sources).toHaveLength(2);
  });

  it('does not make somebody present who is away', async () => {
    line.say({ type: 'presence', status: 'away' });
    await vi.advanceTimersByTimeAsync(60_000);
    sources[1]!.hear('hello');
    await vi.advanceTimersByTimeAsync(0);
    const away = ['PUT', '/api/v1/me/presence', { status: 'away' }];
    expect(asked).toEqual([away, away]);
  });
});

it('what was missed is asked for by a stream from the new cursors', () => {
  cursor = 12;
  line.resume();
  expect(sources.map((source) => source.closed)).toEqual([true, false]);
  expect(sources[1]!.address).toContain('room:12');
});

it('nothing is heard after the line was closed', () => {
  line.close();
  sources[0]!.hear('presence');
  expect(sources[0]!.onerror).toBeNull();
  vi.advanceTimersByTime(120_000);
  expect(sources).toHaveLength(1);
  expect(frames).toEqual([]);
  expect(broken).toEqual([]);
});
