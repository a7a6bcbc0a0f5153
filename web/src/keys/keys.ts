// The keys of the page in one table: the handler acts by it, the list of keys is made from it. Pure.

/** What a key does here. */
export type Act =
  'switch' | 'previous' | 'next' | 'previousUnread' | 'nextUnread' | 'search' | 'keys' | 'read';
/** What a key does in the field where one writes; the field itself sees to it. */
type WritingAct = 'send' | 'line' | 'editLast' | 'cancel' | 'bold' | 'italic' | 'code';

/** Keys pressed together. `mod` is Ctrl, and ⌘ where there is one. */
export interface Combo {
  readonly key: string;
  readonly mod?: true;
  readonly alt?: true;
  readonly shift?: true;
}

interface Line<Name> {
  readonly act: Name;
  readonly combos: readonly Combo[];
}

export const KEYS: readonly Line<Act>[] = [
  { act: 'switch', combos: [{ key: 'k', mod: true }] },
  { act: 'previous', combos: [{ key: 'ArrowUp', alt: true }] },
  { act: 'next', combos: [{ key: 'ArrowDown', alt: true }] },
  { act: 'previousUnread', combos: [{ key: 'ArrowUp', alt: true, shift: true }] },
  { act: 'nextUnread', combos: [{ key: 'ArrowDown', alt: true, shift: true }] },
  { act: 'search', combos: [{ key: '/' }, { key: 'f', mod: true, shift: true }] },
  { act: 'read', combos: [{ key: 'Escape' }] },
  { act: 'keys', combos: [{ key: '?' }, { key: '/', mod: true }] },
];

export const WRITING: readonly Line<WritingAct>[] = [
  { act: 'send', combos: [{ key: 'Enter' }] },
  { act: 'line', combos: [{ key: 'Enter', shift: true }] },
  { act: 'editLast', combos: [{ key: 'ArrowUp' }] },
  { act: 'cancel', combos: [{ key: 'Escape' }] },
  { act: 'bold', combos: [{ key: 'b', mod: true }] },
  { act: 'italic', combos: [{ key: 'i', mod: true }] },
  { act: 'code', combos: [{ key: 'e', mod: true }] },
];

/** What of a keyboard event counts. */
export type Pressed = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'isComposing'
>;

/** What the pressed keys do; null: nothing of ours. `writing`: the key goes into a field. */
export function actOf(pressed: Pressed, writing: boolean): Act | null {
  if (pressed.isComposing) return null;
  const fits = (combo: Combo) => !(writing && isPlain(combo)) && isPressed(combo, pressed);
  return KEYS.find(({ combos }) => combos.some(fits))?.act ?? null;
}

/** Whether the key is a letter that somebody begins to write with. */
export function beginsWriting(pressed: Pressed): boolean {
  const { key, ctrlKey, metaKey, altKey, isComposing } = pressed;
  return !ctrlKey && !metaKey && !altKey && !isComposing && /^[\p{L}\p{N}]$/u.test(key);
}

/** For `aria-keyshortcuts`. */
export function shortcutsOf(act: Act): string {
  const combos = KEYS.find((line) => line.act === act)?.combos ?? [];
  return combos.flatMap(spelled).join(' ');
}

/** The parts of a combination as they are shown. */
export function parts({ key, mod, alt, shift }: Combo, apple: boolean): string[] {
  const before = [mod && (apple ? 'Meta' : 'Control'), alt && 'Alt', shift && 'Shift'];
  return [...before.filter((part) => part !== undefined), key.length === 1 ? key.toUpperCase() : key];
}

function spelled(combo: Combo): string[] {
  const shapes = combo.mod ? [parts(combo, false), parts(combo, true)] : [parts(combo, false)];
  return shapes.map((shape) => shape.join('+'));
}

function isPlain({ mod, alt }: Combo): boolean {
  return !mod && !alt;
}

function isPressed(combo: Combo, pressed: Pressed): boolean {
  const { ctrlKey, metaKey, altKey, shiftKey } = pressed;
  // Ctrl and Alt together are a level of letters on some keyboards.
  if ((combo.mod === true) !== (ctrlKey !== metaKey) || (ctrlKey && metaKey)) return false;
  if ((combo.alt === true) !== altKey) return false;
  // Where a sign stands on the keyboard, and whether it needs Shift, differs.
  if (!isSign(combo.key) && (combo.shift === true) !== shiftKey) return false;
  return combo.key === keyOf(pressed);
}

function isSign(key: string): boolean {
  return key.length === 1 && !/[a-z]/.test(key);
}

/** The key; of keyboards without Latin letters the one in that place. */
function keyOf({ key, code }: Pressed): string {
  if (key.length > 1 || key.charCodeAt(0) < 0x80) return key.length === 1 ? key.toLowerCase() : key;
  return /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase() ?? key;
}
