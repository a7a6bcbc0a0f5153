// Keeps what is known for the next visit: a while after something changed, when the page has nothing better to do.

import { keepVisit } from '../offline/cache';
import type { ServerInfo } from '../wire';
import { keptOf, visitOf, worthKeeping } from './snapshot';
import type { RoomState, World } from './world.svelte';

const WAIT_MS = 1_500;
const IDLE_WAIT_MS = 5_000;

/** What a room was when it was written; all of it is replaced, never changed. */
type Written = Pick<RoomState, 'timeline' | 'members' | 'cursor'>;

export class Keeper {
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is on the disk; null: nobody knows. */
  #written: Map<string, Written> | null = null;

  constructor(
    private readonly world: () => World,
    private readonly server: () => ServerInfo | null,
  ) {}

  /** What stands in the world came from the disk. */
  restored(): void {
    this.#written = new Map();
    for (const [id, state] of this.world().rooms) if (state.timeline) this.#written.set(id, noteOf(state));
  }

  /** Something changed. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      if (typeof requestIdleCallback === 'function') {
        requestIdleCallback(() => this.flush(), { timeout: IDLE_WAIT_MS });
      } else this.flush();
    }, WAIT_MS);
  }

  /** Writes what changed since it was written: before the page goes. */
  flush(): void {
    this.#clear();
    const world = this.world();
    const visit = visitOf(world, this.server(), Date.now());
    if (!visit) return;
    const known = this.#written ?? new Map<string, Written>();
    const worth = worthKeeping(world);
    const changed = worth.filter((state) => !isSame(known.get(state.room.id), state));
    const left = new Set(worth.map((state) => state.room.id));
    const gone = [...known.keys()].filter((room) => !left.has(room));
    const all = this.#written === null;
    this.#written = new Map(worth.map((state) => [state.room.id, noteOf(state)]));
    const kept = changed.map((state) => keptOf(world, state));
    void keepVisit(visit, kept, gone, all).then((done) => {
      if (!done) this.#written = null;
    });
  }

  /** Writes nothing of what it knows any more. */
  stop(): void {
    this.#clear();
    this.#written = null;
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function noteOf({ timeline, members, cursor }: RoomState): Written {
  return { timeline, members, cursor };
}

function isSame(written: Written | undefined, { timeline, members, cursor }: RoomState): boolean {
  return written?.timeline === timeline && written?.members === members && written?.cursor === cursor;
}
