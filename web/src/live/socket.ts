// A line over WebSocket: frames both ways, and a ping when nothing was heard for long.

import type { Command, Frame } from '../wire';
import { BROKEN, type Ear, type Line } from './line';

const HEARTBEAT_DEFAULT_MS = 25_000;
/** Where there is reason for doubt, an answer is not waited for as long. */
const PROOF_WAIT_MS = 5_000;

/** Opens the socket of this page's server. */
export function openSocket(): WebSocket {
  const url = new URL('/api/v1/ws', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(url);
}

export class SocketLine implements Line {
  readonly #socket: WebSocket;
  #heartbeatMs = HEARTBEAT_DEFAULT_MS;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ear: Ear,
    open: () => WebSocket,
  ) {
    this.#socket = open();
    this.#socket.onmessage = (event) => this.#hear(event.data as string);
    this.#socket.onclose = (event) => this.#broken(event.code);
    this.#watch();
  }

  begin(): void {
    this.resume();
  }

  resume(): void {
    const { epoch, rooms } = this.ear.cursors();
    const command: Command = { type: 'resume', rooms };
    if (epoch !== null) command.epoch = epoch;
    this.say(command);
  }

  say(command: Command): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(command));
    return true;
  }

  prove(): void {
    this.#ask(PROOF_WAIT_MS);
  }

  close(): void {
    clearTimeout(this.#silence);
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close();
  }

  #hear(text: string): void {
    const frame = JSON.parse(text) as Frame;
    if (frame.type === 'hello') this.#heartbeatMs = frame.heartbeat_ms;
    this.#watch();
    this.ear.frame(frame);
  }

  /** A browser does not show the server's pings to the page, so the page asks for itself. */
  #watch(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#ask(this.#heartbeatMs), this.#heartbeatMs);
  }

  #ask(wait: number): void {
    clearTimeout(this.#silence);
    this.say({ type: 'ping' });
    this.#silence = setTimeout(() => this.#broken(BROKEN), wait);
  }

  #broken(code: number): void {
    this.close();
    this.ear.broken(code);
  }
}
