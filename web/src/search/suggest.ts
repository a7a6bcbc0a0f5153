// What a filter that is being typed may become: people, rooms, days, what a message may have. Pure.

import { bestRank, prepared, SCATTERED } from '../keys/rank';
import type { Named } from '../keys/choices';
import { signOf, type Option } from '../keys/options';
import { nameOf, partnerOf } from '../state/names';
import type { Account, Person, Room } from '../wire';
import { HAS, type Begun, type Filter } from './query';
import { valueOf } from './rooms';
import { searchWords as words } from '../words/search';

/** A line of the list and the filter that it stands for. */
export interface Suggestion extends Option {
  filter: Filter;
}

/** Of which the suggestions are made. */
export interface Source {
  me: Account | null;
  people: readonly Person[];
  rooms: readonly Named[];
  now: Date;
}

const SUGGESTIONS_MAX = 8;
const DAY_MS = 24 * 3_600_000;

/** The best suggestions for what is begun. */
export function suggestions({ key, prefix }: Begun, source: Source): Suggestion[] {
  const all = { from: people, in: rooms, has, before: days, after: days }[key](source, key);
  const asked = prepared(prefix);
  if (asked === '') return all.slice(0, SUGGESTIONS_MAX).map(({ suggestion }) => suggestion);
  return all
    .map(({ suggestion, names }) => ({ suggestion, rank: bestRank(names, asked) }))
    .filter(
      (one): one is { suggestion: Suggestion; rank: number } => one.rank !== null && one.rank < SCATTERED,
    )
    .sort((a, b) => a.rank - b.rank)
    .slice(0, SUGGESTIONS_MAX)
    .map(({ suggestion }) => suggestion);
}

interface Candidate {
  suggestion: Suggestion;
  /** Prepared for comparing. */
  names: readonly string[];
}

function people({ me, people }: Source): Candidate[] {
  const others = people
    .filter((person) => person.id !== me?.id)
    .map((person) => ({
      suggestion: {
        key: person.id,
        label: person.display_name,
        hint: `@${person.username}`,
        person,
        filter: { key: 'from', value: person.username } as const,
      },
      names: [prepared(person.display_name), prepared(person.username)],
    }));
  if (!me) return others;
  const self: Suggestion = {
    key: 'me',
    label: words.me,
    hint: `@${me.username}`,
    person: me,
    filter: { key: 'from', value: 'me' },
  };
  return [{ suggestion: self, names: ['me', prepared(me.display_name), prepared(me.username)] }, ...others];
}

function rooms({ me, rooms }: Source): Candidate[] {
  const all = rooms.map(({ room }) => room);
  return [...rooms]
    .sort((a, b) => (a.room.last_at < b.room.last_at ? 1 : -1))
    .map(({ room, names }) => ({ suggestion: roomSuggestion(room, all, me), names }));
}

function roomSuggestion(room: Room, all: readonly Room[], me: Account | null): Suggestion {
  const partner = partnerOf(room, me);
  return {
    key: room.id,
    label: nameOf(room, me),
    hint: partner ? `@${partner.username}` : room.topic,
    ...(partner ? { person: partner } : { sign: signOf(room) }),
    filter: { key: 'in', value: valueOf(room, all, me) },
  };
}

function has(): Candidate[] {
  return HAS.map((value) => ({
    suggestion: {
      key: value,
      label: words.filterHas[value],
      hint: `has:${value}`,
      sign: 'filter',
      filter: { key: 'has', value },
    },
    names: [value, prepared(words.filterHas[value])],
  }));
}

function days({ now }: Source, key: Filter['key']): Candidate[] {
  const ago: [string, number][] = [
    [words.today, 0],
    [words.yesterday, 1],
    [words.weekAgo, 7],
    [words.monthAgo, 30],
  ];
  return ago.map(([label, days]) => {
    const value = new Date(now.getTime() - days * DAY_MS).toISOString().slice(0, 10);
    return {
      suggestion: { key: value, label, hint: value, sign: 'filter', filter: { key, value } },
      names: [value, prepared(label)],
    };
  });
}
