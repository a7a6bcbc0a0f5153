// How the page should look and when it should speak up: the choices of this browser, kept from visit to visit.
// What is kept may be old, foreign or broken: whatever is not understood counts as not chosen.

import type { Room } from '../wire';

/** Which messages of a room are worth a notification. */
export type Level = 'all' | 'mentions' | 'nothing';

/** What one can choose. */
export interface Choices {
  theme: 'system' | 'light' | 'dark';
  density: 'comfortable' | 'compact';
  /** How times are told; `language` does as the language does. */
  clock: 'language' | 'h12' | 'h24';
  /** Notices at the edge of the page. */
  notices: boolean;
  /** Notifications of the system while the page is hidden. */
  desktop: boolean;
  /** Notifications of the system name only who wrote and where. */
  hideText: boolean;
  sound: boolean;
  /** By the id of the room, where it is not as usual. */
  rooms: Readonly<Record<string, Level>>;
}

export const USUAL: Choices = {
  theme: 'system',
  density: 'comfortable',
  clock: 'language',
  notices: true,
  desktop: false,
  hideText: false,
  sound: false,
  rooms: {},
};

const KEY = 'rill.preferences';
const VERSION = 1;
export const LEVELS = ['all', 'mentions', 'nothing'] as const satisfies readonly Level[];
const ROOMS_MAX = 1_000;

/** Reads what was kept. */
export function read(text: string | null): Choices {
  const kept = objectOf(text);
  if (kept.version !== VERSION) return USUAL;
  const one = <T>(value: unknown, among: readonly T[], usual: T) =>
    among.find((known) => known === value) ?? usual;
  const flag = (value: unknown, usual: boolean) => (typeof value === 'boolean' ? value : usual);
  const rooms = Object.entries(typeof kept.rooms === 'object' && kept.rooms ? kept.rooms : {})
    .filter((entry): entry is [string, Level] => LEVELS.includes(entry[1] as Level))
    .slice(-ROOMS_MAX);
  return {
    theme: one(kept.theme, ['system', 'light', 'dark'], USUAL.theme),
    density: one(kept.density, ['comfortable', 'compact'], USUAL.density),
    clock: one(kept.clock, ['language', 'h12', 'h24'], USUAL.clock),
    notices: flag(kept.notices, USUAL.notices),
    desktop: flag(kept.desktop, USUAL.desktop),
    hideText: flag(kept.hideText, USUAL.hideText),
    sound: flag(kept.sound, USUAL.sound),
    rooms: Object.fromEntries(rooms),
  };
}

/** What `read` reads. */
export function written(choices: Choices): string {
  return JSON.stringify({ version: VERSION, ...choices });
}

function objectOf(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** What a room says unless something else is chosen: people who write to oneself are heard, rooms when they name one. */
export function usualLevel(kind: Room['kind']): Level {
  return kind === 'direct' || kind === 'group' ? 'all' : 'mentions';
}

class Preferences {
  chosen: Choices = $state.raw(USUAL);

  /** Takes up what was kept and dresses the page in it; before anything is shown. */
  start(): void {
    this.#take(stored());
    addEventListener('storage', (event) => {
      // Another tab chose.
      if (event.key === KEY) this.#take(event.newValue);
    });
  }

  set(change: Partial<Choices>): void {
    this.chosen = { ...this.chosen, ...change };
    store(written(this.chosen));
    this.#dress();
  }

  /** Which messages of the room are worth a notification. */
  roomNotify(room: Pick<Room, 'id' | 'kind'>): Level {
    return this.chosen.rooms[room.id] ?? usualLevel(room.kind);
  }

  /** Chooses that for the room; null: as usual. */
  setRoomNotify(room: string, level: Level | null): void {
    const { [room]: _, ...others } = this.chosen.rooms;
    this.set({ rooms: level ? { ...others, [room]: level } : others });
  }

  #take(text: string | null): void {
    this.chosen = read(text);
    this.#dress();
  }

  #dress(): void {
    const { theme, density } = this.chosen;
    document.documentElement.dataset.theme = theme;
    document.documentElement.dataset.density = density;
    // The bar of the browser follows too.
    for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
      const its = (meta.dataset.theme ??= meta.media.includes('dark') ? 'dark' : 'light');
      meta.media = theme === 'system' ? `(prefers-color-scheme: ${its})` : theme === its ? 'all' : 'not all';
    }
  }
}

export const preferences = new Preferences();

// A private window may refuse to keep things; then the choices last as long as the page.
function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(text: string): void {
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // See above.
  }
}
