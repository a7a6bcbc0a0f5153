// Something that is loaded when it is first asked for; null until then. Who asks while drawing is drawn anew.

export class OnDemand<T> {
  readonly #load: () => Promise<T>;
  #value: T | null = $state.raw(null);
  #isAsked = false;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  get value(): T | null {
    if (!this.#isAsked) {
      this.#isAsked = true;
      // Without a connection what stands in its place is good enough; the next one who asks tries again.
      this.#load().then(
        (value) => (this.#value = value),
        () => (this.#isAsked = false),
      );
    }
    return this.#value;
  }
}

/** What few messages need: code, pictures, hidden parts, times. */
export const rich = new OnDemand(() => import('./rich'));

/** The emoji that have names. */
const emoji = new OnDemand(() => import('../emoji/search'));

/** The emoji with this name; null if it is unknown, or not known yet. */
export function emojiCalled(name: string): string | null {
  return emoji.value?.byShortcode(name) ?? null;
}
