// Reads the marks of chats: @people, #rooms, :emoji: and <t:times>.

import type { Found } from './inline';
import type { TimeStyle } from './tree';

const SECONDS_MAX = 8_640_000_000_000;

const MENTION = /@([a-z0-9][a-z0-9._-]{0,63})/iy;
const ROOM = /#([\p{L}\p{N}][\p{L}\p{N}\p{M}_.+&'’/-]{0,79})/uy;
const EMOJI = /:([a-z0-9_+-]{1,50}):/iy;
const TIME = /<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y;

/** Not inside a word, an address or a path; the server notifies by the same rule. */
function isBoundary(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}_\-./@+=]/u.test(text[at - 1]!);
}

/** The dot after a name ends the sentence. */
function withoutTail(name: string): string {
  let end = name.length;
  while (/[._\-+&'’/]/.test(name[end - 1]!)) end--;
  return name.slice(0, end);
}

function matched(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** `@name` and `@room`. */
export function mentionAt(text: string, at: number): Found {
  const match = isBoundary(text, at) ? matched(MENTION, text, at) : null;
  if (!match) return null;
  const name = match[1]!.replace(/\.+$/, '');
  return { part: { kind: 'mention', name }, end: at + 1 + name.length };
}

/** `#room-name`. */
export function roomAt(text: string, at: number): Found {
  const match = isBoundary(text, at) ? matched(ROOM, text, at) : null;
  if (!match) return null;
  const name = withoutTail(match[1]!);
  return { part: { kind: 'room', name }, end: at + 1 + name.length };
}

/** `:smile:`, not a time such as 10:30:45. */
export function emojiAt(text: string, at: number): Found {
  if (at > 0 && /[\p{L}\p{N}]/u.test(text[at - 1]!)) return null;
  const match = matched(EMOJI, text, at);
  return match && { part: { kind: 'emoji', name: match[1]!.toLowerCase() }, end: at + match[0].length };
}

/** `<t:1700000000:R>`. */
export function timeAt(text: string, at: number): Found {
  const match = matched(TIME, text, at);
  const seconds = Number(match?.[1]);
  if (!match || Math.abs(seconds) > SECONDS_MAX) return null;
  return {
    part: { kind: 'time', seconds, style: (match[2] ?? 'f') as TimeStyle },
    end: at + match[0].length,
  };
}
