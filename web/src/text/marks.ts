// Pairs the marks of a line and makes a tree of what they enclose, as CommonMark says ("delimiter stack").

import { DEPTH_MAX, type Around, type Inline } from './tree';

/** A run of one mark. */
export interface Run {
  mark: '*' | '_' | '~' | '|';
  length: number;
  /** Whether it may begin or end something. */
  opens: boolean;
  closes: boolean;
  /** How many of the marks have found no partner. */
  left: number;
  /** What begins here, from the inside outwards, and what ends here. */
  opened: Around[];
  closed: Around[];
}

/** What a line is cut into. */
export type Piece = { part: Inline } | Run;

/** The parts that the pieces make. */
export function paired(pieces: Piece[]): Inline[] {
  pair(pieces);
  return treeOf(pieces);
}

/** Hiding goes first: a secret must not be told because other marks were set askew. */
function hide(pieces: Piece[]): void {
  let opener: Run | null = null;
  for (const run of pieces) {
    if ('part' in run || run.mark !== '|' || !run.opens) continue;
    if (opener) join(opener, run);
    opener = opener ? null : run;
  }
}

function pair(pieces: Piece[]): void {
  hide(pieces);
  const outside = new Pairing();
  let inside: Pairing | null = null;
  for (const [at, run] of pieces.entries()) {
    if ('part' in run) continue;
    if (run.mark === '|') inside = run.opened.length > 0 ? new Pairing() : null;
    else (inside ?? outside).take(run, at);
  }
}

/** What is open so far, within a hidden part or outside of all. */
class Pairing {
  readonly #open: { run: Run; at: number }[] = [];
  /** Below these places nothing opens what such a run would close; without them the search would be quadratic. */
  readonly #bottoms = new Map<string, number>();

  take(run: Run, at: number): void {
    while (run.closes && run.left > 0 && this.#close(run));
    if (run.opens && run.left > 0) this.#open.push({ run, at });
  }

  /** Finds the nearest run that this one closes. */
  #close(run: Run): boolean {
    const sort = `${run.mark}${run.opens}${run.length % 3}`;
    const bottom = this.#bottoms.get(sort) ?? -1;
    for (let look = this.#open.length - 1; look >= 0; look--) {
      const { run: opener, at } = this.#open[look]!;
      if (at <= bottom) break;
      if (!fits(opener, run)) continue;
      join(opener, run);
      this.#open.length = opener.left > 0 ? look + 1 : look;
      return true;
    }
    this.#bottoms.set(sort, this.#open.at(-1)?.at ?? -1);
    return false;
  }
}

function fits(opener: Run, closer: Run): boolean {
  if (opener.mark !== closer.mark) return false;
  if (opener.mark === '~') return true;
  const isBoth = (opener.opens && opener.closes) || (closer.opens && closer.closes);
  return !isBoth || (opener.length + closer.length) % 3 !== 0 || closer.length % 3 === 0;
}

function join(opener: Run, closer: Run): void {
  const isDouble = opener.left >= 2 && closer.left >= 2;
  const kind = { '*': 'strong', _: 'strong', '~': 'strike', '|': 'spoiler' } as const;
  const around = isDouble ? kind[opener.mark] : 'emphasis';
  opener.opened.push(around);
  closer.closed.push(around);
  opener.left -= isDouble ? 2 : 1;
  closer.left -= isDouble ? 2 : 1;
}

function treeOf(pieces: Piece[]): Inline[] {
  const all: Inline[] = [];
  /** What is open: where its parts go, and the marks to show if it is too deep to be taken. */
  const stack: { parts: Inline[]; shown: string }[] = [{ parts: all, shown: '' }];
  for (const piece of pieces) {
    if ('part' in piece) {
      add(stack.at(-1)!.parts, piece.part);
      continue;
    }
    for (let count = piece.closed.length; count > 0; count--) {
      const { shown } = stack.pop()!;
      addText(stack.at(-1)!.parts, shown);
    }
    addText(stack.at(-1)!.parts, piece.mark.repeat(piece.left));
    for (const kind of piece.opened.toReversed()) {
      const { parts } = stack.at(-1)!;
      if (stack.length > DEPTH_MAX) {
        const shown = piece.mark.repeat(kind === 'emphasis' ? 1 : 2);
        addText(parts, shown);
        stack.push({ parts, shown });
      } else {
        const inner: Inline[] = [];
        parts.push({ kind, parts: inner });
        stack.push({ parts: inner, shown: '' });
      }
    }
  }
  return all;
}

function addText(parts: Inline[], text: string): void {
  if (text !== '') add(parts, { kind: 'text', text });
}

/** Texts side by side become one. */
function add(parts: Inline[], part: Inline): void {
  const last = parts.at(-1);
  if (part.kind === 'text' && last?.kind === 'text') {
    parts[parts.length - 1] = { kind: 'text', text: last.text + part.text };
  } else {
    parts.push(part);
  }
}
