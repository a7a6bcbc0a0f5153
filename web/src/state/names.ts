// What a room is called: its name, or the people in it.

import type { Account, Person, Room } from '../wire';
import { words } from '../words/page';

/** The name to show for the room. */
export function nameOf(room: Room, me: Account | null): string {
  if (room.kind === 'public' || room.kind === 'private') return room.name;
  const others = (room.people ?? []).filter((person) => person.id !== me?.id);
  if (others.length === 0) return words.yourself(me?.display_name ?? '');
  return others.map((person) => person.display_name).join(', ');
}

/** The other one in a conversation of two (oneself, if one talks to oneself); null for other rooms. */
export function partnerOf(room: Room, me: Account | null): Person | null {
  if (room.kind !== 'direct') return null;
  return (room.people ?? []).find((person) => person.id !== me?.id) ?? me;
}
