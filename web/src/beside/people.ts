// The list of people in a room: who comes first, and who is meant by what was typed. Pure.

import type { Member, Status } from '../wire';

/** From how many people on there is a field to find somebody. */
export const FIND_FROM = 13;

const order = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

/** Those who are here first, then by name. */
export function inOrder(members: readonly Member[], statusOf: (user: string) => Status): Member[] {
  const away = (member: Member) => (statusOf(member.person.id) === 'offline' ? 1 : 0);
  const lines = members.map((member) => ({ member, away: away(member) }));
  lines.sort(
    (a, b) =>
      a.away - b.away ||
      order.compare(a.member.person.display_name, b.member.person.display_name) ||
      order.compare(a.member.person.username, b.member.person.username),
  );
  return lines.map(({ member }) => member);
}

/** Those whose name or user name contains all the words, whatever their case and accents. */
export function called(members: readonly Member[], typed: string): readonly Member[] {
  const asked = folded(typed).split(/\s+/).filter(Boolean);
  if (asked.length === 0) return members;
  return members.filter(({ person }) => {
    const name = folded(`${person.display_name} @${person.username}`);
    return asked.every((word) => name.includes(word));
  });
}

function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
