// A list on the server that is looked for by typing: waits for the typing to pause, drops late answers, goes on by cursor.

import { untrack } from 'svelte';
import { Refusal } from '../api';
import type { List } from '../wire';
import { words } from '../words/parts';

const TYPING_WAIT_MS = 150;
/** Longer pauses that the server asks for are told. */
const PAUSE_MAX_S = 5;

export class Finding<T extends { id: string }> {
  /** What was found; null before the first answer. */
  items: readonly T[] | null = $state.raw(null);
  hasMore = $state(false);
  busy = $state(false);
  /** Why the last question was not answered, or empty. */
  failed = $state('');
  /** What was asked for it. */
  asked = $state('');
  #cursor: string | null = null;
  /** Counts the questions: an answer to an earlier one is dropped. */
  #turn = 0;

  constructor(
    private readonly request: (query: string, cursor: string | null) => Promise<List<T>>,
    private readonly wait = TYPING_WAIT_MS,
  ) {}

  /** Asks when the typing has paused, at once the first time. What it answers takes the question back. */
  ask(query: string): () => void {
    const wait = untrack(() => this.items) === null ? 0 : this.wait;
    const turn = ++this.#turn;
    const timer = setTimeout(() => void this.#load(query, null, turn), wait);
    return () => {
      clearTimeout(timer);
      if (turn === this.#turn) this.#turn++;
    };
  }

  /** Forgets what was found, and drops answers that are under way. */
  clear(): void {
    this.#turn++;
    this.items = null;
    this.hasMore = this.busy = false;
    this.failed = '';
  }

  /** Loads the next part. */
  async more(): Promise<void> {
    if (!this.busy && this.hasMore) await this.#load(this.asked, this.#cursor, ++this.#turn);
  }

  /** Put at the end of the list: loads the next part when it comes into sight. */
  atEdge = (end: Element): (() => void) => {
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) void this.more();
      },
      { rootMargin: '200px' },
    );
    observer.observe(end);
    return () => observer.disconnect();
  };

  async #load(query: string, cursor: string | null, turn: number): Promise<void> {
    this.busy = true;
    try {
      const list = await this.request(query, cursor);
      if (turn !== this.#turn) return;
      this.#take(list, cursor === null);
      this.asked = query;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (turn !== this.#turn) return;
      // Who types fast may be asked to wait a moment; that is nothing to bother them with.
      const pause = error.code === 'too_many' ? error.problem?.retry_after : null;
      if (pause && pause <= PAUSE_MAX_S) {
        setTimeout(() => {
          if (turn === this.#turn) void this.#load(query, cursor, turn);
        }, pause * 1_000);
        return;
      }
      this.failed = words.refusal(error.problem);
    }
    this.busy = false;
  }

  #take(list: List<T>, anew: boolean): void {
    const before = anew ? [] : (this.items ?? []);
    const known = new Set(before.map(({ id }) => id));
    this.items = [...before, ...list.items.filter(({ id }) => !known.has(id))];
    this.#cursor = list.next_cursor ?? null;
    this.hasMore = list.has_more && this.#cursor !== null;
    this.failed = '';
  }
}
