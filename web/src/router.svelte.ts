// The address bar as state: `/` is the list of rooms, `/room/<id>` is a room.

/** Where the address bar points. */
export type Place = { screen: 'rooms' } | { screen: 'room'; room: string };

function read(path: string): Place {
  const match = /^\/room\/([0-9a-f-]{36})$/.exec(path);
  return match?.[1] ? { screen: 'room', room: match[1] } : { screen: 'rooms' };
}

/** The address of a room. */
export function roomPath(room: string): string {
  return `/room/${room}`;
}

class Router {
  place: Place = $state.raw(read(location.pathname));

  constructor() {
    addEventListener('popstate', () => (this.place = read(location.pathname)));
  }

  /** The room that is open, or null. */
  get room(): string | null {
    return this.place.screen === 'room' ? this.place.room : null;
  }

  toRoom(room: string): void {
    this.#go(roomPath(room));
  }

  toRooms(): void {
    this.#go('/');
  }

  /** Like `toRooms`, where going back makes no sense. */
  replaceWithRooms(): void {
    history.replaceState(null, '', '/');
    this.place = read('/');
  }

  /** A plain click on a link of ours changes the page without loading it; others are left to the browser. */
  follow = (event: MouseEvent & { currentTarget: HTMLAnchorElement }): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.#go(event.currentTarget.pathname);
  };

  #go(path: string): void {
    if (path !== location.pathname) history.pushState(null, '', path);
    this.place = read(path);
  }
}

export const router = new Router();
