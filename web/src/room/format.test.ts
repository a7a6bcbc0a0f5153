// Text is shown as it was meant, and never becomes anything else than text, marks and honest links.

import { describe, expect, it } from 'vitest';
import { isOnlyEmoji, plain, read, type Inline } from './format';

function inlineOf(text: string): Inline[] {
  const [block] = read(text);
  if (block?.kind !== 'paragraph') throw new Error('not a paragraph');
  return block.parts;
}

describe('marks', () => {
  it.each<[string, Inline[]]>([
    ['plain < & >', [{ kind: 'text', text: 'plain < & >' }]],
    ['`a **b**`', [{ kind: 'code', text: 'a **b**' }]],
    ['**b**', [{ kind: 'strong', parts: [{ kind: 'text', text: 'b' }] }]],
    ['*e*', [{ kind: 'emphasis', parts: [{ kind: 'text', text: 'e' }] }]],
    ['_e_', [{ kind: 'emphasis', parts: [{ kind: 'text', text: 'e' }] }]],
    ['~~s~~', [{ kind: 'strike', parts: [{ kind: 'text', text: 's' }] }]],
    ['snake_case_name', [{ kind: 'text', text: 'snake_case_name' }]],
    ['2 * 3 * 4', [{ kind: 'text', text: '2 * 3 * 4' }]],
    ['@ada', [{ kind: 'mention', name: 'ada' }]],
    ['me@example.org', [{ kind: 'text', text: 'me@example.org' }]],
  ])('%s', (text, parts) => expect(inlineOf(text)).toEqual(parts));

  it('may stand in each other', () => {
    expect(inlineOf('**a *b***')[0]).toMatchObject({ kind: 'strong' });
    expect(inlineOf('a **b** `c` @dora.')).toEqual([
      { kind: 'text', text: 'a ' },
      { kind: 'strong', parts: [{ kind: 'text', text: 'b' }] },
      { kind: 'text', text: ' ' },
      { kind: 'code', text: 'c' },
      { kind: 'text', text: ' ' },
      { kind: 'mention', name: 'dora' },
      { kind: 'text', text: '.' },
    ]);
  });
});

describe('links', () => {
  it('end before the full stop', () => {
    const [, link, rest] = inlineOf('see https://example.org/a?b=c. Then');
    expect(link).toMatchObject({ kind: 'link', href: 'https://example.org/a?b=c' });
    expect(rest).toEqual({ kind: 'text', text: '. Then' });
  });

  it('may have a label, but not one that looks like another address', () => {
    expect(inlineOf('[here](https://example.org/)')[0]).toMatchObject({
      kind: 'link',
      href: 'https://example.org/',
    });
    expect(inlineOf('[https://bank.example](https://thief.example/)').map((part) => part.kind)).toEqual([
      'text',
    ]);
  });

  it.each([
    'javascript:alert(1)',
    '[a](javascript:alert(1))',
    '[a](data:text/html,x)',
    '<https:alert(1)>',
    '<img src=x onerror=alert(1)>',
    '[a](  javascript:alert(1))',
  ])('lead to the web only: %s', (text) => {
    expect(JSON.stringify(read(text))).not.toContain('"link"');
  });
});

describe('blocks', () => {
  it('are told apart', () => {
    const text = 'one\ntwo\n> said\n> more\n- a\n- b\n1. x\n2. y\n```rust\nfn main() {}\n```\nend';
    expect(read(text).map((block) => block.kind)).toEqual([
      'paragraph',
      'quote',
      'list',
      'list',
      'code',
      'paragraph',
    ]);
  });

  it('take a fence that is never closed as written', () => {
    expect(read('```\ncode')).toEqual([{ kind: 'paragraph', parts: [{ kind: 'text', text: '```\ncode' }] }]);
  });
});

describe('plain', () => {
  it('is one line without marks', () => {
    expect(plain('**Hello** @Ada\n> see [here](https://example.org)\n- a\n- `b`')).toBe(
      'Hello @Ada see here a, b',
    );
  });
});

describe('long texts', () => {
  it.each([
    '**a ',
    '*a ',
    '_a ',
    '~~a ',
    '[a',
    '[a](https://',
    '`',
    '@a',
    'https://',
    '> ',
    '```\n',
    '*_~~**',
  ])('of nothing but %j are read quickly', (piece) => {
    const text = piece.repeat(8_000 / piece.length);
    const start = performance.now();
    read(text);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('emoji', () => {
  it('alone are shown large', () => {
    expect(['👍', '🎉 🎉', '👨‍👩‍👧', '👍🏽'].map(isOnlyEmoji)).toEqual([true, true, true, true]);
    expect(['ok', '👍 ok', '1', '', '👍👍👍👍'].map(isOnlyEmoji)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
