// Reads the parts of a line: marks around words, code, links, pictures, names, emoji and times.
// Goes through the text once, from left to right, and keeps what may still be closed on stacks.

import { bareAddressAt, bracketedAt, label, targetAt, type Target } from './links';
import { paired, type Piece, type Run } from './marks';
import { plainOf } from './plain';
import { emojiAt, mentionAt, roomAt, timeAt } from './signs';
import type { Inline } from './tree';

/** Reads the text of a paragraph, a heading or a cell. */
export function inlineOf(text: string): Inline[] {
  return new Reader(text).all();
}

interface Bracket {
  /** Where it stands among the pieces and in the text. */
  piece: number;
  from: number;
  isPicture: boolean;
}

/** A part that was found, and the character after it. */
export type Found = { part: Inline; end: number } | null;

class Reader {
  readonly #text: string;
  readonly #pieces: Piece[] = [];
  readonly #brackets: Bracket[] = [];
  /** Brackets below this depth have a link in them already, and no link stands in a link. */
  #spent = 0;
  /** Lengths of backtick runs that nothing closes, so that they are looked for once. */
  readonly #unclosed = new Set<number>();
  /** From where on the characters are nothing but text. */
  #from = 0;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  all(): Inline[] {
    while (this.#at < this.#text.length) {
      const end = this.#special(this.#text[this.#at]!);
      if (end === null) this.#at++;
      else this.#at = this.#from = end;
    }
    this.#plain(this.#at);
    return paired(this.#pieces);
  }

  /** Takes what begins with this character; null if it is just a character. */
  #special(char: string): number | null {
    switch (char) {
      case '\\':
        return this.#escape();
      case '`':
        return this.#code();
      case '*':
      case '_':
      case '~':
      case '|':
        return this.#run(char);
      case '!':
        return this.#text[this.#at + 1] === '[' ? this.#open(true) : null;
      case '[':
        return this.#open(false);
      case ']':
        return this.#close();
      case '<':
        return this.#found(timeAt(this.#text, this.#at) ?? bracketedAt(this.#text, this.#at));
      case 'h':
      case 'H':
      case 'w':
      case 'W':
        return this.#found(bareAddressAt(this.#text, this.#at, this.#brackets.length > 0));
      case '@':
        return this.#found(mentionAt(this.#text, this.#at));
      case '#':
        return this.#found(roomAt(this.#text, this.#at));
      case ':':
        return this.#found(emojiAt(this.#text, this.#at));
      default:
        return null;
    }
  }

  /** Keeps the characters before a special one as text. */
  #plain(end: number): void {
    if (end > this.#from) this.#push({ kind: 'text', text: this.#text.slice(this.#from, end) });
    this.#from = end;
  }

  #push(part: Inline): void {
    this.#pieces.push({ part });
  }

  #found(found: Found): number | null {
    if (!found) return null;
    this.#plain(this.#at);
    this.#push(found.part);
    return found.end;
  }

  #escape(): number | null {
    const next = this.#text[this.#at + 1];
    if (next === undefined || !/[!-/:-@[-`{-~\n]/.test(next)) return null;
    this.#plain(this.#at);
    this.#push({ kind: 'text', text: next });
    return this.#at + 2;
  }

  #code(): number {
    const length = runLength(this.#text, this.#at);
    const start = this.#at + length;
    const end = this.#unclosed.has(length) ? -1 : closing(this.#text, start, length);
    this.#plain(this.#at);
    if (end < 0) {
      this.#unclosed.add(length);
      this.#push({ kind: 'text', text: this.#text.slice(this.#at, start) });
      return start;
    }
    const inner = this.#text.slice(start, end).replaceAll('\n', ' ');
    const isPadded = inner.startsWith(' ') && inner.endsWith(' ') && inner.trim() !== '';
    this.#push({ kind: 'code', text: isPadded ? inner.slice(1, -1) : inner });
    return end + length;
  }

  /** A run of marks may open or close something, by what stands on its sides. */
  #run(mark: Run['mark']): number {
    const length = runLength(this.#text, this.#at);
    this.#plain(this.#at);
    this.#pieces.push(runOf(this.#text, this.#at, mark, length));
    return this.#at + length;
  }

  #open(isPicture: boolean): number {
    const sign = isPicture ? '![' : '[';
    this.#plain(this.#at);
    this.#brackets.push({ piece: this.#pieces.length, from: this.#at, isPicture });
    this.#push({ kind: 'text', text: sign });
    return this.#at + sign.length;
  }

  #close(): number | null {
    const bracket = this.#brackets.pop();
    if (!bracket) return null;
    const isSpent = this.#brackets.length < this.#spent && !bracket.isPicture;
    this.#spent = Math.min(this.#spent, this.#brackets.length);
    const target = isSpent ? null : targetAt(this.#text, this.#at + 1);
    if (!target) return null;
    this.#plain(this.#at);
    const inner = paired(this.#pieces.splice(bracket.piece + 1));
    this.#pieces.pop();
    const part = bracket.isPicture ? picture(target, inner) : label(target, inner);
    // What leads to nowhere that is safe, or lies about it, is shown as it was written.
    this.#push(part ?? { kind: 'text', text: this.#text.slice(bracket.from, target.end) });
    if (!bracket.isPicture) this.#spent = this.#brackets.length;
    return target.end;
  }
}

/** How often the character at this place is repeated. */
function runLength(text: string, at: number): number {
  let end = at + 1;
  while (text[end] === text[at]) end++;
  return end - at;
}

/** Where the next run of exactly so many backticks begins; -1 without one. */
function closing(text: string, from: number, length: number): number {
  for (let at = text.indexOf('`', from); at >= 0;) {
    const run = runLength(text, at);
    if (run === length) return at;
    at = text.indexOf('`', at + run);
  }
  return -1;
}

// Letters that are written without spaces around words: marks may stand between them and any other sign.
const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]/u;

function runOf(text: string, at: number, mark: Run['mark'], length: number): Run {
  const before = charBefore(text, at);
  const after = charAfter(text, at + length);
  const [spaceBefore, spaceAfter] = [/\s/.test(before), /\s/.test(after)];
  const [signBefore, signAfter] = [/[\p{P}\p{S}]/u.test(before), /[\p{P}\p{S}]/u.test(after)];
  const opens = !spaceAfter && (!signAfter || spaceBefore || signBefore || SPACELESS.test(before));
  const closes = !spaceBefore && (!signBefore || spaceAfter || signAfter || SPACELESS.test(after));
  const run = { mark, length, left: length, opened: [], closed: [] };
  switch (mark) {
    case '*':
      return { ...run, opens, closes };
    case '_':
      return { ...run, opens: opens && (!closes || signBefore), closes: closes && (!opens || signAfter) };
    case '~':
      return { ...run, opens: opens && length === 2, closes: closes && length === 2 };
    case '|':
      // Better something hidden too much than a secret told because of a space.
      return { ...run, opens: length === 2, closes: length === 2 };
  }
}

function charBefore(text: string, at: number): string {
  if (at === 0) return ' ';
  const isLow = at > 1 && /[\udc00-\udfff]/.test(text[at - 1]!);
  return text.slice(isLow ? at - 2 : at - 1, at);
}

function charAfter(text: string, at: number): string {
  return at >= text.length ? ' ' : String.fromCodePoint(text.codePointAt(at)!);
}

function picture(target: Target, inner: Inline[]): Inline | null {
  const isWeb = /^https?:/.test(target.href);
  return isWeb ? { kind: 'picture', src: target.href, title: target.title, alt: plainOf(inner) } : null;
}
