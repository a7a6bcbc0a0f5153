// Whatever the network does: at the end the log holds what was done, once and in order, and nothing is stuck.
// All along, the screen shows what was done as if it were there already.

import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kept } from '../offline/queue';
import type { Account, Command, Entry, EntryBody, Frame, Message, MessageRef } from '../wire';
import { apply, placePage, placeRoom } from './apply';
import { Outbox } from './outbox.svelte';
import { unsentMessages, withPending, type Shown } from './pending';
import { ada, bert, dice, Log, ROOM } from './reference.test-kit';
import { World } from './world.svelte';

const queue = kept();
const me = { ...ada } as Account;
type Roll = (below: number) => number;
type Said = Exclude<Command, { type: 'auth' | 'resume' | 'read' | 'typing' | 'presence' | 'ping' }>;

/** A server as the protocol describes it: what it took once it knows again by the client id. */
class Server {
  readonly log = new Log();

  do(command: Said): { entry: Entry | null; answer: Frame } {
    const { ref, client_id } = command;
    const known = this.log.entries.find((entry) => entry.client_id === client_id);
    if (known) return { entry: null, answer: ok(ref, known) };
    const body = this.#judge(command);
    if (body === 'not_found') return { entry: null, answer: refusal(ref, 'not_found') };
    if (body === 'unchanged') return { entry: null, answer: { type: 'ok', ref } };
    const entry = this.log.add(ada, body, client_id ?? undefined);
    return { entry, answer: ok(ref, entry) };
  }

  #judge(command: Said): EntryBody | 'not_found' | 'unchanged' {
    if (command.type === 'post') return { kind: 'message_posted', text: command.text };
    const found = this.log.page().items.find((message) => message.id === command.message);
    if (!found) return 'not_found';
    const message: MessageRef = { id: found.id, seq: found.seq };
    if (command.type === 'delete')
      return found.deleted_at ? 'unchanged' : { kind: 'message_deleted', message };
    if (found.deleted_at) return 'not_found';
    switch (command.type) {
      case 'edit':
        return found.text === command.text
          ? 'unchanged'
          : { kind: 'message_edited', message, text: command.text };
      case 'react': {
        const { emoji, on } = command;
        if (reacted(found, emoji) === on) return 'unchanged';
        return { kind: on ? 'reaction_added' : 'reaction_removed', message, emoji };
      }
      case 'pin':
        if (Boolean(found.pinned_at) === command.on) return 'unchanged';
        return { kind: command.on ? 'message_pinned' : 'message_unpinned', message };
    }
  }
}

function ok(ref: string, { seq, id, at }: Entry): Frame {
  return { type: 'ok', ref, seq, id, at };
}

function refusal(ref: string, code: string): Frame {
  const problem = { type: '', title: '', status: 400, detail: code, code, retry_after: 0.05 };
  return { type: 'error', ref, problem };
}

function reacted(message: Message, emoji: string): boolean {
  return message.reactions?.some((one) => one.emoji === emoji && one.users.includes(ada.id)) ?? false;
}

/** A page, the line to the server, and everything that can happen to both. */
class Page {
  world = new World();
  outbox!: Outbox;
  connected = false;
  toServer: Said[] = [];
  toClient: Frame[] = [];

  constructor(
    readonly server: Server,
    readonly roll: Roll,
  ) {}

  async load(): Promise<void> {
    this.cut();
    this.world = new World();
    this.world.me = me;
    placeRoom(this.world, this.server.log.room());
    const send = (command: Command) => {
      if (this.connected) this.toServer.push(structuredClone(command) as Said);
      return this.connected;
    };
    this.outbox = new Outbox(queue, send);
    await this.outbox.open(ada.id);
    const page = this.server.log.page();
    this.outbox.seenPage(ROOM, page);
    placePage(this.room, page, 'anew');
  }

  get room() {
    return this.world.rooms.get(ROOM)!;
  }

  get shown(): readonly Shown[] {
    const unsent = unsentMessages(this.outbox.items, me).map(({ message }) => message);
    const sent = withPending(this.room.timeline!.messages, this.outbox.items, ada.id);
    return [...sent, ...unsent].filter((message) => message.sender.id === ada.id);
  }

  connect(): void {
    if (this.connected) return;
    this.connected = true;
    for (const entry of this.server.log.entries.slice(this.room.cursor)) this.#hear({ type: 'entry', entry });
    this.outbox.reached(ROOM, this.room.cursor);
    this.outbox.flush();
  }

  /** The line breaks: of what was on its way some still reaches the server, and nothing comes back. */
  cut(): void {
    const arrived = this.toServer.splice(0, this.roll(this.toServer.length + 1));
    for (const command of arrived) this.server.do(command);
    this.toServer = [];
    this.toClient = [];
    if (this.connected) this.outbox.broken();
    this.connected = false;
  }

  /** The next command reaches the server. */
  serve(): void {
    const command = this.toServer.shift();
    if (!command) return;
    const luck = this.roll(10);
    if (luck === 0) return void this.toClient.push(refusal(command.ref, 'too_many'));
    const { entry, answer } = this.server.do(command);
    // The outcome is unknown, or nothing is heard of it at all.
    const said = luck === 1 ? refusal(command.ref, 'unknown') : luck === 2 ? null : answer;
    const frames: Frame[] = entry ? [{ type: 'entry', entry }] : [];
    if (said) frames.splice(this.roll(frames.length + 1), 0, said);
    this.toClient.push(...frames);
  }

  /** The next frame reaches the page. */
  hear(): void {
    const frame = this.toClient.shift();
    if (frame) this.#hear(structuredClone(frame));
  }

  #hear(frame: Frame): void {
    apply(this.world, frame, 0);
    if (frame.type === 'entry') this.outbox.seen(frame.entry);
    else if (frame.type === 'ok' || frame.type === 'error')
      this.outbox.answered(frame, () => this.room.cursor);
  }
}

/** What was done to one message, as whoever did it would tell. */
interface Wanted {
  text: string;
  deleted: boolean;
  pinned: boolean;
  reactions: Set<string>;
}

const EMOJI = ['👍', '🎉'];

function act(page: Page, wanted: Map<string, Wanted>, roll: Roll, step: number): void {
  const { outbox } = page;
  const there = page.shown.filter((message) => !message.deleted_at);
  const message = there[roll(Math.max(1, there.length))];
  if (!message || roll(3) === 0) {
    outbox.post(ROOM, `message ${step}`, null);
    const { client_id } = outbox.items.at(-1)!;
    wanted.set(client_id, { text: `message ${step}`, deleted: false, pinned: false, reactions: new Set() });
    return;
  }
  const want = wanted.get(message.client_id!)!;
  switch (roll(6)) {
    case 0:
    case 1:
      want.text = `edited ${step}`;
      return outbox.edit(message, want.text);
    case 2:
      want.pinned = !want.pinned;
      return outbox.pin(message, want.pinned);
    case 3:
      want.deleted = true;
      return outbox.erase(message);
    default: {
      const emoji = EMOJI[roll(2)]!;
      if (!want.reactions.delete(emoji)) want.reactions.add(emoji);
      return outbox.react(message, emoji);
    }
  }
}

/** What a message amounts to; a deleted one is as good as one that never was. */
function gist(message: Message): unknown {
  const reactions = EMOJI.filter((emoji) => reacted(message, emoji));
  return [message.client_id, message.text, Boolean(message.pinned_at), reactions];
}

function gistsOf(wanted: Map<string, Wanted>): unknown[] {
  return [...wanted]
    .filter(([, want]) => !want.deleted)
    .map(([id, want]) => [id, want.text, want.pinned, EMOJI.filter((emoji) => want.reactions.has(emoji))]);
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await queue.clear(ada.id);
});
afterEach(() => vi.useRealTimers());

async function run(seed: number): Promise<void> {
  await queue.clear(ada.id);
  const roll = dice(seed);
  const server = new Server();
  const page = new Page(server, roll);
  const wanted = new Map<string, Wanted>();
  await page.load();
  const check = (when: string) =>
    expect(page.shown.filter((message) => !message.deleted_at).map(gist), `seed ${seed}, ${when}`).toEqual(
      gistsOf(wanted),
    );
  const steps = 40 + roll(80);
  for (let step = 0; step < steps; step++) {
    const what = roll(20);
    if (what < 6) act(page, wanted, roll, step);
    else if (what < 11) page.serve();
    else if (what < 16) page.hear();
    else if (what === 16) page.connect();
    else if (what === 17) page.cut();
    else if (what === 18) vi.advanceTimersByTime([60, 16_000][roll(2)]!);
    else if (roll(3) === 0) await page.load();
    else if (page.connected && roll(2) === 0) {
      const entry = server.log.post(bert, 'something else');
      page.toClient.push({ type: 'entry', entry });
    } else page.connect();
    check(`step ${step}`);
  }
  for (let turn = 0; turn < 2_000 && page.outbox.items.length > 0; turn++) {
    page.connect();
    page.serve();
    page.hear();
    if (page.toServer.length + page.toClient.length === 0) vi.advanceTimersByTime(16_000);
  }
  expect(page.outbox.items, `seed ${seed}, stuck`).toEqual([]);
  while (page.toClient.length > 0) page.hear();
  check('at the end');
  const mine = server.log.page().items.filter((message) => message.sender.id === ada.id);
  const left = mine.filter((message) => !message.deleted_at);
  expect(left.map(gist), `seed ${seed}, log`).toEqual(gistsOf(wanted));
  expect(new Set(mine.map((message) => message.client_id)).size).toBe(mine.length);
  expect(await queue.all(ada.id)).toEqual([]);
}

describe('the outbox', () => {
  it('brings everything there once and in order, whatever happens on the way', async () => {
    for (let seed = 1; seed <= 250; seed++) await run(seed);
  }, 60_000);
});
