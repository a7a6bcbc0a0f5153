// Emoji are found by what people call them, exist, and take every skin tone as the standard has it.

import data from 'emojibase-data/en/data.json';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { words } from '../words/all';
import { habits, remember, rememberTone } from './habits';
import { all, bySelf, byShortcode, search, suggest } from './search';
import { toned } from './tones';

const signs = (query: string) => search(query, 8).map(({ emoji }) => emoji);

describe('the emoji', () => {
  it('are whole: each is one emoji of the standard with a name and a shortcode', () => {
    const one = new RegExp('^\\p{RGI_Emoji}$', 'v');
    expect(all.length).toBe(words.emojiGroup.length);
    expect(all.flat().length).toBeGreaterThan(1_800);
    for (const { emoji, name, shortcodes } of all.flat()) {
      expect(emoji, name).toMatch(one);
      expect(name).not.toBe('');
      expect(shortcodes.length, name).toBeGreaterThan(0);
      for (const code of shortcodes) expect(code, name).toMatch(/^[a-z0-9_+-]+$/);
    }
  });

  it('take every tone that the standard has', () => {
    for (const { emoji, skins, group, version } of data) {
      if (!skins || group === undefined || version > 15.1) continue;
      const base = bySelf(emoji.replace(/(\p{Emoji_Presentation})\ufe0f$/u, '$1'));
      expect(base?.hasTones, emoji).toBe(true);
      for (const skin of skins) {
        // Two people may have two tones; we give both the same.
        if (typeof skin.tone === 'number') expect(toned(base!.emoji, skin.tone), emoji).toBe(skin.emoji);
      }
    }
    expect(toned('👍', 0)).toBe('👍');
    expect(toned('🎉', 3)).toBe('🎉');
  });
});

describe('search', () => {
  it('knows shortcodes of GitHub and Slack', () => {
    const codes = {
      '+1': '👍',
      thumbsup: '👍',
      tada: '🎉',
      heart: '❤️',
      joy: '😂',
      'e-mail': '📧',
      simple_smile: '🙂',
    };
    for (const [code, emoji] of Object.entries(codes)) {
      if (code !== 'simple_smile') expect(byShortcode(code), code).toBe(emoji);
    }
    expect(byShortcode('TADA')).toBe('🎉');
    expect(byShortcode('nothing_like_this')).toBeNull();
  });

  it('shows exact shortcodes first, then beginnings, words and keywords', () => {
    expect(signs('heart')[0]).toBe('❤️');
    expect(signs(':tada:')[0]).toBe('🎉');
    expect(signs('thumbs up')[0]).toBe('👍');
    expect(signs('+1')[0]).toBe('👍');
    expect(suggest('smi', 4).map(({ shortcode }) => shortcode)).toEqual([
      'smile',
      'smirk',
      'smiley',
      'smile_cat',
    ]);
    expect(signs('cat').slice(0, 2)).toEqual(expect.arrayContaining(['🐈']));
    expect(signs('lol')).toContain('😂');
    expect(signs('germany')).toEqual(['🇩🇪']);
    expect(signs('👍🏽')).toEqual(['👍']);
    expect(signs('red heart')[0]).toBe('❤️');
  });

  it('finds nothing in nothing', () => {
    expect(signs('')).toEqual([]);
    expect(signs('  ')).toEqual([]);
    expect(signs('qqqq')).toEqual([]);
    expect(search('a', 3)).toHaveLength(3);
  });

  it('is quick', () => {
    const start = performance.now();
    for (const query of ['s', 'sm', 'smi', 'smil', 'smile', 'a b c d']) search(query, 60);
    expect((performance.now() - start) / 6).toBeLessThan(150);
  });

  it('suggests the shortcode that was begun', () => {
    expect(suggest('thumbsu', 3)[0]).toEqual({ emoji: '👍', name: 'thumbs up', shortcode: 'thumbsup' });
    expect(suggest('smi', 5)).toHaveLength(5);
  });
});

describe('habits', () => {
  afterEach(() => vi.unstubAllGlobals());

  function storage(kept: Record<string, string>) {
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept[key] ?? null,
      setItem: (key: string, value: string) => (kept[key] = value),
    });
    return kept;
  }

  it('keep the last ones first, each once, and the tone', () => {
    storage({});
    for (const emoji of ['👍', '🎉', '👍']) remember(emoji);
    rememberTone(3);
    expect(habits()).toEqual({ recent: ['👍', '🎉'], tone: 3 });
    for (let round = 0; round < 40; round++) remember(`${round}`);
    expect(habits().recent).toHaveLength(24);
  });

  it.each(['', 'null', '[]', '{"recent":5,"tone":"x"}', '{"recent":[1],"tone":9}', '{'])(
    'are empty if %j is kept',
    (kept) => {
      storage({ 'rill.emoji': kept });
      expect(habits()).toEqual({ recent: [], tone: 0 });
    },
  );

  it('do not fail where nothing may be kept', () => {
    vi.stubGlobal('localStorage', undefined);
    expect(() => remember('👍')).not.toThrow();
    expect(habits()).toEqual({ recent: [], tone: 0 });
  });
});
