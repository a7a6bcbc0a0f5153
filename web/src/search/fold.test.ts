import { expect, test } from 'vitest';
import { fold, foldWithPlaces } from './fold';
import { excerpt, marked } from './marks';

// The same cases as the server's.
const CASES = [
  ['Grüße', 'grusse'],
  ['GRU\u0308ẞE', 'grusse'],
  ['Ὀδυσσεύς', 'οδυσσευσ'],
  ['ОДЕССА й', 'одесса и'],
  ['ＦＵＬＬ　ｗｉｄｔｈ', 'full width'],
  ['ﷺ', 'صلى الله عليه وسلم'],
  ['مُحَمَّد', 'محمد'],
  ['محـــمد', 'محمد'],
  ['שָׁלוֹם', 'שלום'],
  ['İstanbul ılık', 'istanbul ilik'],
  ['한글', '한글'],
  ['がぎ', 'がぎ'],
  ['❤\ufe0f', '❤'],
  ['co\u00adoperate', 'cooperate'],
  ['  two\n\n words ', 'two words'],
  ['Tab\there', 'tab here'],
] as const;

test.each(CASES)('%s is searched as %s', (text, folded) => {
  expect(fold(text)).toBe(folded);
  expect(fold(folded)).toBe(folded);
});

test.each(CASES)('%s keeps its places when it is folded', (text, folded) => {
  const places = foldWithPlaces(text);
  expect(places.text.trimEnd()).toBe(folded);
  expect(places.from).toHaveLength(places.text.length);
  places.from.forEach((from, index) => expect(from).toBeLessThan(places.to[index]!));
});

const show = (text: string, ...terms: string[]) =>
  marked(text, terms)
    .map((piece) => (piece.marked ? `[${piece.text}]` : piece.text))
    .join('');

test.each([
  ['Good morning', ['MORN'], 'Good [morn]ing'],
  ['Die Grüße', ['grusse'], 'Die [Grüße]'],
  ['Straße', ['ss'], 'Stra[ß]e'],
  ['one\n\n two', ['one two'], '[one\n\n two]'],
  ['banana', ['an', 'nan'], 'b[anan]a'],
  ['東京タワーです', ['タワー'], '東京[タワー]です'],
  ['👩🏽‍💻 ok', ['👩'], '[👩🏽‍💻] ok'],
  ['caf\u0065\u0301 noir', ['cafe'], '[caf\u0065\u0301] noir'],
  ['nothing', ['else'], 'nothing'],
  ['nothing', [''], 'nothing'],
])('%s marks %j', (text, terms, shown) => {
  expect(show(text, ...terms)).toBe(shown);
});

test('nothing of a text is lost by marking', () => {
  for (const text of ['a b a', '', 'Ünï cödé 👍🏽 \u0000 x']) {
    expect(
      marked(text, ['a', 'o', '👍'])
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  }
});

test('of a long text the part around the first hit is shown', () => {
  const text = `${'before '.repeat(200)}needle ${'after '.repeat(200)}`;
  const pieces = excerpt(text, ['needle']);
  const shown = pieces.map((piece) => piece.text).join('');
  expect(pieces.filter((piece) => piece.marked).map((piece) => piece.text)).toEqual(['needle']);
  expect(shown.length).toBeLessThan(430);
  expect(shown).toMatch(/^… before .* needle after .* …$/);
  expect(excerpt('x'.repeat(2000), ['none'])[0]!.text).toHaveLength(422);
  const smileys = `${'😀'.repeat(400)}needle${'😀'.repeat(400)}`;
  for (const piece of excerpt(smileys, ['needle'])) expect(piece.text).not.toMatch(/\p{Surrogate}/u);
});
