// How much waits for oneself: what people wrote to one, and mentions in rooms. Rooms told to be quiet do not count.

import type { Level } from './preferences.svelte';
import type { Room } from '../wire';

export function waiting(rooms: Iterable<Room>, level: (room: Room) => Level): number {
  let count = 0;
  for (const room of rooms) {
    const chosen = level(room);
    if (chosen === 'nothing') continue;
    const personal = room.kind === 'direct' || room.kind === 'group';
    const all = personal && chosen === 'all';
    count += (all ? room.me?.unread : room.me?.mentions) ?? 0;
  }
  return count;
}
