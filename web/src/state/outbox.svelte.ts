// Messages on their way: shown at once, kept until the server confirms them, sent again as often as it takes.
// One message of a room is on its way at a time, so that they arrive in the order in which they were written.

import type { Unsent } from '../offline/database';
import type { Queue } from '../offline/queue';
import type { Command, Entry, Frame, MessagePage, MessageRef } from '../wire';
import { words } from '../words';

export type { Unsent };

/** How long to wait for an answer before the same is said again. */
const ANSWER_WAIT_MS = 15_000;
const RETRY_WAIT_MS = 2_000;
/** The server could not, for now: the same message will be taken later. */
const PASSING = new Set([
  'too_many',
  'unavailable',
  'timeout',
  'unknown',
  'internal',
  'draining',
  'storage_full',
]);

type Answer = Extract<Frame, { type: 'ok' | 'error' }>;

export class Outbox {
  /** What the screen shows as pending or failed, oldest first. */
  items: readonly Unsent[] = $state.raw([]);
  #user = '';
  /** Confirmed, but not yet seen in the room: client id to seq. */
  #confirmed = new Map<string, number>();
  /** The room of each message that waits for its answer, by client id. */
  #underway = new Map<string, { room: string; timer: ReturnType<typeof setTimeout> }>();
  /** Set while the server asked for patience: nothing is sent until it fires. */
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly queue: Queue,
    private readonly send: (command: Command) => boolean,
  ) {}

  /** Takes up what the person had left unsent. */
  async open(user: string): Promise<void> {
    // What somebody else left here waits on the disk until they are back.
    if (this.#user !== user) this.items = [];
    this.#user = user;
    const kept = await this.queue.all(user);
    const known = new Set(this.items.map((item) => item.client_id));
    this.items = [...kept.filter((item) => !known.has(item.client_id)), ...this.items];
    this.flush();
  }

  /** Forgets everything, also on the disk. */
  async close(): Promise<void> {
    this.broken();
    this.#confirmed.clear();
    this.items = [];
    await this.queue.clear(this.#user);
  }

  /** Writes a message; it is shown and kept from now on. */
  add(room: string, text: string, reply_to: MessageRef | null): void {
    const item: Unsent = {
      client_id: crypto.randomUUID?.() ?? fallbackId(),
      user: this.#user,
      room,
      text,
      reply_to: reply_to && { id: reply_to.id, seq: reply_to.seq },
      at: new Date().toISOString(),
      order: Math.max(Date.now(), (this.items.at(-1)?.order ?? 0) + 1),
      failed: null,
    };
    this.items = [...this.items, item];
    void this.queue.keep(item);
    this.flush();
  }

  /** Tries a failed message again. */
  retry(client_id: string): void {
    this.#set(client_id, null);
    this.flush();
  }

  /** Gives a message up. */
  discard(client_id: string): void {
    this.#remove(client_id);
    this.flush();
  }

  /** Gives up all that was meant for a room that one is not in any longer; says how many those were. */
  discardRoom(room: string): number {
    const lost = this.items.filter((item) => item.room === room);
    for (const item of lost) this.#remove(item.client_id);
    return lost.length;
  }

  /** Sends what can be sent now: the oldest of each room. */
  flush(): void {
    if (this.#retry !== undefined) return;
    const busy = new Set([...this.#underway.values()].map(({ room }) => room));
    for (const item of this.items) {
      if (item.failed !== null || busy.has(item.room) || this.#confirmed.has(item.client_id)) continue;
      const { client_id, room, text, reply_to } = item;
      const sent = this.send({ type: 'post', ref: client_id, room, client_id, text, reply_to: reply_to?.id });
      if (!sent) return;
      busy.add(room);
      const timer = setTimeout(() => this.#again(client_id, 0), ANSWER_WAIT_MS);
      this.#underway.set(client_id, { room, timer });
    }
  }

  /** The connection broke: whatever was underway will be sent again. */
  broken(): void {
    for (const { timer } of this.#underway.values()) clearTimeout(timer);
    this.#underway.clear();
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  /** The server answered a `post`; `cursor` tells up to where its room has been heard. */
  answered(answer: Answer, cursor: (room: string) => number): void {
    const client_id = answer.ref;
    if (!client_id || !this.#settle(client_id)) return;
    if (answer.type === 'ok') {
      const item = this.items.find((item) => item.client_id === client_id);
      const seq = answer.seq ?? 0;
      void this.queue.drop(client_id);
      if (item && seq > cursor(item.room)) this.#confirmed.set(client_id, seq);
      else this.#remove(client_id);
    } else if (PASSING.has(answer.problem.code)) {
      this.#again(client_id, (answer.problem.retry_after ?? RETRY_WAIT_MS / 1000) * 1000);
      return;
    } else {
      this.#set(client_id, words.refusal(answer.problem));
    }
    this.flush();
  }

  /** The message is in the room's log, whoever's connection brought it there. */
  seen(entry: Entry): void {
    if (entry.body.kind !== 'message_posted' || entry.actor.id !== this.#user || !entry.client_id) return;
    this.#settle(entry.client_id);
    this.#remove(entry.client_id);
    this.flush();
  }

  /** A page was loaded: whatever it holds has arrived. */
  seenPage(room: string, page: MessagePage): void {
    const arrived = new Set(page.items.map((message) => message.client_id));
    for (const item of this.items.filter((item) => item.room === room)) {
      const confirmed = this.#confirmed.get(item.client_id);
      if (arrived.has(item.client_id) || (confirmed !== undefined && confirmed <= page.head)) {
        this.#settle(item.client_id);
        this.#remove(item.client_id);
      }
    }
  }

  #again(client_id: string, wait: number): void {
    this.#settle(client_id);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.flush();
    }, wait);
  }

  #settle(client_id: string): boolean {
    clearTimeout(this.#underway.get(client_id)?.timer);
    return this.#underway.delete(client_id);
  }

  #set(client_id: string, failed: string | null): void {
    this.items = this.items.map((item) => {
      if (item.client_id !== client_id) return item;
      const changed = { ...item, failed };
      void this.queue.keep(changed);
      return changed;
    });
  }

  #remove(client_id: string): void {
    this.#confirmed.delete(client_id);
    if (!this.items.some((item) => item.client_id === client_id)) return;
    this.items = this.items.filter((item) => item.client_id !== client_id);
    void this.queue.drop(client_id);
  }
}

/** `randomUUID` is missing where the page is served over plain HTTP to another machine. */
function fallbackId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
