// The address bar as state: `#/` is the list of rooms, `#/room/<id>` is a room.

/** Where the address bar points. */
export type Place = { screen: 'rooms' } | { screen: 'room'; room: string };

function read(hash: string): Place {
  const match = /^#\/room\/([0-9a-f-]{36})$/.exec(hash);
  return match?.[1] ? { screen: 'room', room: match[1] } : { screen: 'rooms' };
}

class Router {
  place: Place = $state.raw(read(location.hash));

  constructor() {
    addEventListener('hashchange', () => (this.place = read(location.hash)));
  }

  /** The room that is open, or null. */
  get room(): string | null {
    return this.place.screen === 'room' ? this.place.room : null;
  }

  toRoom(room: string): void {
    location.hash = `#/room/${room}`;
  }

  toRooms(): void {
    location.hash = '#/';
  }

  /** Like `toRooms`, where going back makes no sense. */
  replaceWithRooms(): void {
    history.replaceState(null, '', '#/');
    this.place = { screen: 'rooms' };
  }
}

export const router = new Router();
