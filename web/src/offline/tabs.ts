// The tabs of one browser share what is kept. Each sends its own; what a closed tab left is taken over by one other.
// Every tab holds a lock as long as it lives, so whoever gets the lock of another knows that it is gone.

const LOCK = 'rill tab ';

export class Tabs {
  readonly id: string = newId();
  #held = false;
  /** Tabs whose end is waited for. */
  #watched = new Set<string>();
  #orphaned: (tab: string) => Promise<void> = async () => {};

  /** Calls `orphaned` for each tab that is gone: at once for those of `left`, later for those that still live. */
  async open(left: Iterable<string>, orphaned: (tab: string) => Promise<void>): Promise<void> {
    this.#orphaned = orphaned;
    const locks = globalThis.navigator?.locks as LockManager | undefined;
    // Without locks (plain HTTP) every tab takes all there is; the client id keeps that from doubling anything.
    if (!locks) {
      for (const tab of left) await orphaned(tab);
      return;
    }
    await this.#announce(locks);
    for (const tab of new Set(left)) await this.#take(locks, tab);
  }

  /** Makes the other tabs watch this one, and watches those that are there already. */
  async #announce(locks: LockManager): Promise<void> {
    if (this.#held) return;
    this.#held = true;
    await new Promise<void>((held) => {
      void locks.request(LOCK + this.id, () => {
        held();
        return new Promise<never>(() => {});
      });
    });
    const channel = new BroadcastChannel('rill tabs');
    channel.onmessage = (event: MessageEvent<string>) => this.#watch(locks, event.data);
    channel.postMessage(this.id);
    for (const { name } of (await locks.query()).held ?? []) {
      if (name?.startsWith(LOCK)) this.#watch(locks, name.slice(LOCK.length));
    }
  }

  /** Takes over now if the tab is gone; otherwise when it goes. */
  async #take(locks: LockManager, tab: string): Promise<void> {
    if (tab === this.id) return;
    const gone = await locks.request(LOCK + tab, { ifAvailable: true }, async (lock) => {
      if (lock) await this.#orphaned(tab);
      return lock !== null;
    });
    if (!gone) this.#watch(locks, tab);
  }

  #watch(locks: LockManager, tab: string): void {
    if (tab === this.id || this.#watched.has(tab)) return;
    this.#watched.add(tab);
    void locks.request(LOCK + tab, async () => {
      this.#watched.delete(tab);
      await this.#orphaned(tab);
    });
  }
}

/** `randomUUID` is missing where the page is served over plain HTTP to another machine. */
export function newId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
