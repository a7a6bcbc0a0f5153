// Where the switcher can lead to: my rooms and conversations, people, public rooms, and what was said. Pure.

import { nameOf, partnerOf } from '../state/names';
import type { Account, Person, Room } from '../wire';
import { bestRank, prepared } from './rank';

export type Choice =
  | { kind: 'room'; key: string; room: Room }
  | { kind: 'person'; key: string; person: Person }
  | { kind: 'join'; key: string; room: Room }
  | { kind: 'search'; key: string; query: string };

/** Of which the choices are made. */
export interface Source {
  rooms: readonly Named[];
  people: readonly Person[];
  publicRooms: readonly Room[];
  me: Account | null;
  /** The room that is open. */
  open: string | null;
}

/** A room and its names, prepared for comparing. */
export interface Named {
  room: Room;
  names: readonly string[];
}

const CHOICES_MAX = 50;

/** The rooms with their names prepared; done once, not for every letter. */
export function named(rooms: Iterable<Room>, me: Account | null): Named[] {
  return [...rooms].map((room) => {
    const partner = partnerOf(room, me);
    const names = partner ? [partner.display_name, partner.username] : [nameOf(room, me)];
    return { room, names: names.map(prepared) };
  });
}

/** What fits the query, best first; the last choice searches the messages. */
export function choices(query: string, source: Source): Choice[] {
  const asked = prepared(query);
  if (asked === '') return recent(source);
  const mine = new Set(source.rooms.map(({ room }) => room.id));
  const met = new Set(source.rooms.map(({ room }) => partnerOf(room, source.me)?.id));
  const ranked: { choice: Choice; rank: number; room: Room | null }[] = [];
  const add = (choice: Choice, names: readonly string[], room: Room | null, later: number) => {
    const rank = bestRank(names, asked);
    if (rank !== null) ranked.push({ choice, rank: Math.floor(rank) * 10 + (rank % 1) + later, room });
  };
  for (const { room, names } of source.rooms) {
    add({ kind: 'room', key: room.id, room }, names, room, room.archived ? 5 : 0);
  }
  for (const person of source.people) {
    if (met.has(person.id)) continue;
    const names = [prepared(person.display_name), prepared(person.username)];
    add({ kind: 'person', key: person.id, person }, names, null, 2);
  }
  for (const room of source.publicRooms) {
    if (!mine.has(room.id)) add({ kind: 'join', key: room.id, room }, [prepared(room.name)], null, 3);
  }
  ranked.sort((a, b) => a.rank - b.rank || byUse(a.room, b.room));
  const found = ranked.slice(0, CHOICES_MAX).map(({ choice }) => choice);
  return [...found, { kind: 'search', key: 'search', query: query.trim() }];
}

/** Without a query: the unread rooms, then the others, the last ones first; not the one that is open. */
function recent({ rooms, open }: Source): Choice[] {
  return rooms
    .map(({ room }) => room)
    .filter((room) => room.id !== open && !room.archived)
    .sort(byUse)
    .slice(0, CHOICES_MAX)
    .map((room) => ({ kind: 'room', key: room.id, room }));
}

function byUse(a: Room | null, b: Room | null): number {
  return loudness(b) - loudness(a) || ((a?.last_at ?? '') < (b?.last_at ?? '') ? 1 : -1);
}

/** Mentions and direct messages before what is merely unread. */
function loudness(room: Room | null): number {
  if (!room?.me) return 0;
  const personal = room.kind === 'direct' || room.kind === 'group';
  if (room.me.mentions > 0 || (personal && room.me.unread > 0)) return 2;
  return room.me.unread > 0 ? 1 : 0;
}
