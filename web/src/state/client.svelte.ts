// The person at this page: joins what is known (world), the connection (live), requests (api) and the outbox.
// What frames mean stands in apply.ts; here is only what to do about it.

import * as api from '../api';
import { Refusal } from '../api';
import { Live, type Standing } from '../live';
import type { Queue } from '../offline/queue';
import { words } from '../words';
import type { Account, Frame, Message, MessageRef, Room, ServerInfo, Status } from '../wire';
import {
  apply,
  expireTyping,
  placeMembers,
  placePage,
  placeRoom,
  readAll,
  type Place,
  type Wish,
} from './apply';
import { notices } from './notices.svelte';
import { Outbox } from './outbox.svelte';
import { World, type RoomState } from './world.svelte';

/** Which of the pages is shown. */
export type Phase = 'starting' | 'unreachable' | 'signed_out' | 'signed_in';

/** How often a page is asked for again because too much happened meanwhile. */
const PAGE_TRIES_MAX = 3;
const TYPING_SWEEP_MS = 1_000;
const TYPING_REPEAT_MS = 4_000;
const READ_WAIT_MS = 400;
const AWAY_AFTER_MS = 5 * 60_000;
/** Direct conversations whose people's presence is asked for after connecting. */
const PRESENCE_ROOMS_MAX = 20;

export class Client {
  phase: Phase = $state('starting');
  server: ServerInfo | null = $state.raw(null);
  standing: Standing = $state('connecting');
  world: World = $state.raw(new World());
  readonly outbox: Outbox;
  readonly #live: Live;
  /** Loads under way: room and direction. */
  #loading = new Set<string>();
  #typingSaid = new Map<string, number>();
  #readTimers = new Map<string, ReturnType<typeof setTimeout>>();
  #sweep: ReturnType<typeof setInterval> | undefined;
  #away: ReturnType<typeof setTimeout> | undefined;
  #status: Status = 'online';
  #connectedBefore = false;

  constructor(queue: Queue) {
    this.#live = new Live({
      cursors: () => this.#cursors(),
      frame: (frame) => this.#hear(frame),
      standing: (standing) => this.#stand(standing),
      unproven: () => void this.#checkSession(),
      ended: (what, code) => this.#ended(what, code),
    });
    this.outbox = new Outbox(queue, (command) => this.#live.send(command));
  }

  /** Asks the server who one is, and shows the page for it. */
  async start(): Promise<void> {
    this.phase = 'starting';
    try {
      this.server = await api.server();
      await this.#enter(await api.me());
    } catch (error) {
      this.phase = error instanceof Refusal && error.code === 'not_signed_in' ? 'signed_out' : 'unreachable';
    }
  }

  async register(form: api.Registration): Promise<void> {
    await this.#enter((await api.register(form)).me);
  }

  async signIn(login: string, password: string): Promise<void> {
    await this.#enter((await api.signIn(login, password)).me);
  }

  /** Signs out here; unsent messages are forgotten. */
  async signOut(): Promise<void> {
    await api.signOut().catch((error: unknown) => {
      if (!(error instanceof Refusal) || error.code !== 'not_signed_in') throw error;
    });
    await this.outbox.close();
    await this.#leave();
  }

  /** Gives oneself another name. */
  async rename(name: string): Promise<void> {
    const person = await api.rename(name);
    this.#fulfil(apply(this.world, { type: 'profile', person }, Date.now()));
  }

  /** Loads the newest messages of the room, if they are not there. */
  async look(state: RoomState): Promise<void> {
    await Promise.all([
      state.timeline ? null : this.#loadPage(state, 'anew'),
      state.members ? null : this.loadMembers(state),
    ]);
  }

  /** Loads the next page in that direction. */
  async loadMore(state: RoomState, place: 'before' | 'after'): Promise<void> {
    await this.#loadPage(state, place);
  }

  /** Goes back to the newest messages. */
  async loadNewest(state: RoomState): Promise<void> {
    await this.#loadPage(state, 'anew');
  }

  async loadMembers(state: RoomState): Promise<void> {
    const cursor = state.cursor;
    try {
      placeMembers(this.world, state, (await api.members(state.room.id)).items, cursor);
    } catch {
      // Presence and names in the list come with the next look at the room.
    }
  }

  /** Asks for the room and follows it from there. */
  async loadRoom(id: string): Promise<void> {
    try {
      this.#fulfil(placeRoom(this.world, await api.room(id)));
    } catch (error) {
      if (error instanceof Refusal && error.problem?.status === 404) this.#gone(id);
      else if (!(error instanceof Refusal)) throw error;
    }
  }

  /** Takes in a room that a request answered, for instance a new one. */
  async enterRoom(room: Room): Promise<void> {
    if (room.me) this.#fulfil(placeRoom(this.world, room));
    else await this.loadRoom(room.id);
  }

  post(room: string, text: string, reply_to: MessageRef | null): void {
    this.#typingSaid.delete(room);
    this.outbox.add(room, text, reply_to);
  }

  /** One's own reaction is put there or taken back. */
  async react(message: Message, emoji: string): Promise<void> {
    const me = this.world.me?.id ?? '';
    const mine = message.reactions?.some((other) => other.emoji === emoji && other.users.includes(me));
    await this.attempt(() => api.react(message, emoji, !mine));
  }

  /** Does it, and says so if it was refused. Answers whether it was done. */
  async attempt(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      notices.say(words.refusal(error.problem));
      return false;
    }
  }

  /** One is writing (or has stopped); said at most every few seconds. */
  typing(room: string, on: boolean): void {
    const said = this.#typingSaid.get(room);
    const now = Date.now();
    if (on ? said !== undefined && now - said < TYPING_REPEAT_MS : said === undefined) return;
    if (!this.#live.send({ type: 'typing', room, on })) return;
    if (on) this.#typingSaid.set(room, now);
    else this.#typingSaid.delete(room);
  }

  /** Everything in the room has been on the screen. The server hears of it a moment later. */
  read(state: RoomState): void {
    const { id, me, last_seq } = state.room;
    if (!me || me.read_seq >= last_seq) return;
    readAll(state);
    if (this.#readTimers.has(id)) return;
    const timer = setTimeout(() => {
      this.#readTimers.delete(id);
      const seq = this.world.rooms.get(id)?.room.me?.read_seq;
      if (seq !== undefined) this.#live.send({ type: 'read', room: id, seq });
    }, READ_WAIT_MS);
    this.#readTimers.set(id, timer);
  }

  /** The machine went on or off the network. */
  network(on: boolean): void {
    if (on) this.#live.retryNow();
    else this.#live.lost();
  }

  /** Connects now instead of waiting. */
  reconnect(): void {
    this.#live.retryNow();
  }

  /** The page came to the front, or went to the back. */
  visible(on: boolean): void {
    clearTimeout(this.#away);
    if (on) {
      this.#live.retryNow();
      this.#present('online');
    } else this.#away = setTimeout(() => this.#present('away'), AWAY_AFTER_MS);
  }

  async #enter(me: Account): Promise<void> {
    const rooms = await api.rooms();
    const world = new World();
    world.me = me;
    for (const room of rooms.items) placeRoom(world, room);
    this.world = world;
    this.#connectedBefore = false;
    this.phase = 'signed_in';
    await this.outbox.open(me.id);
    this.#live.start();
    clearInterval(this.#sweep);
    this.#sweep = setInterval(() => expireTyping(this.world, Date.now()), TYPING_SWEEP_MS);
  }

  async #leave(): Promise<void> {
    this.#live.stop();
    this.outbox.broken();
    clearInterval(this.#sweep);
    clearTimeout(this.#away);
    this.world = new World();
    this.phase = 'signed_out';
    this.server = await api.server().catch(() => this.server);
  }

  #cursors(): { epoch: string | null; rooms: Record<string, number> } {
    const rooms: Record<string, number> = {};
    for (const [id, state] of this.world.rooms) rooms[id] = state.cursor;
    return { epoch: this.world.epoch, rooms };
  }

  #hear(frame: Frame): void {
    this.#fulfil(apply(this.world, frame, Date.now()));
    if (frame.type === 'entry') this.outbox.seen(frame.entry);
    else if (frame.type === 'ok' || frame.type === 'error') {
      this.outbox.answered(frame, (room) => this.world.rooms.get(room)?.cursor ?? 0);
    } else if (frame.type === 'room_gone') this.#gone(frame.room);
  }

  #fulfil(wishes: Wish[]): void {
    if (wishes.some((wish) => wish.kind === 'resume')) this.#live.resume();
    for (const wish of wishes) if (wish.kind === 'load') void this.loadRoom(wish.room);
  }

  #stand(standing: Standing): void {
    this.standing = standing;
    if (standing === 'offline') this.outbox.broken();
    if (standing !== 'up_to_date') return;
    this.#typingSaid.clear();
    this.outbox.flush();
    if (this.#status !== 'online') this.#live.send({ type: 'presence', status: this.#status });
    if (this.#connectedBefore) void this.#refresh();
    this.#connectedBefore = true;
    void this.#askPresence();
  }

  /** Read markers and presence are not in any log: after a break they are asked for. */
  async #refresh(): Promise<void> {
    const rooms = await api.rooms().catch(() => null);
    for (const room of rooms?.items ?? []) this.#fulfil(placeRoom(this.world, room));
  }

  async #askPresence(): Promise<void> {
    const open = [...this.world.rooms.values()];
    const looked = open.filter((state) => state.members !== null);
    const direct = open
      .filter((state) => state.members === null && state.room.kind === 'direct')
      .sort((a, b) => (a.room.last_at < b.room.last_at ? 1 : -1))
      .slice(0, PRESENCE_ROOMS_MAX);
    for (const state of [...looked, ...direct]) await this.loadMembers(state);
  }

  async #checkSession(): Promise<void> {
    try {
      await api.me();
    } catch (error) {
      if (error instanceof Refusal && error.code === 'not_signed_in') this.#ended('sign_in', 0);
    }
  }

  #ended(what: 'sign_in' | 'give_up', code: number): void {
    notices.say(what === 'sign_in' ? words.sessionEnded : words.gaveUp(code));
    if (what === 'sign_in' && this.phase === 'signed_in') void this.#leave();
  }

  #gone(room: string): void {
    this.world.rooms.delete(room);
    this.world.unplaced.delete(room);
    if (this.outbox.discardRoom(room) > 0) notices.say(words.unsentLost);
  }

  #present(status: Status): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#live.send({ type: 'presence', status });
  }

  async #loadPage(state: RoomState, place: Place): Promise<void> {
    const key = `${state.room.id} ${place === 'anew' ? '' : 'more'}`;
    if (this.#loading.has(key)) return;
    this.#loading.add(key);
    try {
      for (let tries = 0; tries < PAGE_TRIES_MAX; tries++) {
        const page = await api.messages(state.room.id, this.#range(state, place));
        this.outbox.seenPage(state.room.id, page);
        if (placePage(state, page, place)) return;
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      notices.say(words.refusal(error.problem));
    } finally {
      this.#loading.delete(key);
    }
  }

  #range(state: RoomState, place: Place): api.Range {
    const messages = state.timeline?.messages ?? [];
    if (place === 'before' && messages[0]) return { before: messages[0].seq };
    const last = messages.at(-1);
    if (place === 'after' && last) return { after: last.seq };
    return null;
  }
}
