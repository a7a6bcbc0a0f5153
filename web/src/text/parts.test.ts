// Times, colours of code, and the rooms that texts name.

import { describe, expect, it } from 'vitest';
import { read } from './blocks';
import { depthsOf } from './headings';
import { coloured } from './highlight';
import { languageCalled, languageIds } from './languages';
import { momentIn } from './moment';

describe('times', () => {
  const AT = Date.UTC(2026, 1, 3, 12, 0) / 1000;

  it.each([
    [-1, '1 second ago'],
    [0, 'now'],
    [-59, '1 minute ago'],
    [90, 'in 2 minutes'],
    [-3 * 3_600, '3 hours ago'],
    [86_400, 'tomorrow'],
    [-8 * 86_400, 'last week'],
    [70 * 86_400, 'in 2 months'],
    [-800 * 86_400, '2 years ago'],
  ])('%i seconds from now: %s', (seconds, said) => {
    expect(momentIn('R', AT + seconds, AT * 1000, 'en')).toBe(said);
  });

  it('have six other styles', () => {
    const all = (['t', 'T', 'd', 'D', 'f', 'F'] as const).map((style) => momentIn(style, AT, 0, 'en-GB'));
    expect(new Set(all).size).toBe(6);
    expect(all[3]).toBe('3 February 2026');
    expect(all[5]).toContain('Tuesday');
  });

  it('may be as far away as dates go', () => {
    expect(() => momentIn('F', 8_640_000_000_000, 0)).not.toThrow();
    expect(() => momentIn('R', -8_640_000_000_000, 0)).not.toThrow();
  });
});

describe('colours of code', () => {
  const textOf = (language: string, code: string) =>
    coloured(language, code)
      .map(({ text }) => text)
      .join('');

  it('are there for common things', () => {
    const kinds = new Map(
      coloured('rust', 'fn main() { let a = "b"; } // c').map(({ text, colour }) => [text.trim(), colour]),
    );
    expect(kinds.get('fn')).toBe('word');
    expect(kinds.get('main')).toBe('name');
    expect(kinds.get('"b"')).toBe('string');
    expect(kinds.get('// c')).toBe('note');
    expect(coloured('diff', '-a\n+b').map(({ colour }) => colour)).toEqual(
      expect.arrayContaining(['removed', 'added']),
    );
  });

  it('are there for what stands within another language', () => {
    const colours = (language: string, code: string, text: string) =>
      coloured(language, code).find((piece) => piece.text.trim() === text)?.colour;
    expect(colours('xml', '<script>const a = 1</script>', 'const')).toBe('word');
    expect(colours('dockerfile', 'RUN if true; then echo "a"; fi', 'if')).toBe('word');
  });

  it.each(languageIds)('lose nothing of %s, whatever stands there, and do not take long', (id) => {
    for (const code of ['', '"', '<a b="c">', '/* {{ ${', 'a(1) // b\n# c\n-- d\n', 'x'.repeat(4_000)]) {
      expect(textOf(id, code)).toBe(code);
    }
    for (const piece of ['"', '<', '(', '/*', '\\', ' ', 'a ', '$(', '[[', '&']) {
      const code = piece.repeat(4_000 / piece.length);
      const start = performance.now();
      expect(textOf(id, code)).toBe(code);
      expect(performance.now() - start, `${id}: ${piece}`).toBeLessThan(2_000);
    }
  });

  it('are found by the names that people write', () => {
    expect(languageCalled('TS')?.label).toBe('TypeScript');
    expect(languageCalled('sh')?.id).toBe('bash');
    expect(languageCalled('c++')?.id).toBe('cpp');
    expect(languageCalled('constructor')).toBeNull();
    expect(languageCalled('')).toBeNull();
  });
});

describe('headings', () => {
  it.each([
    ['# a\n## b\n# c', [1, 2, 1]],
    ['### a\n# b', [1, 1]],
    ['# a\n#### b\n## c\n### d', [1, 2, 2, 3]],
    ['## a\n> ### b\n\n- # c', [1, 2, 1]],
  ])('go deeper step by step: %j', (text, depths) => {
    expect([...depthsOf(read(text)).values()]).toEqual(depths);
  });
});
