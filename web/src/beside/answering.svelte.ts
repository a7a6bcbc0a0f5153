// Where one is in a thread, and what one does there: like in a room, with the answers in the place of its messages.

import { tick } from 'svelte';
import { Doing } from '../room/doing.svelte';
import type { Deed } from '../room/deeds';
import { Reading } from '../room/reading.svelte';
import { belowEnd, toEnd } from '../room/scroll';
import { router } from '../router.svelte';
import type { Client } from '../state/client.svelte';
import type { Shown } from '../state/pending';
import type { RoomState } from '../state/world.svelte';
import type { Message } from '../wire';
import { loadAnswers, loadThread } from './load';

/** How near to an end of what is loaded more is asked for, in pixels. */
const MORE_WITHIN = 800;

/** The room, seen so that the answers in its thread are all that is said in it. */
export function seenFrom(state: RoomState): RoomState {
  return new Proxy(state, {
    get(room, key) {
      if (key === 'timeline') return room.thread?.answers ?? null;
      return Reflect.get(room, key === 'keep' ? 'keepOfThread' : key, room);
    },
    set: (room, key, value) => Reflect.set(room, key === 'keep' ? 'keepOfThread' : key, value, room),
  });
}

/** Finds one's way in a thread. */
export class ReadingAnswers extends Reading {
  constructor(
    private readonly asking: Client,
    private readonly state: RoomState,
    private readonly root: string,
  ) {
    super(asking, seenFrom(state), null);
    this.following = true;
  }

  override async enter(): Promise<void> {
    await this.toNewest();
  }

  override async toNewest(): Promise<void> {
    if (this.state.thread?.answers.hasAfter) {
      const done = await this.asking.attempt(() => loadThread(this.asking, this.state, this.root));
      if (!done) return;
    }
    this.following = true;
    this.state.keepOfThread = 'newest';
    await tick();
    if (this.scroller.isConnected) toEnd(this.scroller);
  }

  /** Other messages are in the room. */
  override async goTo(seq: number): Promise<void> {
    router.toRoom(this.state.room.id, seq);
  }

  override followQuote(_from: Shown, seq: number): void {
    void this.goTo(seq);
  }

  /** Older answers come between the first message and those that one reads, which stay where they are. */
  override before(): void {
    const read = this.loading === 'before' && !this.following ? this.#firstAnswer() : undefined;
    if (read) this.place.hold(read);
    super.before();
  }

  override after(): void {
    super.after();
    if (this.loading === 'before') this.place.release();
  }

  override async fill(): Promise<void> {
    const answers = this.state.thread?.answers;
    if (this.loading || !answers || !this.scroller.isConnected) return;
    const wants = {
      before: answers.hasBefore && this.scroller.scrollTop < MORE_WITHIN,
      after: answers.hasAfter && belowEnd(this.scroller) < MORE_WITHIN,
    };
    const edge = (['before', 'after'] as const).find((edge) => wants[edge] && this.trouble !== edge);
    if (!edge) return;
    this.loading = edge;
    const done = await this.asking.attempt(() => loadAnswers(this.state, edge));
    this.loading = null;
    if (!done) this.trouble = edge;
    await tick();
    if (done) void this.fill();
  }

  override again(): void {
    this.trouble = null;
    void this.fill();
  }

  #firstAnswer(): HTMLElement | undefined {
    const { lines } = this.place;
    return lines[Math.max(1, this.place.firstBelow(this.scroller.getBoundingClientRect().top))];
  }
}

/** In a thread there is no way into it. */
export class DoingInThread extends Doing {
  override may(deed: Deed, message: Shown): boolean {
    return deed !== 'thread' && super.may(deed, message);
  }
}

const bare = new WeakMap<Message, Message>();

/** The answers without saying of each that it is one; each always the same object. */
export function withoutThread(messages: readonly Message[]): Message[] {
  return messages.map((message) => {
    const known = bare.get(message) ?? { ...message, thread: null };
    bare.set(message, known);
    return known;
  });
}
