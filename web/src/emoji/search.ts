// All emoji, and how they are found: by name, shortcode or keyword. Loaded when somebody needs one.

import groups from 'virtual:emoji';

/** An emoji, without a skin tone. */
export interface Emoji {
  emoji: string;
  name: string;
  shortcodes: string[];
  keywords: string[];
  /** Its place in `words.emojiGroup`. */
  group: number;
  hasTones: boolean;
}

/** An emoji for a half-written shortcode. */
export interface Suggestion {
  emoji: string;
  name: string;
  shortcode: string;
}

/** All emoji by group, in the usual order. */
export const all: readonly (readonly Emoji[])[] = groups.map((lines, group) =>
  lines.split('\n').map((line) => {
    const [emoji = '', name = '', codes = '', keywords = '', tones = ''] = line.split('\t');
    return {
      emoji,
      name,
      shortcodes: codes.split(' '),
      keywords: keywords === '' ? [] : keywords.split(','),
      group,
      hasTones: tones !== '',
    };
  }),
);

interface Entry {
  one: Emoji;
  /** The shortcodes and the name with spaces. */
  names: string[];
  /** Their words. */
  words: string[];
}

const entries: Entry[] = all.flat().map((one) => {
  const names = [...one.shortcodes, one.name].map(spaced);
  return { one, names, words: names.flatMap((name) => name.split(' ')) };
});

const byCode = new Map(entries.flatMap(({ one }) => one.shortcodes.map((code) => [code, one] as const)));
const bySign = new Map(entries.map(({ one }) => [one.emoji, one] as const));

/** The emoji with this shortcode. */
export function byShortcode(name: string): string | null {
  return byCode.get(name.toLowerCase())?.emoji ?? null;
}

/** What is known of an emoji, whatever its skin tone. */
export function bySelf(emoji: string): Emoji | null {
  return bySign.get(emoji) ?? bySign.get(emoji.replace(/\p{Emoji_Modifier}/gu, '')) ?? null;
}

/** The emoji that fit, the best ones first. */
export function search(query: string, limit: number): Emoji[] {
  const self = bySelf(query.trim());
  if (self) return [self];
  return ranked(query)
    .slice(0, limit)
    .map(({ one }) => one);
}

/** The emoji for what has been written after a colon. */
export function suggest(prefix: string, limit: number): Suggestion[] {
  const asked = spaced(prefix);
  return ranked(prefix)
    .slice(0, limit)
    .map(({ one }) => ({
      emoji: one.emoji,
      name: one.name,
      shortcode: one.shortcodes.find((code) => spaced(code).startsWith(asked)) ?? one.shortcodes[0]!,
    }));
}

function spaced(text: string): string {
  return text
    .toLowerCase()
    .replace(/^:|:$/g, '')
    .replace(/[\s_:,.’'“”()&-]+/g, ' ')
    .trim();
}

function ranked(query: string): Entry[] {
  const asked = spaced(query) || query.trim();
  if (asked === '') return [];
  const parts = asked.split(' ');
  const found: { entry: Entry; rank: number }[] = [];
  for (const entry of entries) {
    const rank = rankOf(entry, asked, parts);
    if (rank !== null) found.push({ entry, rank });
  }
  // Sorting is stable: those that fit alike stay in the usual order.
  return found.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry);
}

/** Exactly a shortcode, the beginning of one (below 1), of a name, words, keywords: the lower the better. */
function rankOf({ one, names, words }: Entry, asked: string, parts: string[]): number | null {
  if (one.shortcodes.includes(asked) || names.includes(asked)) return 0;
  const begun = names.slice(0, one.shortcodes.length).filter((code) => code.startsWith(asked));
  // The shorter one is likelier to be meant: smile before smiling_imp.
  if (begun.length > 0) return 1 - 1 / Math.min(...begun.map((code) => code.length));
  if (names.some((name) => name.startsWith(asked))) return 1;
  if (parts.every((part) => words.includes(part))) return 2;
  if (parts.every((part) => words.some((word) => word.startsWith(part)))) return 3;
  if (one.keywords.includes(asked)) return 4;
  const rest = [...words, ...one.keywords];
  if (parts.every((part) => rest.some((word) => word.startsWith(part)))) return 5;
  return asked.length > 2 && names.some((name) => name.includes(asked)) ? 6 : null;
}
