import { describe, expect, test } from 'vitest';
import { read, USUAL, usualLevel, written, type Choices } from './preferences.svelte';

describe('what is kept between visits', () => {
  test('is read as it was written', () => {
    const chosen: Choices = {
      theme: 'dark',
      density: 'compact',
      clock: 'h12',
      notices: false,
      desktop: true,
      hideText: true,
      sound: true,
      rooms: { a: 'all', b: 'nothing' },
    };
    expect(read(written(chosen))).toEqual(chosen);
  });

  test.each([
    [null],
    [''],
    ['{'],
    ['null'],
    ['"dark"'],
    ['[1]'],
    ['{}'],
    [written({ ...USUAL, theme: 'dark' }).replace('"version":1', '"version":2')],
  ])('counts as nothing where it is not understood: %s', (text) => {
    expect(read(text)).toEqual(USUAL);
  });

  test('loses only the choices that are not understood', () => {
    const broken = { theme: 'pink', density: 'compact', sound: 'yes', rooms: { a: 'loud', b: 'all', c: 3 } };
    expect(read(JSON.stringify({ version: 1, ...broken }))).toEqual({
      ...USUAL,
      density: 'compact',
      rooms: { b: 'all' },
    });
    expect(read('{"version":1,"rooms":"all"}').rooms).toEqual({});
  });

  test('cannot reach beyond itself', () => {
    const choices = read('{"version":1,"rooms":{"__proto__":"all"},"__proto__":{"theme":"dark"}}');
    expect(choices.theme).toBe('system');
    expect(Object.getPrototypeOf(choices.rooms)).toBe(Object.prototype);
  });
});

test('people who write to oneself are heard, rooms when they name one', () => {
  expect([usualLevel('direct'), usualLevel('group')]).toEqual(['all', 'all']);
  expect([usualLevel('public'), usualLevel('private')]).toEqual(['mentions', 'mentions']);
});
