// Text is shown as it was meant, and never becomes anything else than text, marks and honest links; quickly, whatever it is.

import { describe, expect, it } from 'vitest';
import { read } from './blocks';
import { fold, isLong } from './fold';
import { isOnlyEmoji } from './only-emoji';
import { plain } from './plain';
import { DEPTH_MAX, type Block, type Inline } from './tree';

function inlineOf(text: string): Inline[] {
  const [block] = read(text);
  if (block?.kind !== 'paragraph') throw new Error('not a paragraph');
  return block.parts;
}

const text = (said: string): Inline => ({ kind: 'text', text: said });

describe('the marks of chats', () => {
  it.each<[string, Inline[]]>([
    ['plain < & >', [text('plain < & >')]],
    ['@ada', [{ kind: 'mention', name: 'ada' }]],
    ['@ada.', [{ kind: 'mention', name: 'ada' }, text('.')]],
    ['(@Ada-Lovelace)', [text('('), { kind: 'mention', name: 'Ada-Lovelace' }, text(')')]],
    ['me@example.org', [text('me@example.org')]],
    ['\\@ada', [text('@ada')]],
    ['`@ada`', [{ kind: 'code', text: '@ada' }]],
    ['see #quiet-corner.', [text('see '), { kind: 'room', name: 'quiet-corner' }, text('.')]],
    ['#Küche', [{ kind: 'room', name: 'Küche' }]],
    ['a#b', [text('a#b')]],
    [':tada:', [{ kind: 'emoji', name: 'tada' }]],
    [':+1: :Smile:', [{ kind: 'emoji', name: '+1' }, text(' '), { kind: 'emoji', name: 'smile' }]],
    ['10:30:45', [text('10:30:45')]],
    ['a :) b :(', [text('a :) b :(')]],
    ['<t:1700000000>', [{ kind: 'time', seconds: 1_700_000_000, style: 'f' }]],
    ['<t:-5:R>', [{ kind: 'time', seconds: -5, style: 'R' }]],
    ['<t:9999999999999:R>', [text('<t:9999999999999:R>')]],
    ['<t:1:x>', [text('<t:1:x>')]],
    ['||a||', [{ kind: 'spoiler', parts: [text('a')] }]],
    ['|| a ||', [{ kind: 'spoiler', parts: [text(' a ')] }]],
    ['a || b', [text('a || b')]],
    ['||||', [text('||||')]],
    ['`||a||`', [{ kind: 'code', text: '||a||' }]],
    ['one\ntwo', [text('one\ntwo')]],
    ['one\\\ntwo', [text('one\ntwo')]],
  ])('%s', (said, parts) => expect(inlineOf(said)).toEqual(parts));

  it('hide first, so that askew marks tell no secret', () => {
    expect(inlineOf('**a ||secret** more||')).toEqual([
      text('**a '),
      { kind: 'spoiler', parts: [text('secret** more')] },
    ]);
    expect(inlineOf('**a ||*b*|| c**')[0]).toMatchObject({ kind: 'strong' });
  });
});

describe('links', () => {
  it('end before the full stop', () => {
    const [, link, rest] = inlineOf('see https://example.org/a?b=c. Then');
    expect(link).toMatchObject({ kind: 'link', href: 'https://example.org/a?b=c' });
    expect(rest).toEqual(text('. Then'));
  });

  it('may have a label, but not one that is another address', () => {
    expect(inlineOf('[here](https://example.org/)')[0]).toMatchObject({
      kind: 'link',
      href: 'https://example.org/',
    });
    for (const label of [
      'https://bank.example',
      'www.bank.example',
      ' https://bank.example',
      '**https://bank.example**',
      '||https://bank.example||',
      '<https://bank.example>',
      'go to https://bank.example',
      'ht\u200btps://bank.example',
      '\\https://bank.example',
      'https&#58;//bank.example https:',
    ]) {
      const said = `[${label}](https://thief.example/)`;
      expect(inlineOf(said), said).toEqual([text(said)]);
    }
    expect(inlineOf('[https://example.org](https://example.org/)')[0]).toMatchObject({ kind: 'link' });
    expect(inlineOf('[www.example.org](https://www.example.org)')[0]).toMatchObject({ kind: 'link' });
  });

  it('stand in no link, and have nothing to press in them', () => {
    expect(inlineOf('[a [b](https://b.example) #c](https://a.example)')).toMatchObject([
      { kind: 'text' },
      { kind: 'link', href: 'https://b.example/' },
      { kind: 'text' },
      { kind: 'room' },
      { kind: 'text' },
      { kind: 'link', href: 'https://a.example/' },
      { kind: 'text' },
    ]);
    expect(inlineOf('[#c ![d](https://d.example)](https://a.example)')).toMatchObject([
      { kind: 'link', parts: [text('#c'), text(' '), text('d')] },
    ]);
    expect(inlineOf('[a ||b||](https://a.example)')).toMatchObject([
      { kind: 'spoiler', parts: [{ kind: 'link', parts: [text('a '), text('b')] }] },
    ]);
  });

  it.each([
    'javascript:alert(1)',
    '[a](javascript:alert(1))',
    '[a](JavaScript:alert(1))',
    '[a](<javascript:alert(1)>)',
    '[a](java\\script:alert(1))',
    '[a](data:text/html,x)',
    '[a](//thief.example)',
    '[a](https:thief.example)',
    '[a](vbscript:x)',
    '[a](blob:https://a.example/b)',
    '<https:alert(1)>',
    '<javascript:alert(1)>',
    '<img src=x onerror=alert(1)>',
    '![a](javascript:alert(1))',
    '![a](data:image/svg+xml,x)',
    '![a](mailto:a@example.org)',
    '[a](  javascript:alert(1))',
    'https://',
    'https://.',
  ])('lead to the web or to a mailbox only: %s', (said) => {
    expect(JSON.stringify(read(said))).not.toMatch(/"link"|"picture"/);
  });
});

describe('plain', () => {
  it('is one line without marks', () => {
    const said = '# Hi\n**Hello** @Ada\n> see [here](https://example.org)\n- a\n- `b`\n\n|x|\n|-|\n|y|';
    expect(plain(said)).toBe('Hi Hello @Ada see here a, b x, y');
  });

  it('keeps what is hidden', () => {
    expect(plain('he is ||the murderer||')).not.toContain('murderer');
  });
});

describe('long texts', () => {
  it('are shown in part', () => {
    const said = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n');
    expect(isLong(said)).toBe(true);
    expect(plainBlocks(fold(read(said)))).toMatch(/^line 0\nline 1\n[^]*line 14…$/);
    expect(isLong('a\n'.repeat(20))).toBe(false);
    expect(isLong('word '.repeat(401))).toBe(true);
    expect(plainBlocks(fold(read('word '.repeat(1_000)))).length).toBeLessThan(1_210);
  });

  it('tell nothing that is hidden when they are cut', () => {
    const folded = fold(read(`a ||${'secret '.repeat(500)}||`));
    expect(folded).toMatchObject([{ parts: [{ kind: 'text' }, { kind: 'spoiler' }] }]);
  });

  it('keep their kinds of blocks', () => {
    const said = `- ${'a\n- '.repeat(100)}b`;
    expect(fold(read(said))).toMatchObject([{ kind: 'list' }]);
    expect(fold(read(`\`\`\`\n${'x\n'.repeat(100)}`))).toMatchObject([{ kind: 'code' }]);
  });

  function plainBlocks(blocks: Block[]): string {
    return blocks
      .flatMap((block) => (block.kind === 'paragraph' ? block.parts : []))
      .map((part) => (part.kind === 'text' ? part.text : ''))
      .join('');
  }
});

/** How deep a tree is. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const PIECES = [
  ...[
    '**',
    '**a ',
    '*a ',
    '_a ',
    '__',
    '*',
    '_*a',
    '_a*b ',
    '*_ ',
    '*_~~**',
    'a**b',
    '~~',
    '~~a',
    '||',
    '||a',
    '|',
  ],
  ...[
    '[',
    '[a',
    ']',
    '[]',
    '![',
    '[](',
    '![a](',
    '[a](https://',
    '[](<',
    '[a](b "',
    '[](((',
    '[a](b)',
    '![](https://a',
  ],
  ...[
    '`',
    '`a``b',
    '\\',
    '<',
    '<t:',
    '<https://',
    '<a@b',
    'http://',
    'https://(',
    'https://a)',
    'www.',
    'www.a|',
    ':',
  ],
  ...[
    ':a',
    '@',
    '@a',
    '#',
    '# ',
    '#a',
    '> ',
    '>\n',
    '> - ',
    '- ',
    '- - a\n',
    '- a\n\n',
    '1. ',
    '1. a\n  ',
    '  - a\n',
  ],
  ...[
    '```\n',
    '~~~\n',
    '```a',
    '|a|b\n',
    '|-|-\n',
    '| - ',
    '|a\n|-\n',
    ' ',
    '\t',
    '\n',
    '\r',
    '- [ ] ',
    '•',
    '\u{1f600}',
  ],
];

describe('no text takes long or goes deep', () => {
  // Longer than a message may be: what takes time by the square of the length would take many seconds.
  const CHARS = 24_000;
  const MS_MAX = 800;

  /** The best of some tries: on a busy machine others take the time. */
  function time(said: string): number {
    let best = Infinity;
    for (let tries = 0; tries < 5 && best >= MS_MAX; tries++) {
      const start = performance.now();
      read(said);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  }

  it.each(PIECES)('%j', (piece) => {
    for (const end of ['', '\nx)']) {
      const said = piece.repeat(CHARS / piece.length) + end;
      expect(time(said)).toBeLessThan(MS_MAX);
      expect(depthOf(read(said.slice(0, 4_000)))).toBeLessThan(14 * DEPTH_MAX);
    }
  });

  it('runs of backticks of every length', () => {
    const said = Array.from({ length: 218 }, (_, length) => '`'.repeat(length + 1)).join(' ');
    expect(time(said)).toBeLessThan(MS_MAX);
  });
});

describe('any text', () => {
  // A small generator of numbers, so that a failure can be repeated by its seed.
  function* rolls(seed: number): Generator<(sides: number) => number> {
    for (let state = seed; ;) {
      yield (sides) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * sides);
      };
    }
  }

  // Targets and titles of links, columns too many and what follows a code's language are read but not shown.
  const KEPT = PIECES.filter((piece) => !/[`~|[\]]/.test(piece));

  it.each([
    ['any marks', PIECES],
    ['marks that lose nothing', KEPT],
  ])('of %s is read without an error, and with honest ends', (_, pieces) => {
    const roll = rolls(20).next().value!;
    for (let round = 0; round < 1_000; round++) {
      const parts = Array.from({ length: 1 + roll(30) }, (_, at) => [
        pieces[roll(pieces.length)],
        `w${at}q `,
      ]);
      const said = parts.flat().join('');
      const blocks = read(said);
      const shown = JSON.stringify(blocks);
      expect(() => [plain(said), fold(blocks), isLong(said)], said).not.toThrow();
      for (const [, href] of shown.matchAll(/"(?:href|src)":"([^"]*)"/g)) {
        expect(href, said).toMatch(/^(?:https?:\/\/|mailto:)/);
      }
      if (pieces === KEPT) for (const [, word] of parts) expect(shown, said).toContain(word!.trim());
    }
  });

  it('of any characters is read without an error', () => {
    const roll = rolls(21).next().value!;
    for (let round = 0; round < 1_000; round++) {
      const said = Array.from({ length: roll(80) }, () =>
        String.fromCharCode(roll(4) === 0 ? roll(65_536) : 9 + roll(118)),
      ).join('');
      expect(() => plain(said), JSON.stringify(said)).not.toThrow();
    }
  });
});

describe('emoji', () => {
  it('alone are shown large', () => {
    for (const said of ['👍', '🎉 🎉', '👨‍👩‍👧', '👍🏽', '🇩🇪', '1️⃣', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '❤️'])
      expect(isOnlyEmoji(said), said).toBe(true);
    for (const said of ['ok', '👍 ok', '1', '', '👍👍👍👍', ':tada:'])
      expect(isOnlyEmoji(said), said).toBe(false);
    expect(isOnlyEmoji(':tada: 🎉', (name) => name === 'tada')).toBe(true);
  });
});
