// The address bar as state. Every screen and pane has an address, so that back, forward and a link work.

/** What is shown beside a room. */
export type Pane = { kind: 'details' } | { kind: 'pins' } | { kind: 'thread'; root: string };

/** The pages of the settings. */
export const SETTINGS = ['profile', 'sign-in', 'sessions', 'look', 'notifications'] as const;
export type SettingsPage = (typeof SETTINGS)[number];

/** Where the address bar points. */
export type Place =
  | { screen: 'rooms' }
  /** `at` is the number of the message that a link leads to. */
  | { screen: 'room'; room: string; at: number | null; pane: Pane | null }
  | { screen: 'search'; query: string }
  | { screen: 'settings'; page: SettingsPage };

const ROOM = /^\/room\/([0-9a-f-]{36})(?:\/(\d{1,15}))?$/;

/** Reads an address; what is unknown is the list of rooms. */
export function read(path: string, query: string): Place {
  const asked = new URLSearchParams(query);
  const [, room, at] = ROOM.exec(path) ?? [];
  if (room) return { screen: 'room', room, at: at ? Number(at) : null, pane: paneOf(asked) };
  if (path === '/search') return { screen: 'search', query: asked.get('q') ?? '' };
  if (path === '/settings') return { screen: 'settings', page: 'profile' };
  const page = SETTINGS.find((page) => path === `/settings/${page}`);
  return page ? { screen: 'settings', page } : { screen: 'rooms' };
}

/** The address of a place: what `read` reads. */
export function addressOf(place: Place): string {
  switch (place.screen) {
    case 'rooms':
      return '/';
    case 'room': {
      const { pane } = place;
      const beside = !pane ? '' : pane.kind === 'thread' ? `?thread=${pane.root}` : `?pane=${pane.kind}`;
      return `/room/${place.room}${place.at === null ? '' : `/${place.at}`}${beside}`;
    }
    case 'search':
      return place.query ? `/search?q=${encodeURIComponent(place.query)}` : '/search';
    case 'settings':
      return `/settings/${place.page}`;
  }
}

/** The address of a room, or of a message in it. */
export function roomPath(room: string, at: number | null = null): string {
  return addressOf({ screen: 'room', room, at, pane: null });
}

function paneOf(asked: URLSearchParams): Pane | null {
  const root = asked.get('thread');
  if (root && /^[0-9a-f-]{36}$/.test(root)) return { kind: 'thread', root };
  const kind = asked.get('pane');
  return kind === 'details' || kind === 'pins' ? { kind } : null;
}

/** What the history remembers of a step. */
interface Step {
  /** How many steps of ours lie before it. */
  depth: number;
  /** It opened a pane beside the room that was open already. */
  beside: boolean;
}

class Router {
  place: Place = $state.raw(read(location.pathname, location.search));
  /** What had the focus when something was shown beside the room: it gets it back. */
  opener: Element | null = null;
  /** How many places of ours lie behind this one: whether going back stays here. */
  #depth = 0;

  constructor() {
    addEventListener('popstate', (event) => {
      this.#depth = (event.state as Step | null)?.depth ?? 0;
      this.place = read(location.pathname, location.search);
    });
  }

  /** The room that is open, or null. */
  get room(): string | null {
    return this.place.screen === 'room' ? this.place.room : null;
  }

  /** What is shown beside the room, or null. */
  get pane(): Pane | null {
    return this.place.screen === 'room' ? this.place.pane : null;
  }

  go(place: Place): void {
    this.#push(place, false);
  }

  /** Like `go`, where going back to where one is now makes no sense. */
  replace(place: Place): void {
    history.replaceState({ ...(history.state as Step | null) }, '', addressOf(place));
    this.place = place;
  }

  toRoom(room: string, at: number | null = null): void {
    this.go({ screen: 'room', room, at, pane: null });
  }

  toRooms(): void {
    this.go({ screen: 'rooms' });
  }

  /** Shows something beside the open room; the same again, or null, closes it. */
  show(pane: Pane | null): void {
    const { place } = this;
    if (place.screen !== 'room') return;
    const same = JSON.stringify(pane) === JSON.stringify(place.pane);
    if (!place.pane) this.opener = document.activeElement;
    if (pane && !same) {
      if (place.pane) this.replace({ ...place, pane });
      else this.#push({ ...place, pane }, true);
    } else if (place.pane) {
      // Where opening it was a step, closing it takes that step back.
      if ((history.state as Step | null)?.beside) history.back();
      else this.replace({ ...place, pane: null });
    }
  }

  /** Goes back if one came from here; otherwise to the place. */
  back(otherwise: Place): void {
    if (this.#depth > 0) history.back();
    else this.replace(otherwise);
  }

  /** A plain click on a link of ours changes the page without loading it; others are left to the browser. */
  follow = (event: MouseEvent & { currentTarget: HTMLAnchorElement }): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const { pathname, search } = event.currentTarget;
    this.go(read(pathname, search));
  };

  #push(place: Place, beside: boolean): void {
    const address = addressOf(place);
    if (address !== location.pathname + location.search) {
      this.#depth += 1;
      history.pushState({ depth: this.#depth, beside } satisfies Step, '', address);
    }
    this.place = place;
  }
}

export const router = new Router();
