// The order of the rooms in the sidebar, and which one comes next. Pure.

import type { Room } from '../wire';

/** The sections of the list. */
export interface Sections {
  /** By name. */
  rooms: Room[];
  /** Conversations, the last one first. */
  directs: Room[];
  archived: Room[];
}

const { compare } = new Intl.Collator(undefined, { numeric: true });
const byName = (a: Room, b: Room) => compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
const byTime = (a: Room, b: Room) => (a.last_at < b.last_at ? 1 : -1);

/** Whether it is a conversation with certain people. */
export function isPersonal(room: Room): boolean {
  return room.kind === 'direct' || room.kind === 'group';
}

export function sections(rooms: readonly Room[]): Sections {
  const live = rooms.filter((room) => !room.archived);
  return {
    rooms: live.filter((room) => !isPersonal(room)).sort(byName),
    directs: live.filter(isPersonal).sort(byTime),
    archived: rooms.filter((room) => room.archived).sort(byName),
  };
}

/** The next room in that direction that is wanted, around the ends; undefined if there is no other. */
export function step(
  { rooms, directs }: Sections,
  current: string | null,
  by: 1 | -1,
  isWanted: (room: Room) => boolean = () => true,
): Room | undefined {
  const all = [...rooms, ...directs];
  const at = all.findIndex((room) => room.id === current);
  const start = at < 0 && by < 0 ? all.length : at;
  for (let steps = 1; steps <= all.length; steps++) {
    const room = all.at((start + by * steps + all.length * 2) % all.length);
    if (room && room.id !== current && isWanted(room)) return room;
  }
  return undefined;
}

/** Whether there is something in it that one has not read. */
export function isUnread(room: Room): boolean {
  return (room.me?.unread ?? 0) > 0;
}
