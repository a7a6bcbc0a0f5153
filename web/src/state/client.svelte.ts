// The person at this page: joins what is known (world), the connection (live), requests (api) and the outbox.
// What frames mean stands in apply.ts; here is only what to do about it.

import * as api from '../api';
import { Refusal } from '../api';
import { Live, waitMax, type Standing } from '../live';
import { forgetVisit } from '../offline/cache';
import { drafts } from '../offline/drafts.svelte';
import type { Queue } from '../offline/queue';
import { words } from '../words/page';
import type { Account, Frame, Location, Message, MessageRef, Room, ServerInfo } from '../wire';
import { apply, expireTyping, placeRoom, type Wish } from './apply';
import { Attention } from './attention';
import { Keeper } from './keeper';
import { notices } from './notices.svelte';
import type { Notify } from './notify.svelte';
import { Outbox } from './outbox.svelte';
import { Pages } from './pages';
import { begun, recalled, worthAsking } from './visits';
import { World, type RoomState } from './world.svelte';

/** Which of the pages is shown. */
export type Phase = 'starting' | 'unreachable' | 'signed_out' | 'signed_in';

const TYPING_SWEEP_MS = 1_000;
/** How long to wait at least before a first contact is tried again. */
const FIRST_WAIT_MS = 1_000;

/** Asks both questions of a visit at once; which of them fails is heard where it is waited for. */
function ask(): { server: Promise<ServerInfo>; me: Promise<Account> } {
  const asked = { server: api.server(), me: api.me() };
  void Promise.allSettled([asked.server, asked.me]);
  return asked;
}

export class Client {
  phase: Phase = $state('starting');
  server: ServerInfo | null = $state.raw(null);
  standing: Standing = $state('connecting');
  /** While offline: when it connects again, in milliseconds of the page's clock. */
  retryAt: number | null = $state(null);
  world: World = $state.raw(new World());
  readonly outbox: Outbox;
  readonly pages: Pages;
  readonly attention: Attention;
  readonly #live: Live;
  #sweep: ReturnType<typeof setInterval> | undefined;
  /** The rooms have been asked for since the connection broke last. */
  #asked = false;
  /** First contacts in a row that failed. */
  #failures = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** Rooms that were on the screen during this visit. */
  #looked = new Set<string>();
  readonly #keeper: Keeper;
  #notify: Notify | null = null;

  constructor(queue: Queue) {
    this.#live = new Live({
      cursors: () => this.world.cursors(),
      frames: (frames) => this.#hear(frames),
      standing: (standing, retryAt) => this.#stand(standing, retryAt),
      unproven: () => void this.#checkSession(),
      ended: (what, code) => this.#ended(what, code),
    });
    this.outbox = new Outbox(
      queue,
      (command) => this.#live.send(command),
      (item, why) => item.kind !== 'post' && notices.say(words.notDone(why)),
    );
    this.#keeper = new Keeper(
      () => this.world,
      () => this.server,
    );
    this.pages = new Pages(() => this.world, this.outbox);
    this.attention = new Attention(
      () => this.world,
      (command) => this.#live.send(command),
    );
  }

  /** Shows what was known last, if anything was, and asks the server who one is. */
  async start(): Promise<void> {
    this.phase = 'starting';
    addEventListener('pagehide', () => this.#keep());
    const asked = ask();
    const kept = await recalled();
    if (kept) {
      this.server = kept.server;
      await this.#show(kept.world);
      this.#keeper.restored();
    }
    await this.contact(asked);
  }

  /** Asks the server who one is, again and again until it answers. */
  async contact(asked = ask()): Promise<void> {
    clearTimeout(this.#again);
    try {
      this.server = await asked.server;
      const me = await asked.me;
      if (this.phase === 'signed_in' && this.world.me?.id === me.id) await this.#refresh();
      else {
        this.phase = 'starting';
        await this.#enter(me);
      }
      this.#failures = 0;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'not_signed_in') {
        if (this.phase === 'signed_in') this.#ended('sign_in', 0);
        else await this.#leave();
      } else if (this.phase !== 'signed_in') {
        // With what was known on the screen, the connection does the asking.
        this.phase = 'unreachable';
        this.#again = setTimeout(() => void this.contact(), FIRST_WAIT_MS + waitMax(this.#failures++));
      }
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
    await Promise.all([this.outbox.close(), drafts.close()]);
    await this.#leave();
  }

  /** One's own profile is another now. */
  became(person: Account): void {
    this.#fulfil(apply(this.world, { type: 'profile', person }, Date.now()));
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

  /** The room is on the screen. */
  look(state: RoomState): void {
    state.looked = Date.now();
    this.#looked.add(state.room.id);
    // Before everything missed has been heard, it would be asked again.
    if (this.standing === 'up_to_date' && (!state.members || state.membersOld))
      void this.pages.members(state);
    this.#keeper.touch();
  }

  post(room: string, text: string, reply_to: MessageRef | null, location?: Location | null): void {
    this.attention.posted(room);
    this.outbox.post(room, text, reply_to, location);
  }

  edit(message: Message, text: string): void {
    if (text !== message.text) this.outbox.edit(message, text);
  }

  /** One's own reaction is put there or taken back. */
  react(message: Message, emoji: string): void {
    this.outbox.react(message, emoji);
  }

  erase(message: Message): void {
    this.outbox.erase(message);
  }

  pin(message: Message, on: boolean): void {
    this.outbox.pin(message, on);
  }

  /** Does it, and says so if it was refused. Answers whether it was done. */
  async attempt(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      notices.say(words.refusal(error.problem), { urgent: true });
      return false;
    }
  }

  /** The machine went on or off the network. */
  network(on: boolean): void {
    if (on) this.reconnect();
    else this.#live.lost();
  }

  /** Connects now instead of waiting. */
  reconnect(): void {
    if (this.phase === 'unreachable') void this.contact();
    else this.#live.retryNow();
  }

  /** The page came to the front, or went to the back. */
  visible(on: boolean): void {
    if (on) this.reconnect();
    else this.#keep();
    this.attention.visible(on);
  }

  /** Begins a visit of somebody of whom nothing is shown yet. */
  async #enter(me: Account): Promise<void> {
    this.#stop();
    const world = await begun(me);
    await this.#show(world);
    this.#asked = true;
  }

  async #show(world: World): Promise<void> {
    const user = world.me!.id;
    this.world = world;
    this.#asked = false;
    this.#looked.clear();
    await drafts.open(user);
    if (this.world !== world) return;
    this.phase = 'signed_in';
    void import('./notify.svelte').then(({ Notify }) => (this.#notify ??= new Notify(this)));
    await this.outbox.open(user);
    if (this.world !== world) return;
    this.#live.start();
    this.#sweep = setInterval(() => expireTyping(this.world, Date.now()), TYPING_SWEEP_MS);
  }

  #stop(): void {
    this.#live.stop();
    this.outbox.broken();
    clearTimeout(this.#again);
    clearInterval(this.#sweep);
    this.attention.left();
    this.#keeper.stop();
  }

  async #leave(): Promise<void> {
    this.#stop();
    drafts.flush();
    const user = this.world.me?.id;
    this.world = new World();
    this.phase = 'signed_out';
    if (!user) return;
    await forgetVisit(user);
    // Whether one may register is known to it.
    this.server = await api.server().catch(() => this.server);
  }

  /** Keeps what would be lost with the page. */
  #keep(): void {
    drafts.flush();
    this.#keeper.flush();
  }

  /** Takes in a burst at once: what it makes necessary is asked for once. */
  #hear(frames: Frame[]): void {
    const wishes: Wish[] = [];
    for (const frame of frames) {
      if (frame.type === 'welcome' && this.world.me?.id !== frame.me.id) return this.#startOver();
      wishes.push(...apply(this.world, frame, Date.now()));
      if (frame.type === 'entry') {
        this.outbox.seen(frame.entry);
        this.#notify?.hear(frame.entry);
      } else if (frame.type === 'ok' || frame.type === 'error') {
        this.outbox.answered(frame, (room) => this.world.rooms.get(room)?.cursor ?? 0);
      } else if (frame.type === 'room_gone') this.#gone(frame.room);
      else if (frame.type === 'reset') this.outbox.reached(frame.room, frame.head);
    }
    this.#fulfil(wishes);
    this.#keeper.touch();
  }

  #fulfil(wishes: Wish[]): void {
    if (wishes.some((wish) => wish.kind === 'resume')) this.#live.resume();
    const rooms = new Set(wishes.flatMap((wish) => (wish.kind === 'load' ? [wish.room] : [])));
    for (const room of rooms) void this.loadRoom(room);
    for (const wish of wishes) if (wish.kind === 'tell_read') this.attention.tellRead(wish.room);
  }

  #stand(standing: Standing, retryAt: number | null): void {
    this.standing = standing;
    this.retryAt = retryAt;
    if (standing === 'offline') {
      this.outbox.broken();
      this.#asked = false;
    }
    if (standing !== 'up_to_date') return;
    this.attention.connected();
    for (const [id, { cursor }] of this.world.rooms) this.outbox.reached(id, cursor);
    this.outbox.flush();
    if (!this.#asked) void this.#refresh();
    void this.#askPresence();
  }

  /** Read markers and presence are not in any log: after a break they are asked for. */
  async #refresh(): Promise<void> {
    const { world } = this;
    const rooms = await api.rooms().catch(() => null);
    if (!rooms || world !== this.world) return;
    this.#asked = true;
    this.#fulfil(rooms.items.flatMap((room) => placeRoom(world, room)));
    this.#keeper.touch();
  }

  async #askPresence(): Promise<void> {
    for (const state of worthAsking(this.world, this.#looked)) await this.pages.members(state);
  }

  async #checkSession(): Promise<void> {
    try {
      await api.me();
    } catch (error) {
      if (error instanceof Refusal && error.code === 'not_signed_in') this.#ended('sign_in', 0);
    }
  }

  #ended(what: 'sign_in' | 'give_up', code: number): void {
    if (what === 'sign_in' && this.phase !== 'signed_in') return;
    notices.say(what === 'sign_in' ? words.sessionEnded : words.gaveUp(code), { urgent: true });
    if (what === 'sign_in') void this.#leave();
  }

  /** Another tab has signed in somebody else: nothing of the one before may be sent in their name. */
  #startOver(): void {
    this.#stop();
    this.phase = 'starting';
    void this.contact();
  }

  #gone(room: string): void {
    this.world.rooms.delete(room);
    this.world.unplaced.delete(room);
    if (this.outbox.discardRoom(room) > 0) notices.say(words.unsentLost);
  }
}
