// The dialog over the page that is loaded when it is asked for: the switcher, the list of keys, finding and making rooms.

import type { Component } from 'svelte';
import { notices } from '../state/notices.svelte';
import type { Client } from '../state/client.svelte';
import { words } from '../words/page';

export type Part = Component<{ client: Client; close: () => void }>;

const parts = {
  switcher: () => import('./Switcher.svelte'),
  keys: () => import('./KeyList.svelte'),
  browse: () => import('../sidebar/BrowseRooms.svelte'),
  newRoom: () => import('../sidebar/NewRoom.svelte'),
  message: () => import('../sidebar/NewMessage.svelte'),
};

export type Name = keyof typeof parts;

/** Those that were needed before: what is typed right after the keys belongs into the dialog already. */
const loaded = new Map<Name, Part>();

async function load(name: Name): Promise<Part | null> {
  try {
    const { default: Part } = await parts[name]();
    loaded.set(name, Part);
    return Part;
  } catch {
    notices.say(words.partMissing);
    return null;
  }
}

class Overlay {
  /** What is shown, or null. */
  shown: { name: Name; Part: Part } | null = $state.raw(null);

  /** Loads and shows it, at once if it is there; where another one is shown, that one stays. */
  async open(name: Name): Promise<void> {
    const Part = loaded.get(name) ?? (await load(name));
    if (Part && !document.querySelector('dialog[open]')) this.shown = { name, Part };
  }

  close = (): void => {
    this.shown = null;
  };
}

export const overlay = new Overlay();

/** Loads what must be there at once when keys ask for it; if that fails, it is tried again then. Not where there are fingers only. */
export function prepareOverlay(): void {
  if (!matchMedia('(any-hover: hover)').matches) return;
  const prepare = () => {
    parts.switcher().then(
      ({ default: Part }) => loaded.set('switcher', Part),
      () => undefined,
    );
  };
  if ('requestIdleCallback' in window) requestIdleCallback(prepare, { timeout: 5_000 });
  else setTimeout(prepare, 2_000);
}
