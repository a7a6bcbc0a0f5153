// How well a name fits what somebody typed to get there: the less the better. Pure.

import { fold } from '../search/fold';

/** Names and queries are compared in this form. */
export const prepared = fold;

/** Ranks, from best to worst. */
const WHOLE = 0;
const PREFIX = 1;
const WORD = 2;
const INSIDE = 3;
export const SCATTERED = 4;

/** How well the prepared name fits the prepared query; null: not at all. Scattered letters count by how far apart. */
export function rank(name: string, query: string): number | null {
  const whole = rankOfPart(name, query);
  if (whole !== null) return whole;
  const words = query.split(' ');
  if (words.length > 1) {
    const ranks = words.map((word) => rankOfPart(name, word));
    if (ranks.every((rank) => rank !== null)) return Math.max(WORD, ...ranks);
  }
  const span = spanOf(name, words.join(''));
  return span === null ? null : SCATTERED + Math.min(0.99, span / 200);
}

/** The best rank that one of the names has; null: none fits. */
export function bestRank(names: readonly string[], query: string): number | null {
  const ranks = names.map((name) => rank(name, query)).filter((rank) => rank !== null);
  return ranks.length === 0 ? null : Math.min(...ranks);
}

function rankOfPart(name: string, part: string): number | null {
  if (name === part) return WHOLE;
  const at = name.indexOf(part);
  if (at < 0) return null;
  if (at === 0) return PREFIX;
  for (let next = at; next >= 0; next = name.indexOf(part, next + 1)) {
    if (!/[\p{L}\p{N}]/u.test(name.charAt(next - 1))) return WORD;
  }
  return INSIDE;
}

/** How much of the name the letters take up, found one after the other; null if they are not all there. */
function spanOf(name: string, letters: string): number | null {
  let first = -1;
  let at = -1;
  for (const letter of letters) {
    at = name.indexOf(letter, at + 1);
    if (at < 0) return null;
    if (first < 0) first = at;
  }
  return first < 0 ? null : at - first + 1;
}
