import { expect, test } from 'vitest';
import { bestRank, prepared, rank } from './rank';

const order = (query: string, names: string[]) =>
  names
    .map((name) => ({ name, rank: rank(prepared(name), prepared(query)) }))
    .filter((one) => one.rank !== null)
    .sort((a, b) => a.rank! - b.rank!)
    .map((one) => one.name);

test('the whole name comes before its beginning, a word in it, its inside, and scattered letters', () => {
  expect(
    order('plan', ['Explanation', 'P. L. Anders', 'Garden plans', 'Planning', 'Plan', 'Nothing']),
  ).toEqual(['Plan', 'Planning', 'Garden plans', 'Explanation', 'P. L. Anders']);
});

test('scattered letters that stand close come first', () => {
  expect(order('gp', ['Garden and other places', 'Garden plans'])).toEqual([
    'Garden plans',
    'Garden and other places',
  ]);
});

test.each([
  ['zoe', 'Zoë Müller', 1],
  ['muller', 'Zoë Müller', 2],
  ['love ada', 'Ada Lovelace', 2],
  ['ada l', 'Ada Lovelace', 1],
  ['eve', 'Steve', 3],
  ['東', '日本 東京', 2],
  ['x', 'Ada', null],
])('%s in %s ranks %s', (query, name, expected) => {
  expect(rank(prepared(name), prepared(query))).toBe(expected);
});

test('a word that begins later in the name counts as a word', () => {
  expect(rank('banana an', 'an')).toBe(2);
});

test('of several names the best one counts', () => {
  expect(bestRank(['grace hopper', 'amazing'], 'amazing')).toBe(0);
  expect(bestRank(['grace hopper'], 'zz')).toBeNull();
});
