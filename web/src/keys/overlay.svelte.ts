// The dialog over the page that is loaded when it is asked for: the switcher, the list of keys, finding and making rooms.

import type { Component } from 'svelte';
import { notices } from '../state/notices.svelte';
import type { Client } from '../state/client.svelte';
import { words } from '../words';

export type Part = Component<{ client: Client; close: () => void }>;

const parts = {
  switcher: () => import('./Switcher.svelte'),
  keys: () => import('./KeyList.svelte'),
  browse: () => import('../sidebar/BrowseRooms.svelte'),
  newRoom: () => import('../sidebar/NewRoom.svelte'),
  message: () => import('../sidebar/NewMessage.svelte'),
};

export type Name = keyof typeof parts;

class Overlay {
  /** What is shown, or null. */
  shown: { name: Name; Part: Part } | null = $state.raw(null);

  /** Loads and shows it; where another one is shown, that one stays. */
  async open(name: Name): Promise<void> {
    try {
      const { default: Part } = await parts[name]();
      if (!document.querySelector('dialog[open]')) this.shown = { name, Part };
    } catch {
      notices.say(words.partMissing);
    }
  }

  close = (): void => {
    this.shown = null;
  };
}

export const overlay = new Overlay();

/** Loads what must be there at once when it is asked for. */
export function prepareOverlay(): void {
  const load = () => void parts.switcher().catch(() => undefined);
  if ('requestIdleCallback' in window) requestIdleCallback(load, { timeout: 5_000 });
  else setTimeout(load, 2_000);
}
