// The connection comes back by itself, continues where it was, and gives up only when told to.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Live, waitMax, type Listener, type Standing } from './live';
import { StreamLine } from './live/stream';
import type { Frame } from './wire';

class Socket {
  readyState = 1;
  sent: unknown[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  hear(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  shut(code: number) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

class Source {
  closed = false;
  onmessage: ((event: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  constructor(readonly address: string) {}
  close() {
    this.closed = true;
  }
  hear(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  catchUp() {
    this.hear({ ...HELLO, heartbeat_ms: 15_000 });
    this.hear({ type: 'welcome', me: {}, session: 's' });
    this.hear({ type: 'resumed', rooms: { room: 41 } });
  }
}

const HELLO = { type: 'hello', protocol: 'rill/1', epoch: 'e', heartbeat_ms: 25_000, limits: {} };

let sockets: Socket[];
let sources: Source[];
let standings: Standing[];
let frames: Frame[];
let bursts: number[];
let retries: (number | null)[];
let ended: [string, number][];
let unproven: number;
let live: Live;

const listener: Listener = {
  cursors: () => ({ epoch: 'e', rooms: { room: 41 } }),
  frames: (heard) => {
    frames.push(...heard);
    bursts.push(heard.length);
  },
  standing: (standing, retryAt) => {
    standings.push(standing);
    retries.push(retryAt);
  },
  unproven: () => unproven++,
  ended: (what, code) => ended.push([what, code]),
};

function last(): Socket {
  return sockets.at(-1)!;
}

function catchUp() {
  last().hear(HELLO);
  last().hear({ type: 'welcome', me: {}, session: 's' });
  last().hear({ type: 'resumed', rooms: { room: 41 } });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', { OPEN: 1 });
  sockets = [];
  sources = [];
  standings = [];
  frames = [];
  bursts = [];
  retries = [];
  ended = [];
  unproven = 0;
  live = new Live(listener, {
    openSocket: () => {
      const socket = new Socket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    streamLine: async (ear) =>
      new StreamLine(ear, (address) => {
        const source = new Source(address);
        sources.push(source);
        return source as unknown as EventSource;
      }),
    random: () => 1,
  });
  live.start();
});

afterEach(() => {
  live.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a connection', () => {
  it('resumes from the cursors once the server knows who is asking', () => {
    last().hear(HELLO);
    expect(last().sent).toEqual([]);
    last().hear({ type: 'welcome', me: {}, session: 's' });
    expect(last().sent).toEqual([{ type: 'resume', epoch: 'e', rooms: { room: 41 } }]);
    last().hear({ type: 'resumed', rooms: {} });
    expect(standings).toEqual(['connecting', 'catching_up', 'up_to_date']);
    expect(frames.map((frame) => frame.type)).toEqual(['hello', 'welcome', 'resumed']);
  });

  it('says nothing before everything missed has been heard', () => {
    last().hear(HELLO);
    last().hear({ type: 'welcome', me: {}, session: 's' });
    expect(live.send({ type: 'ping' })).toBe(false);
    last().hear({ type: 'resumed', rooms: {} });
    expect(live.send({ type: 'ping' })).toBe(true);
  });

  it('asks whether anybody is there, and comes back when nobody is', () => {
    catchUp();
    vi.advanceTimersByTime(25_000);
    expect(last().sent.at(-1)).toEqual({ type: 'ping' });
    last().hear({ type: 'pong' });
    vi.advanceTimersByTime(49_000);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1_000 + 500);
    expect(sockets).toHaveLength(2);
    expect(sockets[0]!.readyState).toBe(3);
  });
});

describe('a break', () => {
  it('is waited out for longer and longer, up to half a minute', () => {
    expect([0, 1, 2, 5, 6, 20].map(waitMax)).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000]);
    for (const [count, wait] of [500, 1_000, 2_000, 4_000].entries()) {
      last().hear(HELLO);
      last().shut(1006);
      expect(retries.at(-1)).toBe(Date.now() + wait);
      vi.advanceTimersByTime(wait - 1);
      expect(sockets).toHaveLength(count + 1);
      vi.advanceTimersByTime(1);
      expect(sockets).toHaveLength(count + 2);
      expect(retries.at(-1)).toBeNull();
    }
  });

  it('counts from the beginning after a connection that worked', () => {
    for (let count = 0; count < 5; count++) {
      last().hear(HELLO);
      last().shut(1006);
      vi.advanceTimersByTime(retries.at(-1)! - Date.now());
    }
    catchUp();
    const before = sockets.length;
    last().shut(1012);
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(before + 1);
  });

  it('lasts as long as a stopping server asks for', () => {
    catchUp();
    last().hear({ type: 'drain', retry_after_ms: 4_000 });
    last().shut(1012);
    vi.advanceTimersByTime(3_999);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(2);
  });

  it('ends at once when the network is back', () => {
    catchUp();
    live.lost();
    expect(standings.at(-1)).toBe('offline');
    live.retryNow();
    expect(sockets).toHaveLength(2);
    live.retryNow();
    expect(sockets).toHaveLength(2);
  });

  it('that nobody noticed is found out when somebody looks again', () => {
    catchUp();
    live.retryNow();
    expect(last().sent.at(-1)).toEqual({ type: 'ping' });
    last().hear({ type: 'pong' });
    vi.advanceTimersByTime(10_000);
    expect(standings.at(-1)).toBe('up_to_date');
    live.retryNow();
    vi.advanceTimersByTime(5_000);
    expect(standings.at(-1)).toBe('offline');
  });

  it('before anybody was known makes one look whether the session still stands', () => {
    last().shut(1006);
    expect(unproven).toBe(1);
    vi.advanceTimersByTime(500);
    catchUp();
    last().shut(1006);
    expect(unproven).toBe(1);
  });
});

describe('an end', () => {
  it.each([
    [4001, 'sign_in'],
    [4003, 'sign_in'],
    [4004, 'sign_in'],
    [1007, 'give_up'],
    [1008, 'give_up'],
    [1009, 'give_up'],
    [4100, 'give_up'],
    [4103, 'give_up'],
  ])('with code %i asks to %s and does not come back', (code, what) => {
    catchUp();
    last().shut(code);
    expect(ended).toEqual([[what, code]]);
    vi.advanceTimersByTime(120_000);
    expect(sockets).toHaveLength(1);
  });

  it.each([1001, 1006, 1011, 1012, 4008, 4009, 4029])('with code %i is a break', (code) => {
    catchUp();
    last().shut(code);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(2);
  });
});

describe('a burst', () => {
  const typing = (count: number) => ({ type: 'typing', room: `room ${count}` });

  it('is handed over at once, in order', () => {
    catchUp();
    bursts.length = 0;
    for (let count = 0; count < 50; count++) last().hear(typing(count));
    expect(bursts).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(bursts).toEqual([50]);
    expect(frames.slice(-50)).toEqual(Array.from({ length: 50 }, (_, count) => typing(count)));
    last().hear(typing(50));
    vi.advanceTimersByTime(100);
    expect(bursts).toEqual([50, 1]);
  });

  it('is known before anything is asked from the cursors, and before it is said that nothing is missing', () => {
    last().hear(HELLO);
    expect(frames).toEqual([]);
    last().hear({ type: 'welcome', me: {}, session: 's' });
    expect(frames.map((frame) => frame.type)).toEqual(['hello', 'welcome']);
    last().hear(typing(1));
    last().hear({ type: 'resumed', rooms: {} });
    expect(frames.map((frame) => frame.type)).toEqual(['hello', 'welcome', 'typing', 'resumed']);
    last().hear(typing(2));
    live.resume();
    expect(frames.at(-1)).toEqual(typing(2));
  });

  it('that came before a break is not lost with it', () => {
    catchUp();
    last().hear(typing(1));
    last().shut(1006);
    expect(frames.at(-1)).toEqual(typing(1));
  });

  it('is not passed on after the end', () => {
    catchUp();
    last().hear(typing(1));
    const before = frames.length;
    live.stop();
    vi.advanceTimersByTime(1_000);
    last().hear(typing(2));
    expect(frames).toHaveLength(before);
  });
});

describe('where sockets are blocked', () => {
  async function fallBack() {
    last().shut(1006);
    await vi.advanceTimersByTimeAsync(500);
    last().shut(1006);
    await vi.advanceTimersByTimeAsync(0);
  }

  it('a stream from the same cursors follows the second refusal at once', async () => {
    await fallBack();
    expect(sources.map((source) => source.address)).toEqual(['/api/v1/events?epoch=e&rooms=room:41']);
    sources[0]!.catchUp();
    expect(standings).toEqual(['connecting', 'offline', 'connecting', 'catching_up', 'up_to_date']);
    expect(frames.map((frame) => frame.type)).toEqual(['hello', 'welcome', 'resumed']);
    expect(unproven).toBe(1);
  });

  it('a stream follows a socket that says nothing for 8 s', async () => {
    await vi.advanceTimersByTimeAsync(7_999);
    expect(sources).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(sources).toHaveLength(1);
    expect(last().readyState).toBe(3);
  });

  it('a server that is away is not mistaken for that: the stream fails too, and sockets come first again', async () => {
    await fallBack();
    sources[0]!.onerror!();
    expect(standings.at(-1)).toBe('offline');
    expect(unproven).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sockets).toHaveLength(3);
    catchUp();
    expect(standings.at(-1)).toBe('up_to_date');
    expect(sources).toHaveLength(1);
  });

  it('a server that refuses in words is not mistaken for that', async () => {
    for (let count = 0; count < 4; count++) {
      last().shut(4029);
      await vi.advanceTimersByTimeAsync(retries.at(-1)! - Date.now());
    }
    expect(sockets).toHaveLength(5);
    expect(sources).toHaveLength(0);
  });

  it('a break of the stream is waited out, a socket is tried for 3 s, then the stream again', async () => {
    await fallBack();
    sources[0]!.catchUp();
    sources[0]!.onerror!();
    expect(standings.at(-1)).toBe('offline');
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sources).toHaveLength(2);
  });

  it('a socket is tried beside the stream after 30 s, then every 5 minutes, and nobody notices', async () => {
    await fallBack();
    sources[0]!.catchUp();
    const before = standings.length;
    const talk = async (times: number) => {
      for (let count = 0; count < times; count++) {
        sources[0]!.hear({ type: 'presence' });
        await vi.advanceTimersByTimeAsync(10_000);
      }
    };
    await talk(3);
    expect(sockets).toHaveLength(3);
    last().shut(1006);
    await talk(29);
    expect(sockets).toHaveLength(3);
    await talk(1);
    expect(sockets).toHaveLength(4);
    await talk(1);
    expect(last().readyState).toBe(3);
    expect(standings).toHaveLength(before);
    expect(sources).toHaveLength(1);
  });

  it('a socket that works again replaces the stream and continues from the cursors', async () => {
    await fallBack();
    sources[0]!.catchUp();
    sources[0]!.hear({ type: 'presence' });
    await vi.advanceTimersByTimeAsync(30_000);
    const before = frames.length;
    last().hear(HELLO);
    await vi.advanceTimersByTimeAsync(100);
    expect(frames).toHaveLength(before);
    expect(sources[0]!.closed).toBe(false);
    last().hear({ type: 'welcome', me: {}, session: 's' });
    expect(sources[0]!.closed).toBe(true);
    expect(last().sent).toEqual([{ type: 'resume', epoch: 'e', rooms: { room: 41 } }]);
    last().hear({ type: 'resumed', rooms: {} });
    expect(standings.slice(-2)).toEqual(['catching_up', 'up_to_date']);
    expect(live.send({ type: 'ping' })).toBe(true);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sources).toHaveLength(1);
    expect(standings.at(-1)).toBe('up_to_date');
  });

  it('an answer that comes after the change to a socket is still heard', async () => {
    let answer: (response: Response) => void = () => {};
    vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => (answer = resolve)));
    await fallBack();
    sources[0]!.catchUp();
    expect(live.send({ type: 'post', ref: 'r', room: 'room', client_id: 'c', text: 'hello' })).toBe(true);
    await vi.advanceTimersByTimeAsync(30_000);
    catchUp();
    answer(new Response('{"seq":42,"id":"m","at":"now"}'));
    await vi.advanceTimersByTimeAsync(100);
    expect(frames.at(-1)).toEqual({ type: 'ok', ref: 'r', seq: 42, id: 'm', at: 'now' });
  });

  it('the end ends a stream that is still being loaded', async () => {
    await vi.advanceTimersByTimeAsync(500);
    last().shut(1006);
    await vi.advanceTimersByTimeAsync(500);
    last().shut(1006);
    live.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sources.filter((source) => !source.closed)).toEqual([]);
    expect(frames).toEqual([]);
  });
});
