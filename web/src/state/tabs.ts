// What the tabs of this browser know of each other, by the names of locks: a tab holds one for the room that it shows.
// Where there are no locks (plain HTTP from another machine), every tab believes to be alone.

const LOOKS = 'rill looks at ';
const SAYS = 'rill says ';
/** Tabs hear the same within this time. */
const APART_MS = 5_000;

export class Tabs {
  #leave: () => void = () => undefined;

  /** This tab shows that room, or `''` for another page; null: it is hidden. */
  looks(room: string | null): void {
    this.#leave();
    if (room === null || !navigator.locks) return;
    const left = new Promise<void>((resolve) => (this.#leave = resolve));
    void navigator.locks.request(LOOKS + room, { mode: 'shared' }, () => left);
  }

  /** The rooms that are on the screen, in any tab. */
  async looking(): Promise<string[]> {
    const held = (await navigator.locks?.query())?.held ?? [];
    return held.flatMap(({ name }) => (name?.startsWith(LOOKS) ? [name.slice(LOOKS.length)] : []));
  }

  /** Whether this tab is the first one that wants to say that. */
  first(what: string): Promise<boolean> {
    if (!navigator.locks) return Promise.resolve(true);
    return new Promise((resolve) => {
      void navigator.locks.request(SAYS + what, { ifAvailable: true }, async (lock) => {
        resolve(lock !== null);
        if (lock) await new Promise((over) => setTimeout(over, APART_MS));
      });
    });
  }
}
