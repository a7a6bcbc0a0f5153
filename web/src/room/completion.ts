// What a half-written name may become: people after @, rooms after #, emoji after a colon. Pure.

import type { Member, Room } from '../wire';

/** What is being written before the caret. */
export interface Begun {
  sign: '@' | '#' | ':';
  /** What stands after the sign, in lower case. */
  prefix: string;
  /** Where the sign is in the text. */
  from: number;
}

/** One of the things that it may become. */
export interface Choice {
  key: string;
  /** What stands in the text afterwards. */
  text: string;
  /** Shown in front: an emoji, or nothing. */
  sign: string;
  label: string;
  hint: string;
}

export const CHOICES_MAX = 8;

// A sign at the beginning of a word; for emoji at least two letters, so that "10:30" and ":)" ask for nothing.
const BEGUN = /(?:^|[\s([{"'])(?:([@#])([\p{L}\p{N}._-]{0,40})|(:)([a-z0-9_+-]{2,30}))$/iu;

/** What is begun before the caret, or null. */
export function begunAt(text: string, caret: number): Begun | null {
  const before = text.slice(Math.max(0, caret - 60), caret);
  const match = BEGUN.exec(before);
  if (!match) return null;
  const sign = (match[1] ?? match[3]) as Begun['sign'];
  const prefix = match[2] ?? match[4] ?? '';
  return { sign, prefix: prefix.toLowerCase(), from: caret - prefix.length - 1 };
}

/** Plain letters for comparing: no case, no accents. */
export function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** How well a name fits: 0 begins with it, 1 a word in it does, 2 not at all. */
function fit(name: string, prefix: string): 0 | 1 | 2 {
  const plain = folded(name);
  if (plain.startsWith(prefix)) return 0;
  return plain.split(/[\s._-]+/).some((word) => word.startsWith(prefix)) ? 1 : 2;
}

/** The people of the room who fit, those present first; `everybody` is the word for @room. */
export function peopleFor(
  prefix: string,
  members: readonly Member[],
  me: string | undefined,
  everybody: string,
): Choice[] {
  const asked = folded(prefix);
  const found = members
    .filter(({ person }) => person.id !== me)
    .map((member) => {
      const { username, display_name } = member.person;
      const fits = Math.min(fit(username, asked), fit(display_name, asked));
      return { member, rank: fits * 2 + (member.status === 'offline' ? 1 : 0), fits };
    })
    .filter(({ fits }) => fits < 2)
    .sort((a, b) => a.rank - b.rank);
  const choices = found.slice(0, CHOICES_MAX).map(({ member: { person } }) => ({
    key: person.id,
    text: `@${person.username} `,
    sign: '',
    label: person.display_name,
    hint: `@${person.username}`,
  }));
  if ('room'.startsWith(asked)) {
    choices.push({ key: 'room', text: '@room ', sign: '', label: '@room', hint: everybody });
  }
  return choices.slice(0, CHOICES_MAX + 1);
}

/** The rooms with names that fit. */
export function roomsFor(prefix: string, rooms: readonly Room[]): Choice[] {
  const asked = folded(prefix);
  return rooms
    .filter((room) => room.kind === 'public' || room.kind === 'private')
    .map((room) => ({ room, fits: Math.min(fit(room.name, asked), fit(nameInText(room), asked)) }))
    .filter(({ fits }) => fits < 2)
    .sort((a, b) => a.fits - b.fits || a.room.name.localeCompare(b.room.name))
    .slice(0, CHOICES_MAX)
    .map(({ room }) => ({
      key: room.id,
      text: `#${nameInText(room)} `,
      sign: '#',
      label: room.name,
      hint: room.topic,
    }));
}

/** A room's name as it is written in a message: without spaces. */
export function nameInText(room: Room): string {
  return room.name.trim().replace(/\s+/g, '-');
}
