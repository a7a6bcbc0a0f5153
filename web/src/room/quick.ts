// The reactions that are one press away: those that one used last, then the ones that people use most.

import { habits } from '../emoji/habits';

const USUAL = ['👍', '❤️', '😄', '🎉'];
const QUICK_MAX = 4;

export function quickEmoji(): string[] {
  return quickOf(habits().recent);
}

/** The emoji used last go first; what people use most fills up. */
export function quickOf(recent: readonly string[]): string[] {
  // What is there already keeps its place, so that a hand finds it again.
  const own = recent.slice(0, QUICK_MAX).filter((emoji) => !USUAL.includes(emoji));
  return [...USUAL.slice(0, QUICK_MAX - own.length), ...own];
}
