// Where the searched words stand in a text, and the part of a long text that shows them. Pure.

import { fold, foldWithPlaces } from './fold';

/** A part of a text. */
export interface Piece {
  text: string;
  marked: boolean;
}

/** How much of a text is shown before the first hit, and in all. */
const BEFORE_CHARS = 90;
const SHOWN_CHARS = 420;

/** The text in parts, those that fit one of the terms marked; no case, no accents, anywhere in a word. */
export function marked(text: string, terms: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const [from, to] of hits(text, terms)) {
    if (from > at) pieces.push({ text: text.slice(at, from), marked: false });
    pieces.push({ text: text.slice(from, to), marked: true });
    at = to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), marked: false });
  return pieces;
}

/** The part of the text around the first hit, in parts like `marked`. */
export function excerpt(text: string, terms: readonly string[]): Piece[] {
  if (text.length <= SHOWN_CHARS) return marked(text, terms);
  const first = hits(text, terms)[0]?.[0] ?? 0;
  const start = first <= BEFORE_CHARS ? 0 : wordAfter(text, first - BEFORE_CHARS, first);
  const end = Math.min(text.length, start + SHOWN_CHARS);
  const cut = end < text.length ? wordBefore(text, end, first) : end;
  const shown = `${start > 0 ? '… ' : ''}${text.slice(start, cut)}${cut < text.length ? ' …' : ''}`;
  return marked(shown, terms);
}

/** The marked ranges, in order and apart. */
function hits(text: string, terms: readonly string[]): [number, number][] {
  const wanted = terms.map(fold).filter((term) => term !== '');
  if (wanted.length === 0) return [];
  const folded = foldWithPlaces(text);
  const found: [number, number][] = [];
  for (const term of wanted) {
    for (let at = folded.text.indexOf(term); at >= 0; at = folded.text.indexOf(term, at + term.length)) {
      found.push([folded.from[at]!, folded.to[at + term.length - 1]!]);
    }
  }
  return joined(found.sort((a, b) => a[0] - b[0]));
}

function joined(ranges: [number, number][]): [number, number][] {
  const apart: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = apart.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else apart.push([from, to]);
  }
  return apart;
}

/** Where a word begins, from `at` up to `limit`; `at` itself (not within a letter) where there is none. */
function wordAfter(text: string, at: number, limit: number): number {
  const space = text.slice(at, limit).search(/\s\S/u);
  return space < 0 ? whole(text, at) : at + space + 1;
}

/** Where a word ends, from `at` back to `limit`. */
function wordBefore(text: string, at: number, limit: number): number {
  const space = text.lastIndexOf(' ', at);
  return space > limit + SHOWN_CHARS / 2 ? space : whole(text, at);
}

/** Not between the two halves of a letter beyond 16 bits. */
function whole(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}
