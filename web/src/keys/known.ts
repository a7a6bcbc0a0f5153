// The people whom this page has heard of: those of one's conversations and of the rooms that were looked at.

import type { World } from '../state/world.svelte';
import type { Person } from '../wire';

export function knownPeople(world: World): Person[] {
  const people = new Map<string, Person>();
  for (const { room, members, timeline } of world.rooms.values()) {
    for (const person of room.people ?? []) people.set(person.id, person);
    for (const { person } of members ?? []) people.set(person.id, person);
    for (const { sender } of timeline?.messages ?? [])
      if (!people.has(sender.id)) people.set(sender.id, sender);
  }
  if (world.me) people.delete(world.me.id);
  return [...people.values()];
}
