import { expect, test } from 'vitest';
import { dice } from '../state/reference.test-kit';
import { begunAt, isWritable, momentOf, parse, terms, withFilter, write, type Filter } from './query';

test.each([
  ['hello', ['hello']],
  ['  two   words ', ['two', 'words']],
  ['"a phrase" and more', ['a phrase', 'and', 'more']],
  ['東京 "タワー　です"', ['東京', 'タワー　です']],
  ['at 12:30', ['at', '12:30']],
  ['https://example.org/a', ['https://example.org/a']],
  ['note: this', ['note:', 'this']],
  ['"from:ada"', ['from:ada']],
  ['"" x', ['x']],
  ['a"b', ['a"b']],
  ['"a"b', ['a', 'b']],
  [':) C:\\x', [':)', 'C:\\x']],
])('%s searches for %j', (text, expected) => {
  const query = parse(text);
  expect(query.filters).toEqual([]);
  expect(terms(query.text)).toEqual(expected);
});

test.each<[string, [string, string][], string]>([
  [
    'from:@Ada in:#General has:link plan has:pin has:pin',
    [
      ['from', 'ada'],
      ['in', 'General'],
      ['has', 'link'],
      ['has', 'pin'],
    ],
    'plan',
  ],
  ['from:me', [['from', 'me']], ''],
  ['in:"the garden" x', [['in', 'the garden']], 'x'],
  [
    'before:2026-11-21 after:2026-11-01T08:30:00+01:00',
    [
      ['before', '2026-11-21'],
      ['after', '2026-11-01T08:30:00+01:00'],
    ],
    '',
  ],
  ['from:ada x from:bert', [['from', 'bert']], 'x'],
])('%s has filters', (text, filters, rest) => {
  expect(parse(text)).toEqual({ filters: filters.map(([key, value]) => ({ key, value })), text: rest });
});

test.each([
  '"open phrase',
  'in:"open',
  'from:',
  'from: ada',
  'from:@',
  'before:yesterday',
  'before:2026-02-30',
  'has:cheese',
  're:invent',
  'has:""',
])('%s stays in the field, for the server to explain', (text) =>
  expect(parse(text)).toEqual({ filters: [], text }),
);

test('any query is the same after it was written and read again', () => {
  const roll = dice(11);
  const bits = [
    'from:',
    'in:',
    'has:',
    'before:',
    'after:',
    'note:',
    '"',
    ' ',
    '\u0085',
    '\u3000',
    '#',
    '@',
    'a',
    'Ä',
    ':',
    'link',
    'pin',
    '2026-11-21',
    '東',
  ];
  let filters = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: roll(9) }, () => bits[roll(bits.length)]).join('');
    const query = parse(text);
    const written = write(query);
    expect(parse(written), JSON.stringify([text, written])).toEqual(query);
    expect(terms(query.text)).toEqual(terms(text));
    filters += query.filters.length;
  }
  expect(filters).toBeGreaterThan(1_000);
});

test('any filters and words are the same after they were written and read', () => {
  const roll = dice(12);
  const letters = ['a', 'B', 'ü', '東', ' ', '"', '#', '@', ':', '-'];
  const name = () => Array.from({ length: 1 + roll(5) }, () => letters[roll(letters.length)]).join('');
  let checked = 0;
  for (let round = 0; round < 5_000; round++) {
    const room = name();
    if (!isWritable(room)) continue;
    const filters: Filter[] = [{ key: 'in', value: room }];
    const user = name().toLowerCase();
    if (isWritable(user)) filters.push({ key: 'from', value: user });
    if (roll(2)) filters.push({ key: 'has', value: 'pin' }, { key: 'before', value: '2026-11-21' });
    const query = { filters, text: 'some "words here"' };
    expect(parse(write(query)), write(query)).toEqual(query);
    checked++;
  }
  expect(checked).toBeGreaterThan(2_000);
});

test('there is one filter of each kind, except has', () => {
  const one = withFilter(
    [
      { key: 'from', value: 'ada' },
      { key: 'has', value: 'pin' },
    ],
    { key: 'from', value: 'me' },
  );
  expect(one).toEqual([
    { key: 'has', value: 'pin' },
    { key: 'from', value: 'me' },
  ]);
  expect(withFilter(one, { key: 'has', value: 'link' })).toHaveLength(3);
  expect(withFilter(one, { key: 'has', value: 'pin' })).toHaveLength(2);
});

test('days begin in UTC and times are exact', () => {
  expect(momentOf('2026-11-21')).toEqual({ at: new Date('2026-11-21T00:00:00Z'), exact: false });
  expect(momentOf('2026-11-21T01:30:00+01:00')).toEqual({
    at: new Date('2026-11-21T00:30:00Z'),
    exact: true,
  });
  for (const wrong of [
    '',
    'today',
    '2026-02-30',
    '2026-13-01',
    '2026-11-21T08:30',
    '26-11-21',
    '2026-11-21T99:00Z',
  ]) {
    expect(momentOf(wrong), wrong).toBeNull();
  }
});

test.each<[string, ReturnType<typeof begunAt>]>([
  ['from:', { key: 'from', prefix: '', from: 0 }],
  ['plan from:@Ad', { key: 'from', prefix: 'ad', from: 5 }],
  ['in:"the gar', { key: 'in', prefix: 'the gar', from: 0 }],
  ['in:#the', { key: 'in', prefix: 'the', from: 0 }],
  ['has:l', { key: 'has', prefix: 'l', from: 0 }],
  ['from:ada ', null],
  ['in:"the garden"', null],
  ['plan', null],
  ['xfrom:a', null],
])('%j is begun as %j', (text, begun) => {
  expect(begunAt(text, text.length)).toEqual(begun);
});
