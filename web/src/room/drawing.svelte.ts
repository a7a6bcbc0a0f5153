// How many of a room's messages are drawn: first about a screen full, then some more each time the browser has
// painted, until all are there. So a phone shows something and hears its owner in between.

/** About how high a message is, in pixels. */
const LINE_HEIGHT = 64;
/** How many are added at a time. */
const MORE = 12;
/** A page that nobody looks at does not paint: so long it is waited for. */
const PAINT_WAIT_MS = 200;

export class Drawing {
  /** How many lines; Infinity: all of them, from now on. */
  count = $state(Math.ceil(innerHeight / LINE_HEIGHT));

  get done(): boolean {
    return this.count === Infinity;
  }

  /** Draws everything at once. */
  finish(): void {
    this.count = Infinity;
  }

  /** Draws more of so many, once what is there has been painted; what it answers ends that. */
  goOn(all: () => number): () => void {
    const more = () => {
      if (this.done) return;
      this.count = this.count + MORE < all() ? this.count + MORE : Infinity;
    };
    let turn: ReturnType<typeof setTimeout> = setTimeout(more, PAINT_WAIT_MS);
    const frame = requestAnimationFrame(() => {
      clearTimeout(turn);
      turn = setTimeout(more);
    });
    return () => {
      clearTimeout(turn);
      cancelAnimationFrame(frame);
    };
  }
}

/** So many messages around where what is new begins after `readSeq`, or the last ones where nothing is marked as new. */
export function partOf<T extends { seq: number }>(
  messages: readonly T[],
  count: number,
  readSeq: number | null,
): readonly T[] {
  if (count >= messages.length) return messages;
  const fresh = readSeq === null ? -1 : messages.findIndex(({ seq }) => seq > readSeq);
  const end = fresh < 0 ? messages.length : Math.min(messages.length, fresh + count);
  return messages.slice(Math.max(0, end - count - (end < messages.length ? 2 : 0)), end);
}
