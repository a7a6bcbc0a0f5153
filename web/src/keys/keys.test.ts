import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { overlayWords } from '../words/keys';
import { actOf, beginsWriting, KEYS, parts, shortcutsOf, WRITING, type Pressed } from './keys';

function press(spelled: string, more: Partial<Pressed> = {}): Pressed {
  const names = spelled.split(' ');
  const key = names.at(-1)!;
  return {
    key,
    code: '',
    ctrlKey: names.includes('Ctrl'),
    metaKey: names.includes('Meta'),
    altKey: names.includes('Alt'),
    shiftKey: names.includes('Shift'),
    isComposing: false,
    ...more,
  };
}

test.each([
  ['Ctrl k', 'switch', 'switch'],
  ['Meta k', 'switch', 'switch'],
  ['Ctrl K', 'switch', 'switch'],
  ['Ctrl Shift K', null, null],
  ['Ctrl Alt k', null, null],
  ['Ctrl Meta k', null, null],
  ['Alt ArrowUp', 'previous', 'previous'],
  ['Alt Shift ArrowDown', 'nextUnread', 'nextUnread'],
  ['ArrowUp', null, null],
  ['/', 'search', null],
  ['Shift /', 'search', null],
  ['Ctrl Shift F', 'search', 'search'],
  ['Ctrl f', null, null],
  ['Shift ?', 'keys', null],
  ['Ctrl /', 'keys', 'keys'],
  ['Ctrl Shift /', 'keys', 'keys'],
  ['Escape', 'read', null],
  ['k', null, null],
])('%s does %s, and %s while one writes', (spelled, elsewhere, inField) => {
  expect(actOf(press(spelled), false)).toBe(elsewhere);
  expect(actOf(press(spelled), true)).toBe(inField);
});

test('keys of other alphabets count by their place, and composing is left alone', () => {
  expect(actOf(press('Ctrl л', { code: 'KeyK' }), true)).toBe('switch');
  // A Latin letter counts as what it is, wherever it stands.
  expect(actOf(press('Ctrl t', { code: 'KeyK' }), true)).toBeNull();
  for (const { combos } of KEYS) {
    for (const combo of combos) {
      const pressed = press(combo.key, {
        ctrlKey: combo.mod === true,
        altKey: combo.alt === true,
        shiftKey: combo.shift === true,
      });
      expect(actOf(pressed, false)).not.toBeNull();
      expect(actOf({ ...pressed, isComposing: true }, false)).toBeNull();
    }
  }
});

test('letters and digits begin writing; signs, spaces and commands do not', () => {
  for (const key of ['a', 'É', '東', '7']) expect(beginsWriting(press(key)), key).toBe(true);
  for (const key of [' ', '/', 'Enter', 'Tab', 'Ctrl c', 'Alt a', 'Meta v', 'Dead']) {
    expect(beginsWriting(press(key)), key).toBe(false);
  }
});

test('combinations are spelled for people and for screen readers', () => {
  expect(shortcutsOf('switch')).toBe('Control+K Meta+K');
  expect(shortcutsOf('previousUnread')).toBe('Alt+Shift+ArrowUp');
  // The list of rooms is loaded without the table, so it spells them out.
  const sidebar = readFileSync(join(import.meta.dirname, '../sidebar/Sidebar.svelte'), 'utf8');
  for (const act of ['switch', 'search'] as const) expect(sidebar).toContain(`"${shortcutsOf(act)}"`);
  expect(parts({ key: 'k', mod: true }, true)).toEqual(['Meta', 'K']);
  for (const { act } of [...KEYS, ...WRITING]) expect(overlayWords.acts[act], act).toMatch(/^\S/);
});
