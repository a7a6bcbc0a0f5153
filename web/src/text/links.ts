// Addresses in texts: which ones become links, where they end, and that a label never says another address.
// Must let nothing through but http, https and mailto.

import type { Found } from './inline';
import { plainOf } from './plain';
import type { Inline } from './tree';

/** Where a link in brackets leads; `href` is empty if that is nowhere that is safe. */
export interface Target {
  href: string;
  title: string;
  end: number;
}

const ADDRESS_CHARS_MAX = 2_000;
const TITLE_CHARS_MAX = 500;
const NESTED_MAX = 32;

// A bar may be the end of something hidden, and has to be written as %7C in an address anyway.
const BARE = /(?:https?:\/\/|www\.)[^\s<|]+/iy;
const BRACKETED = /<((?:https?:\/\/|mailto:)[^\s<>]+|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})>/iy;
const TITLE_ENDS: Record<string, string> = { '"': '"', "'": "'", '(': ')' };

/** The address that stands in the text by itself; within brackets it ends where they do. */
export function bareAddressAt(text: string, at: number, inBrackets: boolean): Found {
  if (at > 0 && /[\p{L}\p{N}]/u.test(text[at - 1]!)) return null;
  BARE.lastIndex = at;
  let url = BARE.exec(text.slice(0, at + ADDRESS_CHARS_MAX))?.[0];
  if (url === undefined) return null;
  url = withoutTail(inBrackets ? url.split(']', 1)[0]! : url);
  const href = safe(/^www\./i.test(url) ? `https://${url}` : url);
  const isWhole = /^(?:https?:\/\/|www\.)[\p{L}\p{N}[]/iu.test(url);
  if (!href || !isWhole) return null;
  return {
    part: { kind: 'link', href, title: '', parts: [{ kind: 'text', text: url }] },
    end: at + url.length,
  };
}

/** The marks after an address belong to the sentence; a closing bracket too, unless the address opens it. */
function withoutTail(url: string): string {
  let surplus = url.split(')').length - url.split('(').length;
  let end = url.length;
  for (; end > 0; end--) {
    const last = url[end - 1]!;
    if (last === ')' && surplus > 0) surplus--;
    else if (!'?!.,:;*_~\'"|]}'.includes(last)) break;
  }
  return url.slice(0, end);
}

/** `<https://…>` or `<somebody@example.org>`. */
export function bracketedAt(text: string, at: number): Found {
  BRACKETED.lastIndex = at;
  const [all, address] = BRACKETED.exec(text.slice(0, at + ADDRESS_CHARS_MAX)) ?? [];
  if (all === undefined || address === undefined) return null;
  const href = safe(/^(?:https?|mailto):/i.test(address) ? address : `mailto:${address}`);
  if (!href) return null;
  return {
    part: { kind: 'link', href, title: '', parts: [{ kind: 'text', text: address }] },
    end: at + all.length,
  };
}

/** What stands in round brackets after a label: an address, and perhaps a title in quotes. */
export function targetAt(text: string, at: number): Target | null {
  if (text[at] !== '(') return null;
  const start = skipSpace(text, at + 1);
  const address = text[start] === '<' ? enclosed(text, start + 1, '>', ADDRESS_CHARS_MAX) : open(text, start);
  if (!address) return null;
  const after = skipSpace(text, address.end);
  let title = { text: '', end: after };
  const closer = after > address.end ? TITLE_ENDS[text[after] ?? ''] : undefined;
  if (closer) {
    const said = enclosed(text, after + 1, closer, TITLE_CHARS_MAX);
    if (!said) return null;
    title = { text: said.text, end: skipSpace(text, said.end) };
  }
  if (text[title.end] !== ')') return null;
  return { href: safe(address.text) ?? '', title: title.text, end: title.end + 1 };
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && /\s/.test(text[at]!)) at++;
  return at;
}

/** The text up to a closing sign, which may be escaped. */
function enclosed(
  text: string,
  from: number,
  closer: string,
  max: number,
): { text: string; end: number } | null {
  let said = '';
  for (let at = from; at < text.length && at - from < max; at++) {
    if (text[at] === closer) return { text: said, end: at + 1 };
    if (closer === '>' && (text[at] === '<' || text[at] === '\n')) return null;
    if (text[at] === '\\' && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? '')) at++;
    said += text[at];
  }
  return null;
}

/** An address up to a space or the bracket that closes it. */
function open(text: string, from: number): { text: string; end: number } | null {
  let said = '';
  let depth = 0;
  let at = from;
  for (; at < text.length && at - from < ADDRESS_CHARS_MAX; at++) {
    const char = text[at]!;
    if (/\s/.test(char) || (char === ')' && depth === 0)) return { text: said, end: at };
    if (char === '(' && ++depth > NESTED_MAX) return null;
    if (char === ')') depth--;
    if (char === '\\' && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? '')) at++;
    said += text[at];
  }
  return null;
}

/** The address in its normal form, if it leads to the web or to a mailbox. */
function safe(address: string): string | null {
  if (!/^(?:https?:\/\/|mailto:)[^\s]/i.test(address)) return null;
  try {
    const url = new URL(address);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** The link with this label; null if it may not be one. */
export function label(target: Target, inner: Inline[]): Inline | null {
  const hidden = inner.some(hasSpoiler);
  const parts = inner.flatMap(flat);
  if (target.href === '' || !isHonest(plainOf(parts), target.href)) return null;
  const link: Inline = {
    kind: 'link',
    href: target.href,
    title: target.title,
    parts: parts.length > 0 ? parts : [{ kind: 'text', text: target.href }],
  };
  // A button within a link could not be pressed, so all of the link is hidden.
  return hidden ? { kind: 'spoiler', parts: [link] } : link;
}

/** A link shows where it leads: if its label has an address in it, it is the same one. */
function isHonest(shown: string, href: string): boolean {
  const visible = shown.replace(/\p{Cf}/gu, '').trim();
  if (!/https?:|www\.|mailto:/i.test(visible)) return true;
  const normal = safe(/^www\./i.test(visible) ? `https://${visible}` : visible);
  return normal !== null && normal.replace(/^https?:/, '') === href.replace(/^https?:/, '');
}

function hasSpoiler(part: Inline): boolean {
  return part.kind === 'spoiler' || ('parts' in part && part.parts.some(hasSpoiler));
}

/** What stands in a label leads nowhere by itself. */
function flat(part: Inline): Inline[] {
  switch (part.kind) {
    case 'link':
    case 'spoiler':
      return part.parts.flatMap(flat);
    case 'strong':
    case 'emphasis':
    case 'strike':
      return [{ ...part, parts: part.parts.flatMap(flat) }];
    case 'room':
      return [{ kind: 'text', text: `#${part.name}` }];
    case 'picture':
      return [{ kind: 'text', text: part.alt || part.src }];
    case 'text':
    case 'code':
    case 'mention':
    case 'emoji':
    case 'time':
      return [part];
  }
}
