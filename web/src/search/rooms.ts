// A room as the value of in: and back, the way the server looks it up. Pure.

import { nameOf, partnerOf } from '../state/names';
import type { Account, Room } from '../wire';
import { isWritable } from './query';

/** The room that the value names: by its id, else by its name, else by the other one's user name. */
export function roomNamed(value: string, rooms: readonly Room[], me: Account | null): Room | undefined {
  const lower = value.toLowerCase();
  return (
    rooms.find((room) => room.id === lower) ??
    rooms.find((room) => isNamed(room) && room.name.toLowerCase() === lower) ??
    rooms.find((room) => partnerOf(room, me)?.username === lower)
  );
}

/** The shortest value that names this room and no other. */
export function valueOf(room: Room, rooms: readonly Room[], me: Account | null): string {
  const value = isNamed(room) ? room.name : (partnerOf(room, me)?.username ?? room.id);
  const alike = rooms.filter((other) => isNamed(other) && other.name.toLowerCase() === value.toLowerCase());
  const only = alike.every((other) => other.id === room.id) && isWritable(value);
  return only && roomNamed(value, rooms, me)?.id === room.id ? value : room.id;
}

/** What the value is called for people. */
export function roomLabel(value: string, rooms: readonly Room[], me: Account | null): string {
  const room = roomNamed(value, rooms, me);
  return room ? nameOf(room, me) : value;
}

function isNamed(room: Room): boolean {
  return room.kind === 'public' || room.kind === 'private';
}
