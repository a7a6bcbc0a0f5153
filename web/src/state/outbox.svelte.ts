// What one does, on its way: shown at once, kept until the server confirms it, sent again as often as it takes.
// One thing of a room is on its way at a time, so that all arrives in the order in which it was done.

import type { Unsent } from '../offline/database';
import type { Queue } from '../offline/queue';
import { newId, Tabs } from '../offline/tabs';
import type { Command, Entry, Frame, Location, Message, MessagePage, MessageRef, Problem } from '../wire';
import { words } from '../words/page';
import {
  commandFor,
  isPassing,
  replaced,
  sameSwitch,
  waitsFor,
  withArrival,
  without,
  withNew,
  withoutPost,
} from './unsent';

export type { Unsent };

/** How long to wait for an answer before the same is said again. */
const ANSWER_WAIT_MS = 15_000;
const RETRY_WAIT_MS = 2_000;
type Answer = Extract<Frame, { type: 'ok' | 'error' }>;
/** What an item says beyond what all items have. */
type Said<T extends Unsent> = T extends Unsent ? Omit<T, keyof ReturnType<Outbox['fresh']>> : never;
/** A message, as far as one has to know it to name it. */
type Named = Pick<Message, 'room' | 'id' | 'client_id'>;

export class Outbox {
  /** What the screen shows as pending or failed, oldest first. */
  items: readonly Unsent[] = $state.raw([]);
  /** How many of them the server has not confirmed. */
  readonly waiting = $derived(this.items.filter((item) => item.done === null).length);
  #user = '';
  /** The room of each item that waits for its answer, by client id. */
  #underway = new Map<string, { room: string; timer: ReturnType<typeof setTimeout> }>();
  /** The ids of the messages that arrived, by client id: the screen may still name them by that. */
  #arrived = new Map<string, string>();
  /** Set while the server asked for patience: nothing is sent until it fires. */
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly queue: Queue,
    private readonly send: (command: Command) => boolean,
    /** Is told what was refused, and why. */
    private readonly refused: (item: Unsent, why: string) => void = () => {},
    private readonly tabs = new Tabs(),
  ) {}

  /** Takes up what the person had left unsent. */
  async open(user: string): Promise<void> {
    if (this.#user !== user) this.items = [];
    this.#user = user;
    const kept = await this.queue.all(user);
    if (this.#user !== user) return;
    this.#takeUp(kept.filter((item) => item.tab === this.tabs.id));
    const others = kept.map((item) => item.tab).filter((tab) => tab !== this.tabs.id);
    await this.tabs.open(others, async (tab) => {
      const left = await this.queue.all(this.#user);
      this.#takeUp(left.filter((item) => item.tab === tab));
    });
  }

  /** Forgets everything, also on the disk. */
  async close(): Promise<void> {
    this.broken();
    this.#arrived.clear();
    this.items = [];
    await this.queue.clear(this.#user);
  }

  /** Writes a message; it is shown and kept from now on. */
  post(room: string, text: string, reply_to: MessageRef | null, location: Location | null = null): void {
    const root = reply_to && { id: reply_to.id, seq: reply_to.seq };
    this.#add(room, { kind: 'post', text, reply_to: root, location });
  }

  edit(message: Named, text: string): void {
    this.#add(message.room, { kind: 'edit', ...this.#name(message), text });
  }

  erase(message: Named): void {
    this.#add(message.room, { kind: 'delete', ...this.#name(message) });
  }

  pin(message: Named, on: boolean): void {
    this.#add(message.room, { kind: 'pin', ...this.#name(message), on });
  }

  /** One's own reaction is put there or taken back, whatever it is now. */
  react(message: Named & Pick<Message, 'reactions'>, emoji: string): void {
    const item = {
      ...this.fresh(message.room),
      kind: 'react' as const,
      ...this.#name(message),
      emoji,
      on: true,
    };
    const last = this.items.findLast((other) => other.failed === null && sameSwitch(other, item));
    const mine = message.reactions?.some((one) => one.emoji === emoji && one.users.includes(this.#user));
    this.#add(message.room, { ...item, on: last && 'on' in last ? !last.on : !mine });
  }

  /** Tries again what failed. */
  retry(client_id: string): void {
    this.#change(client_id, { failed: null });
    this.flush();
  }

  /** Gives an item up; with a message goes what was done to it. */
  discard(client_id: string): void {
    this.#become(withoutPost(this.items, client_id));
    this.flush();
  }

  /** Gives up all that was meant for a room that one is not in any longer; says how many those were. */
  discardRoom(room: string): number {
    const lost = this.items.filter((item) => item.room === room);
    this.#become(without(this.items, lost));
    return lost.filter((item) => item.done === null).length;
  }

  /** Sends what can be sent now: the oldest of each room. */
  flush(): void {
    if (this.#retry !== undefined) return;
    const busy = new Set([...this.#underway.values()].map(({ room }) => room));
    for (const item of this.items) {
      if (item.failed !== null || item.done !== null || busy.has(item.room)) continue;
      const { client_id, room } = item;
      const command = commandFor(item);
      if (!command) continue;
      if (!this.send(command)) return;
      busy.add(room);
      const timer = setTimeout(() => this.#again(client_id, 0), ANSWER_WAIT_MS);
      this.#underway.set(client_id, { room, timer });
      if (!item.tried) this.#change(client_id, { tried: true });
    }
  }

  /** The connection broke: whatever was underway will be sent again. */
  broken(): void {
    for (const { timer } of this.#underway.values()) clearTimeout(timer);
    this.#underway.clear();
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  /** The server answered a command; `cursor` tells up to where its room has been heard. */
  answered(answer: Answer, cursor: (room: string) => number): void {
    const client_id = answer.ref;
    if (!client_id || !this.#settle(client_id)) return;
    const item = this.items.find((item) => item.client_id === client_id);
    if (answer.type === 'ok') {
      if (item) this.#confirmed(item, answer.seq ?? 0, answer.id ?? null, cursor(item.room));
    } else if (isPassing(answer.problem)) {
      this.#again(client_id, (answer.problem.retry_after ?? RETRY_WAIT_MS / 1000) * 1000);
      return;
    } else if (item) this.#no(item, answer.problem);
    this.flush();
  }

  /** The entry is in the room's log, whoever's connection brought it there. */
  seen(entry: Entry): void {
    if (entry.actor.id === this.#user && entry.client_id) {
      this.#arrive(entry.client_id, entry.body.kind === 'message_posted' ? entry.id : null);
    }
    // What went out as a request has no client id in its entry.
    this.reached(entry.room, entry.seq);
  }

  /** A page was loaded: whatever it holds has arrived. */
  seenPage(room: string, page: MessagePage): void {
    for (const { sender, client_id, id } of page.items) {
      if (sender.id === this.#user && client_id) this.#arrive(client_id, id);
    }
    this.reached(room, page.head);
  }

  /** The room is known up to this entry: what was confirmed before that is shown by it. */
  reached(room: string, seq: number): void {
    const known = this.items.filter((item) => item.room === room && item.done !== null && item.done <= seq);
    this.#become(without(this.items, known));
    this.flush();
  }

  /** What all new items have in common. */
  fresh(room: string) {
    return {
      client_id: newId(),
      user: this.#user,
      tab: this.tabs.id,
      room,
      at: new Date().toISOString(),
      order: Math.max(Date.now(), (this.items.at(-1)?.order ?? 0) + 1),
      tried: false,
      failed: null as string | null,
      done: null as number | null,
    };
  }

  #add(room: string, said: Said<Unsent>): void {
    this.#become(withNew(this.items, { ...this.fresh(room), ...said }));
    this.flush();
  }

  /** A message that has not arrived goes by its client id. */
  #name({ id, client_id }: Named): { message: string | null; post: string | null } {
    if (id !== client_id) return { message: id, post: null };
    return { message: this.#arrived.get(client_id) ?? null, post: client_id };
  }

  #takeUp(kept: readonly Unsent[]): void {
    const known = new Set(this.items.map((item) => item.client_id));
    const fresh = kept.filter((item) => item.user === this.#user && !known.has(item.client_id));
    if (fresh.length === 0) return;
    // Written again, so that they count as this tab's from now on.
    const mine = fresh.map((item) => ({ ...item, tab: this.tabs.id }));
    this.#become([...mine, ...this.items].sort((a, b) => a.order - b.order));
    this.flush();
  }

  #confirmed(item: Unsent, seq: number, id: string | null, cursor: number): void {
    let next = this.items;
    if (item.kind === 'post' && id) {
      this.#arrived.set(item.client_id, id);
      next = withArrival(next, item.client_id, id);
    }
    // Until its entry is heard the item keeps showing what it did.
    this.#become(seq > cursor ? replaced(next, item, { ...item, done: seq }) : without(next, [item]));
  }

  /** It is in the log; `id` is that of a message. */
  #arrive(client_id: string, id: string | null): void {
    this.#settle(client_id);
    const item = this.items.find((item) => item.client_id === client_id);
    if (!item) return;
    if (id) this.#arrived.set(client_id, id);
    this.#become(without(id ? withArrival(this.items, client_id, id) : this.items, [item]));
  }

  #no(item: Unsent, problem: Problem): void {
    const gone = problem.code === 'not_found';
    const unwanted =
      item.kind === 'post'
        ? this.items.some((other) => other.kind === 'delete' && waitsFor(other) === item.client_id)
        : gone && item.kind !== 'edit';
    // Nothing can be done to a message that is not there, and nobody misses one that was taken back.
    if (unwanted) return this.#become(withoutPost(this.items, item.client_id));
    const why = words.refusal(problem);
    // A refusal means that nothing of it arrived; only `conflict` says that something did.
    this.#change(item.client_id, { failed: why, tried: problem.code === 'conflict' });
    this.refused(item, why);
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

  #change(client_id: string, how: Partial<Pick<Unsent, 'failed' | 'tried'>>): void {
    const item = this.items.find((item) => item.client_id === client_id);
    if (item) this.#become(replaced(this.items, item, { ...item, ...how }));
  }

  /** The one place where the list changes: what changed with it is kept, what left it is dropped. */
  #become(next: readonly Unsent[]): void {
    const before = this.items;
    if (next === before) return;
    this.items = next;
    const open = (items: readonly Unsent[]) => items.filter((item) => item.done === null);
    const left = new Set(open(next).map((item) => item.client_id));
    const old = new Set(before);
    const keep = open(next).filter((item) => !old.has(item));
    const drop = open(before)
      .map((item) => item.client_id)
      .filter((client_id) => !left.has(client_id));
    if (keep.length + drop.length > 0) void this.queue.write(keep, drop);
  }
}
