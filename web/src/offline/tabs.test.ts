// Several tabs: each sends its own, and what a closed one left is taken over by exactly one other.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Tabs } from './tabs';

type Granted = (lock: { name: string } | null) => unknown;

/** The locks of a browser, as far as they are used; `close` lets go of what a tab holds. */
class Locks {
  #held = new Map<string, () => void>();
  #queue = new Map<string, Granted[]>();

  async request(
    name: string,
    options: { ifAvailable?: boolean } | Granted,
    then?: Granted,
  ): Promise<unknown> {
    const granted = then ?? (options as Granted);
    if (!this.#held.has(name)) return this.#grant(name, granted);
    if (then && (options as { ifAvailable?: boolean }).ifAvailable) return granted(null);
    return new Promise((resolve) => {
      const waiting = this.#queue.get(name) ?? [];
      this.#queue.set(name, [...waiting, (lock) => resolve(granted(lock))]);
    });
  }

  async query() {
    return { held: [...this.#held.keys()].map((name) => ({ name })) };
  }

  close(name: string): void {
    this.#held.get(name)?.();
  }

  async #grant(name: string, granted: Granted): Promise<unknown> {
    let release = () => {};
    const closed = new Promise<void>((resolve) => (release = resolve));
    this.#held.set(name, release);
    const answer = await Promise.race([granted({ name }), closed]);
    this.#held.delete(name);
    const [next, ...rest] = this.#queue.get(name) ?? [];
    this.#queue.set(name, rest);
    if (next) void this.#grant(name, next);
    return answer;
  }
}

let locks: Locks;
let taken: string[];

beforeEach(() => {
  locks = new Locks();
  taken = [];
  vi.stubGlobal('navigator', { locks });
  vi.stubGlobal(
    'BroadcastChannel',
    class {
      static all = new Set<{ onmessage: ((event: { data: string }) => void) | null }>();
      onmessage = null;
      constructor() {
        (this.constructor as unknown as { all: Set<unknown> }).all.add(this);
      }
      postMessage(data: string) {
        const { all } = this.constructor as unknown as {
          all: Set<{ onmessage: ((e: unknown) => void) | null }>;
        };
        for (const other of all) if (other !== this) other.onmessage?.({ data });
      }
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

async function open(name: string, left: string[] = []): Promise<Tabs> {
  const tabs = new Tabs();
  await tabs.open(left, async (tab) => void taken.push(`${name} takes ${tab}`));
  return tabs;
}

describe('tabs', () => {
  it('take over at once what a tab left that is gone', async () => {
    await open('one', ['gone', 'gone', '']);
    expect(taken).toEqual(['one takes gone', 'one takes ']);
  });

  it('leave to a living tab what is its own, until it is gone', async () => {
    const one = await open('one');
    const two = await open('two', [one.id]);
    expect(taken).toEqual([]);
    locks.close(`rill tab ${one.id}`);
    await vi.waitFor(() => expect(taken).toEqual([`two takes ${one.id}`]));
    // A tab that was there first watches one that came later.
    const three = await open('three');
    locks.close(`rill tab ${three.id}`);
    await vi.waitFor(() => expect(taken).toContain(`two takes ${three.id}`));
    locks.close(`rill tab ${two.id}`);
  });

  it('take all there is where there are no locks', async () => {
    vi.stubGlobal('navigator', {});
    await open('one', ['a', 'b']);
    expect(taken).toEqual(['one takes a', 'one takes b']);
  });
});
