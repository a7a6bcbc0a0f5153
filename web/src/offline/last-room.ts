// The room that was open last in this browser. Storage may be refused (a private window); then there is none.

const KEY = 'rill.last-room';

export function lastRoom(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function rememberRoom(room: string): void {
  try {
    localStorage.setItem(KEY, room);
  } catch {
    // Then the next visit begins with the list.
  }
}
