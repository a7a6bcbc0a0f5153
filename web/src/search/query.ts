// The language of the search field, read as the server reads it: words, "phrases", and from: in: before: after: has:.
// Pure. What is a filter is shown as one; everything else stays in the field, and the server says what is wrong with it.

export const KEYS = ['from', 'in', 'before', 'after', 'has'] as const;
export type Key = (typeof KEYS)[number];

/** What a message may have. */
export const HAS = ['link', 'location', 'reaction', 'pin', 'thread'] as const;
export type Has = (typeof HAS)[number];

/** What narrows a search: `in` has a room's name or id, `before` and `after` a day or an exact time. */
export interface Filter {
  readonly key: Key;
  readonly value: string;
}

/** A query: its filters, and what is typed besides. */
export interface Query {
  readonly filters: readonly Filter[];
  readonly text: string;
}

const LEADING = /^\p{White_Space}+/u;
const AROUND = /^\p{White_Space}+|\p{White_Space}+$/gu;
const SPACE = /\p{White_Space}/u;
const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Reads what was typed, or what an address says. */
export function parse(typed: string): Query {
  let filters: readonly Filter[] = [];
  const rest: string[] = [];
  for (const token of tokens(typed)) {
    const filter = token.key === null ? null : understood(token.key, token.value);
    if (filter) filters = withFilter(filters, filter);
    else rest.push(token.raw);
  }
  return { filters, text: rest.join(' ') };
}

/** The query as it is typed, sent and put into the address: what `parse` reads. */
export function write({ filters, text }: Query): string {
  // The filters first: a quotation mark that is not closed takes what comes after it.
  return [...filters.map(writeFilter), ...(text === '' ? [] : [text])].join(' ');
}

/** With one filter more; there is one of each kind, except `has`. */
export function withFilter(filters: readonly Filter[], filter: Filter): Filter[] {
  const others = filters.filter(
    ({ key, value }) => key !== filter.key || (key === 'has' && value !== filter.value),
  );
  return [...others, filter];
}

/** The words and phrases that are searched for. */
export function terms(text: string): string[] {
  return tokens(text).flatMap((token) => (token.key === null && token.value ? [token.value] : []));
}

/** Whether a room's name or a user name can be written as a value. */
export function isWritable(value: string): boolean {
  return value !== '' && trim(value) === value && !(value.includes('"') && SPACE.test(value));
}

/** The day or time that a value stands for; null if it is neither. */
export function momentOf(value: string): { at: Date; exact: boolean } | null {
  const [, year, month, day] = DAY.exec(value) ?? [];
  if (year && month && day) {
    const at = new Date(`${value}T00:00:00Z`);
    return at.getUTCMonth() + 1 === Number(month) && at.getUTCDate() === Number(day)
      ? { at, exact: false }
      : null;
  }
  if (!TIME.test(value)) return null;
  const at = new Date(value.replace(' ', 'T').toUpperCase());
  return Number.isNaN(at.getTime()) ? null : { at, exact: true };
}

/** A filter that is being typed, up to the caret. */
export interface Begun {
  key: Key;
  /** What stands after the colon, in lower case. */
  prefix: string;
  /** Where it begins in the text. */
  from: number;
}

const BEGUN = /(?:^|[\p{White_Space}"])(from|in|before|after|has):(?:"([^"]*)|[@#]?([^\p{White_Space}"]*))$/u;

/** What is begun before the caret, or null. */
export function begunAt(text: string, caret: number): Begun | null {
  const before = text.slice(0, caret);
  const [whole, key, quoted, plain] = BEGUN.exec(before) ?? [];
  if (whole === undefined || !key) return null;
  const lead = /^[\p{White_Space}"]/u.test(whole) ? 1 : 0;
  return {
    key: key as Key,
    prefix: (quoted ?? plain ?? '').toLowerCase(),
    from: before.length - whole.length + lead,
  };
}

interface Token {
  /** The filter's name; null for words and phrases. */
  key: string | null;
  value: string;
  /** As it was written. */
  raw: string;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let rest = text.replace(LEADING, '');
  while (rest !== '') {
    const token = tokenAt(rest);
    found.push(token);
    rest = rest.slice(token.raw.length).replace(LEADING, '');
  }
  return found;
}

function tokenAt(text: string): Token {
  if (text.startsWith('"')) return quoted(text, 0, null);
  const space = text.search(SPACE);
  const word = space < 0 ? text : text.slice(0, space);
  const colon = word.indexOf(':');
  const [key, value] = [word.slice(0, Math.max(0, colon)), word.slice(colon + 1)];
  if (colon < 0 || !isKey(key, value)) return { key: null, value: word, raw: word };
  if (value.startsWith('"')) return quoted(text, colon + 1, key);
  return { key, value: trim(value), raw: word };
}

/** What stands between the quotation mark at `start` and the next one; without one, it takes everything. */
function quoted(text: string, start: number, key: string | null): Token {
  const end = text.indexOf('"', start + 1);
  if (end < 0) return { key: key ?? '', value: '', raw: text.replace(AROUND, '') };
  return { key, value: trim(text.slice(start + 1, end)), raw: text.slice(0, end + 1) };
}

/** `word:value` looks like a filter; `https://…`, `12:30` and `note:` do not. */
function isKey(key: string, value: string): boolean {
  if ((KEYS as readonly string[]).includes(key)) return true;
  return /^[a-z]+$/.test(key) && /^[\p{Alphabetic}\p{N}"]/u.test(value);
}

/** The filter, if the server would understand it. */
function understood(key: string, value: string): Filter | null {
  switch (key) {
    case 'from':
    case 'in': {
      const name = value.replace(key === 'from' ? /^@/ : /^#/, '');
      if (name === '') return null;
      return { key, value: key === 'from' ? name.toLowerCase() : name };
    }
    case 'before':
    case 'after':
      return momentOf(value) ? { key, value } : null;
    case 'has':
      return (HAS as readonly string[]).includes(value) ? { key, value } : null;
    default:
      return null;
  }
}

function writeFilter({ key, value }: Filter): string {
  // The sign that the server takes away keeps what would be taken away, or for something else.
  const sign = /^["@#\p{White_Space}]/u.test(value) ? { from: '@', in: '#' }[key as string] : '';
  const written = `${sign ?? ''}${value}`;
  return SPACE.test(written) ? `${key}:"${written}"` : `${key}:${written}`;
}

function trim(text: string): string {
  return text.replace(AROUND, '');
}
