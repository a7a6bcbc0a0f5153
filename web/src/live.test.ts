// The connection comes back by itself, continues where it was, and gives up only when told to.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Live, waitMax, type Listener, type Standing } from './live';
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

const HELLO = { type: 'hello', protocol: 'rill/1', epoch: 'e', heartbeat_ms: 25_000, limits: {} };

let sockets: Socket[];
let standings: Standing[];
let frames: Frame[];
let ended: [string, number][];
let unproven: number;
let live: Live;

const listener: Listener = {
  cursors: () => ({ epoch: 'e', rooms: { room: 41 } }),
  frame: (frame) => frames.push(frame),
  standing: (standing) => standings.push(standing),
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
  standings = [];
  frames = [];
  ended = [];
  unproven = 0;
  live = new Live(listener, {
    open: () => {
      const socket = new Socket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
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
    last().shut(1006);
    vi.advanceTimersByTime(499);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(2);
    last().shut(1006);
    vi.advanceTimersByTime(999);
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(3);
  });

  it('counts from the beginning after a connection that worked', () => {
    for (let count = 0; count < 5; count++) {
      last().shut(1006);
      vi.advanceTimersByTime(30_000);
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
