// Commands of the socket as requests, and their answers as the frames that a socket would have answered with.

import { exchange, Refusal } from '../api';
import type { Command, Frame, Problem, Recorded } from '../wire';

/** A request that does what the command asks for. */
export interface Translated {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body: object | null;
}

/** The request for a command; null for those that mean nothing without a socket. */
export function translate(command: Command): Translated | null {
  switch (command.type) {
    case 'post': {
      const { client_id, text, reply_to, location } = command;
      const body = { client_id, text, reply_to, location };
      return { method: 'POST', path: `/rooms/${command.room}/messages`, body };
    }
    case 'edit': {
      const { text, client_id } = command;
      return { method: 'PATCH', path: messagePath(command), body: { text, client_id } };
    }
    case 'delete':
      return { method: 'DELETE', path: messagePath(command), body: null };
    case 'react': {
      const path = `${messagePath(command)}/reactions/${encodeURIComponent(command.emoji)}`;
      return { method: command.on ? 'PUT' : 'DELETE', path, body: null };
    }
    case 'pin':
      return { method: command.on ? 'PUT' : 'DELETE', path: `${messagePath(command)}/pin`, body: null };
    case 'read':
      return { method: 'PUT', path: `/rooms/${command.room}/read`, body: { seq: command.seq } };
    case 'typing':
      return { method: 'POST', path: `/rooms/${command.room}/typing`, body: { on: command.on } };
    case 'presence':
      return { method: 'PUT', path: '/me/presence', body: { status: command.status } };
    case 'auth':
    case 'resume':
    case 'ping':
      return null;
    default:
      return command satisfies never;
  }
}

function messagePath({ room, message }: { room: string; message: string }): string {
  return `/rooms/${room}/messages/${message}`;
}

/** Says commands one after the other where their order matters: those of a kind in a room. */
export class Speaker {
  #last = new Map<string, Promise<void>>();

  constructor(private readonly answer: (frame: Frame) => void) {}

  say(command: Command): void {
    const request = translate(command);
    if (!request) return;
    const lane = `${command.type} ${'room' in command ? command.room : ''}`;
    const before = this.#last.get(lane) ?? Promise.resolve();
    const done = before.then(() => this.#ask(command, request));
    this.#last.set(lane, done);
    void done.then(() => this.#last.get(lane) === done && this.#last.delete(lane));
  }

  async #ask(command: Command, { method, path, body }: Translated): Promise<void> {
    const ref = 'ref' in command ? command.ref : null;
    let frame: Frame | null = null;
    try {
      const { value } = await exchange<Recorded | undefined>(method, path, body && JSON.stringify(body));
      // What `read` answers is no entry.
      const entry = command.type === 'read' ? {} : value;
      if (ref) frame = { type: 'ok', ref, seq: entry?.seq, id: entry?.id, at: entry?.at };
    } catch (error) {
      const problem = error instanceof Refusal && error.problem ? error.problem : UNKNOWN;
      if (ref) frame = { type: 'error', ref, problem };
    }
    if (frame) this.answer(frame);
  }
}

/** No answer came, or none that can be read: it may have been done or not, as the server says it of itself with 504. */
const UNKNOWN: Problem = {
  type: 'about:blank',
  title: 'The outcome is unknown',
  status: 504,
  detail: 'No answer came',
  code: 'unknown',
};
