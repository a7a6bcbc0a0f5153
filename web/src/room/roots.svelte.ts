// Messages that are answered here but not loaded: asked for one by one, and kept as they stand.

import { SvelteMap } from 'svelte/reactivity';
import type { Pages } from '../state/pages';
import { messageWith } from '../state/threads';
import type { RoomState } from '../state/world.svelte';
import type { Entry, Message, MessageRef } from '../wire';

const ROOTS_MAX = 200;

export class Roots {
  /** By number; null while one is asked for, and if it is not to be had. */
  readonly #known = new SvelteMap<number, Message | null>();

  constructor(
    private readonly pages: Pages,
    private readonly room: RoomState,
  ) {}

  get(seq: number): Message | null {
    return this.#known.get(seq) ?? null;
  }

  /** Asks for it, if that was not done before. */
  async ask(reference: MessageRef): Promise<void> {
    if (this.#known.has(reference.seq) || this.#known.size >= ROOTS_MAX) return;
    this.#known.set(reference.seq, null);
    const { cursor } = this.room;
    const message = await this.pages.message(this.room, reference);
    if (!message) return;
    this.#known.set(reference.seq, message);
    this.heard(this.room.recent.filter((entry) => entry.seq > cursor));
  }

  /** What happened in the room: what is deleted or changed shows so here too. */
  heard(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (!('message' in entry.body)) continue;
      const { seq } = entry.body.message;
      const known = this.#known.get(seq);
      if (known) this.#known.set(seq, messageWith(known, entry));
    }
  }
}
