// What one's own presence tells the others: that one writes, what one has read, whether one is here.

import type { Command, Status } from '../wire';
import { readAll } from './apply';
import type { RoomState, World } from './world.svelte';

const TYPING_REPEAT_MS = 4_000;
const READ_WAIT_MS = 400;
const AWAY_AFTER_MS = 5 * 60_000;

export class Attention {
  #typingSaid = new Map<string, number>();
  #readTimers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Rooms in which one has read more than the server knows. */
  #untold = new Set<string>();
  #away: ReturnType<typeof setTimeout> | undefined;
  #status: Status = 'online';

  constructor(
    private readonly world: () => World,
    private readonly send: (command: Command) => boolean,
  ) {}

  /** One is writing (or has stopped); said at most every few seconds. */
  typing(room: string, on: boolean): void {
    const said = this.#typingSaid.get(room);
    const now = Date.now();
    if (on ? said !== undefined && now - said < TYPING_REPEAT_MS : said === undefined) return;
    if (!this.send({ type: 'typing', room, on })) return;
    if (on) this.#typingSaid.set(room, now);
    else this.#typingSaid.delete(room);
  }

  /** What one wrote has been sent: the next letter is news again. */
  posted(room: string): void {
    this.#typingSaid.delete(room);
  }

  /** Everything in the room has been on the screen. The server hears of it a moment later. */
  read(state: RoomState): void {
    const { id, me, last_seq } = state.room;
    if (!me || me.read_seq >= last_seq) return;
    readAll(state);
    if (this.#readTimers.has(id)) return;
    const timer = setTimeout(() => {
      this.#readTimers.delete(id);
      this.tellRead(id);
    }, READ_WAIT_MS);
    this.#readTimers.set(id, timer);
  }

  /** Tells the server up to where one has read; without a connection, when there is one again. */
  tellRead(room: string): void {
    const seq = this.world().rooms.get(room)?.room.me?.read_seq;
    if (seq === undefined || this.send({ type: 'read', room, seq })) this.#untold.delete(room);
    else this.#untold.add(room);
  }

  /** The page came to the front, or went to the back. */
  visible(on: boolean): void {
    clearTimeout(this.#away);
    if (on) this.#present('online');
    else this.#away = setTimeout(() => this.#present('away'), AWAY_AFTER_MS);
  }

  /** A new connection knows nothing of what was said on the one before. */
  connected(): void {
    this.#typingSaid.clear();
    for (const room of [...this.#untold]) this.tellRead(room);
    if (this.#status !== 'online') this.send({ type: 'presence', status: this.#status });
  }

  left(): void {
    clearTimeout(this.#away);
    for (const timer of this.#readTimers.values()) clearTimeout(timer);
    this.#readTimers.clear();
    this.#untold.clear();
  }

  #present(status: Status): void {
    if (status === this.#status) return;
    this.#status = status;
    this.send({ type: 'presence', status });
  }
}
