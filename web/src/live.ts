// The connection: connects, proves it is alive, waits its turn after a break, resumes from cursors.
// Passes every frame on as it came; knows neither rooms nor the screen.

import type { Command, Frame } from './wire';

/** How the connection stands. */
export type Standing = 'connecting' | 'offline' | 'catching_up' | 'up_to_date';

/** Who is told what. */
export interface Listener {
  /** Where to continue from. */
  cursors(): { epoch: string | null; rooms: Record<string, number> };
  frame(frame: Frame): void;
  standing(standing: Standing): void;
  /** The connection broke before the server said who is asking: perhaps the session has ended. */
  unproven(): void;
  /** The server ended it for good: `sign_in` asks for a new session, `give_up` says that trying again does not help. */
  ended(what: 'sign_in' | 'give_up', code: number): void;
}

/** What a test replaces. */
export interface Surroundings {
  open(): WebSocket;
  random(): number;
}

const WAIT_FIRST_MS = 500;
const WAIT_MAX_MS = 30_000;
const HEARTBEAT_DEFAULT_MS = 25_000;

/** The longest wait before attempt number `attempt` (from 0); the real one is a random part of it. */
export function waitMax(attempt: number): number {
  return Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** attempt);
}

function openSocket(): WebSocket {
  const url = new URL('/api/v1/ws', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(url);
}

export class Live {
  #socket: WebSocket | null = null;
  #attempt = 0;
  #proven = false;
  #resumed = false;
  #heartbeatMs = HEARTBEAT_DEFAULT_MS;
  #waitAsked: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #stopped = true;

  constructor(
    private readonly listener: Listener,
    private readonly surroundings: Surroundings = { open: openSocket, random: Math.random },
  ) {}

  /** Connects, and stays connected until `stop`. */
  start(): void {
    this.#stopped = false;
    this.#connect();
  }

  /** Ends the connection; no frame is passed on after this. */
  stop(): void {
    this.#stopped = true;
    this.#drop();
    clearTimeout(this.#retry);
  }

  /** The machine is on the network again, or somebody asks: do not wait any longer. */
  retryNow(): void {
    if (this.#stopped || this.#socket) return;
    this.#attempt = 0;
    clearTimeout(this.#retry);
    this.#connect();
  }

  /** The machine is off the network: do not wait for silence to prove it. */
  lost(): void {
    if (this.#stopped || !this.#socket) return;
    this.#drop();
    this.#retryLater();
  }

  /** Says it if everything missed has been heard; otherwise false, and nothing was sent. */
  send(command: Command): boolean {
    if (!this.#resumed || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(command));
    return true;
  }

  /** Asks for what was missed, on the connection as it is. */
  resume(): void {
    if (!this.#proven || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#resumed = false;
    this.listener.standing('catching_up');
    const { epoch, rooms } = this.listener.cursors();
    const command: Command = { type: 'resume', rooms };
    if (epoch !== null) command.epoch = epoch;
    this.#socket.send(JSON.stringify(command));
  }

  #connect(): void {
    this.listener.standing('connecting');
    this.#proven = false;
    this.#resumed = false;
    const socket = this.surroundings.open();
    this.#socket = socket;
    socket.onmessage = (event) => this.#hear(event.data as string);
    socket.onclose = (event) => this.#closed(event.code);
    this.#watch();
  }

  #hear(text: string): void {
    this.#watch();
    const frame = JSON.parse(text) as Frame;
    if (frame.type === 'hello') this.#heartbeatMs = frame.heartbeat_ms;
    if (frame.type === 'drain') this.#waitAsked = frame.retry_after_ms;
    this.listener.frame(frame);
    if (frame.type === 'welcome') {
      this.#proven = true;
      this.resume();
    }
    if (frame.type === 'resumed') {
      this.#resumed = true;
      this.#attempt = 0;
      this.listener.standing('up_to_date');
    }
  }

  /** A browser does not show the server's pings to the page, so the page asks for itself. */
  #watch(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send('{"type":"ping"}');
      this.#silence = setTimeout(() => this.lost(), this.#heartbeatMs);
    }, this.#heartbeatMs);
  }

  #closed(code: number): void {
    const proven = this.#proven;
    this.#drop();
    if (code >= 4001 && code <= 4007) this.#end('sign_in', code);
    else if ((code >= 1007 && code <= 1009) || (code >= 4100 && code <= 4199)) this.#end('give_up', code);
    else {
      this.#retryLater();
      if (!proven) this.listener.unproven();
    }
  }

  #end(what: 'sign_in' | 'give_up', code: number): void {
    this.#stopped = true;
    this.listener.standing('offline');
    this.listener.ended(what, code);
  }

  #retryLater(): void {
    this.listener.standing('offline');
    const wait = this.#waitAsked ?? waitMax(this.#attempt);
    this.#waitAsked = null;
    this.#attempt += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), this.surroundings.random() * wait);
  }

  #drop(): void {
    clearTimeout(this.#silence);
    this.#proven = false;
    this.#resumed = false;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
