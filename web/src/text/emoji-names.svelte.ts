// The emoji that have names: loaded when a message names one. Who asks while drawing is drawn anew when they are there.

type Names = typeof import('../emoji/search');

class EmojiNames {
  #names: Names | null = $state.raw(null);
  #isAsked = false;

  get names(): Names | null {
    if (!this.#isAsked) {
      this.#isAsked = true;
      // Without a connection the name itself is good enough; the next one who asks tries again.
      import('../emoji/search').then(
        (names) => (this.#names = names),
        () => (this.#isAsked = false),
      );
    }
    return this.#names;
  }
}

const emoji = new EmojiNames();

/** The emoji with this name; null if it is unknown, or not known yet. */
export function emojiCalled(name: string): string | null {
  return emoji.names?.byShortcode(name) ?? null;
}
