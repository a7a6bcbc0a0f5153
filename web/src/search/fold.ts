// What counts as the same letters, as the server's search sees it: no case, no accents, compatibility forms made plain,
// white space one space. Pure.

// Accents of Latin, Greek and Cyrillic; Hebrew points; Arabic vowel signs and the tatweel; characters that nobody sees.
const MARKS = new RegExp(
  [
    '[\\u0300-\\u036f]',
    '[\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7]',
    '[\\u0640\\u064b-\\u065f\\u0670]',
    '[\\u00ad\\u200b-\\u200f\\u2060\\ufeff\\ufe00-\\ufe0f]',
  ].join('|'),
  'g',
);
const SPACES = /[\p{White_Space}\p{Cc}]+/gu;
const ASCII = /^[\u0020-\u007e]*$/;

/** The folded form of a text. */
export function fold(text: string): string {
  return letters(text).replace(SPACES, ' ').trim();
}

/** A folded text and, for each of its letters, which part of the original it comes from. */
export interface Folded {
  readonly text: string;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Folds a text so that what is found in it can be shown in the original. */
export function foldWithPlaces(text: string): Folded {
  let folded = '';
  const from: number[] = [];
  const to: number[] = [];
  for (const { at, part } of graphemes(text)) {
    for (const letter of letters(part).replace(SPACES, ' ').split('')) {
      if (letter === ' ' && (folded === '' || folded.endsWith(' '))) continue;
      folded += letter;
      from.push(at);
      to.push(at + part.length);
    }
  }
  return { text: folded, from, to };
}

function letters(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const plain = text.normalize('NFKD').replace(MARKS, '');
  // There and back: ß becomes SS and then ss. Only whole words would get a final sigma.
  const lower = plain.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ');
  return lower.replace(MARKS, '').normalize('NFC');
}

const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter() : null;

/** Letters with what belongs to them: parts of one are never found alone. */
function* graphemes(text: string): Generator<{ at: number; part: string }> {
  if (segmenter && !ASCII.test(text)) {
    for (const { index, segment } of segmenter.segment(text)) yield { at: index, part: segment };
    return;
  }
  let at = 0;
  for (const part of text) {
    yield { at, part };
    at += part.length;
  }
}
