// Short notices that pass by at the edge of the screen; they wait while somebody looks closer.

import type { Person } from '../wire';

const SHOWN_MS = 7_000;
const NOTICES_MAX = 3;

/** What may come with the text. */
export interface Besides {
  /** Something went wrong: said at once, also by screen readers. */
  urgent?: boolean;
  /** A line above the text. */
  title?: string;
  /** Who says it. */
  person?: Person;
  /** What one can do about it; without a label the whole notice is the button. */
  action?: { label?: string; act: () => void };
  /** Takes the place of the notice with the same key; the text is its key otherwise. */
  key?: string;
}

/** One of them. */
export interface Notice extends Besides {
  id: number;
  text: string;
  key: string;
}

class Notices {
  list: readonly Notice[] = $state.raw([]);
  /** The places where they may be shown, the top one last: a dialog covers all others. */
  places: readonly symbol[] = $state.raw([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #held = false;

  /** Shows the text for a few seconds; the same text is not shown twice at once. */
  say(text: string, besides: Besides = {}): void {
    const notice: Notice = { key: text, ...besides, id: this.#next++, text };
    for (const other of this.list) if (other.key === notice.key) this.dismiss(other.id);
    for (const other of this.list.slice(0, 1 - NOTICES_MAX)) this.dismiss(other.id);
    this.list = [...this.list, notice];
    if (!this.#held) this.#time(notice.id);
  }

  dismiss(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  /** Takes away what has this key. */
  withdraw(key: string): void {
    for (const notice of this.list) if (notice.key === key) this.dismiss(notice.id);
  }

  /** Somebody points at them: none goes away until `release`. */
  hold(): void {
    this.#held = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    for (const notice of this.list) this.#time(notice.id);
  }

  /** Announces a place that covers the others until the answer is called. */
  open(place: symbol): () => void {
    this.places = [...this.places, place];
    return () => {
      this.places = this.places.filter((other) => other !== place);
    };
  }

  #time(id: number): void {
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), SHOWN_MS),
    );
  }
}

export const notices = new Notices();
