// Makes the list of emoji that the page loads, `virtual:emoji`, from the data of the emojibase project; compact, because phones load it.

import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

/** Newer emoji are shown as boxes by browsers that people still have. */
const VERSION_MAX = 15.1;

/** Group 2 of the data are skin tones and hair, which are nothing by themselves. */
const GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9];

const KEYWORDS_MAX = 16;

interface Datum {
  emoji: string;
  hexcode: string;
  label: string;
  tags?: string[];
  group?: number;
  order: number;
  version: number;
  skins?: unknown[];
}

type Shortcodes = Record<string, string | string[]>;

/** A Vite plugin: a list of groups, each a text with a line per emoji (emoji, name, shortcodes, keywords, tones), parted by tabs. */
export function emoji(): Plugin {
  const id = 'virtual:emoji';
  return {
    name: 'rill-emoji',
    resolveId: (asked) => (asked === id ? `\0${id}` : null),
    load: (asked) => (asked === `\0${id}` ? `export default ${JSON.stringify(groups())};` : null),
  };
}

function groups(): string[] {
  const require = createRequire(import.meta.url);
  const data = require('emojibase-data/en/data.json') as Datum[];
  const sources = ['github', 'iamcal', 'emojibase'].map(
    (name) => require(`emojibase-data/en/shortcodes/${name}.json`) as Shortcodes,
  );
  return GROUPS.map((group) =>
    data
      .filter((one) => one.group === group && one.version <= VERSION_MAX)
      .sort((a, b) => a.order - b.order)
      .map((one) => line(one, sources))
      .join('\n'),
  );
}

function line({ emoji, hexcode, label, tags, skins }: Datum, [github, slack, other]: Shortcodes[]): string {
  const known = [github?.[hexcode] ?? [], slack?.[hexcode] ?? []].flat();
  const codes = [...new Set(known.length > 0 ? known : [other?.[hexcode] ?? []].flat())];
  const name = label.toLowerCase();
  const said = new Set([...codes, ...codes.flatMap((code) => code.split(/[_-]/)), ...name.split(/[\s,:-]+/)]);
  const keywords = (tags ?? []).filter((tag) => !said.has(tag.toLowerCase())).slice(0, KEYWORDS_MAX);
  return [normal(emoji), name, codes.join(' '), keywords.join(',').toLowerCase(), skins ? '+' : ''].join(
    '\t',
  );
}

/** Without the sign that asks for a picture where a picture is what is shown anyway. */
function normal(emoji: string): string {
  return emoji.replace(/(\p{Emoji_Presentation})\ufe0f$/u, '$1');
}
