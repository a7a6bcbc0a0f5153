// Loading what is on the server: pages of messages and who is in a room. What they mean stands in apply.ts.

import * as api from '../api';
import { Refusal } from '../api';
import type { Message, MessageRef } from '../wire';
import { placeMembers, placePage, type Place } from './apply';
import type { Outbox } from './outbox.svelte';
import type { RoomState, World } from './world.svelte';

/** How often a page is asked for again because too much happened meanwhile. */
const TRIES_MAX = 3;
/** With how many messages a room begins: those that a small screen shows, and as many again. */
export const FIRST = globalThis.matchMedia?.('(max-width: 48rem)').matches ? 24 : api.PAGE;

/** What became of loading a page; `overtaken`: something else was asked for meanwhile. */
export type Outcome = 'placed' | 'failed' | 'overtaken';

export class Pages {
  /** Rooms whose next page is being loaded. */
  readonly #more = new Set<RoomState>();
  /** How often each room was loaded anew: what was asked for last wins. */
  readonly #turns = new WeakMap<RoomState, number>();

  constructor(
    private readonly world: () => World,
    private readonly outbox: Outbox,
  ) {}

  /** Loads the newest messages of the room. */
  newest(state: RoomState): Promise<Outcome> {
    return this.#anew(state, null);
  }

  /** Loads the part of the room around a message, or around a moment (RFC 3339). */
  around(state: RoomState, where: { around: number } | { at: string }): Promise<Outcome> {
    return this.#anew(state, where);
  }

  /** Loads the next page in that direction. */
  async more(state: RoomState, place: 'before' | 'after'): Promise<Outcome> {
    const edge = edgeOf(state, place);
    if (edge === undefined || this.#more.has(state)) return 'overtaken';
    this.#more.add(state);
    try {
      const range = place === 'before' ? { before: edge } : { after: edge };
      // A page belongs to the edge that it was asked for, or there would be a hole.
      return await this.#load(state, place, range, () => edgeOf(state, place) === edge);
    } finally {
      this.#more.delete(state);
    }
  }

  async members(state: RoomState): Promise<void> {
    const cursor = state.cursor;
    try {
      placeMembers(this.world(), state, (await api.members(state.room.id)).items, cursor);
    } catch (error) {
      // Presence and names in the list come with the next look at the room.
      if (!(error instanceof Refusal)) throw error;
    }
  }

  /** A message that is not among the loaded ones; null: it is not to be had. */
  async message(state: RoomState, reference: MessageRef): Promise<Message | null> {
    try {
      return await api.message(state.room.id, reference.id);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return null;
    }
  }

  #anew(state: RoomState, range: api.Range): Promise<Outcome> {
    const turn = (this.#turns.get(state) ?? 0) + 1;
    this.#turns.set(state, turn);
    return this.#load(state, 'anew', range, () => this.#turns.get(state) === turn);
  }

  async #load(state: RoomState, place: Place, range: api.Range, isWanted: () => boolean): Promise<Outcome> {
    try {
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        const page = await api.messages(state.room.id, range, place === 'anew' ? FIRST : api.PAGE);
        if (!isWanted()) return 'overtaken';
        this.outbox.seenPage(state.room.id, page);
        if (placePage(state, page, place)) return 'placed';
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!isWanted()) return 'overtaken';
    }
    return 'failed';
  }
}

function edgeOf(state: RoomState, place: 'before' | 'after'): number | undefined {
  const messages = state.timeline?.messages ?? [];
  return (place === 'before' ? messages[0] : messages.at(-1))?.seq;
}
