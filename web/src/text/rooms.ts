// Finds the room that a text names: `#quiet-corner` is the room "Quiet corner".

import { roomPath } from '../router.svelte';
import type { World } from '../state/world.svelte';

/** A room to lead to. */
export interface RoomLink {
  name: string;
  href: string;
}

/** The named room, if one is in it. */
export function roomCalled(world: World, name: string): RoomLink | null {
  const wanted = slug(name);
  for (const { room } of world.rooms.values()) {
    const isNamed = room.kind === 'public' || room.kind === 'private';
    if (isNamed && slug(room.name) === wanted) return { name: room.name, href: roomPath(room.id) };
  }
  return null;
}

/** Compares names without case, and spaces as dashes. */
function slug(name: string): string {
  return name.normalize('NFC').trim().toLowerCase().replace(/\s+/g, '-');
}
