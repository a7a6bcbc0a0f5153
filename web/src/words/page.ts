// Every word that is shown: plain, sentence case, saying what happened and what to do next.
// Here are those of the page that everybody loads; each part that is loaded on demand has a file beside this one.

import type { Problem } from '../wire';
import { day, moment, time } from './time';

export const words = {
  product: 'Rill',
  loading: 'Loading…',
  cancel: 'Cancel',
  close: 'Close',
  back: 'Back to the rooms',
  tryAgain: 'Try again',
  partMissing: 'This part of the page could not be loaded. Check your connection.',
  search: 'Search',
  settings: 'Settings',

  unreachableTitle: 'The server does not answer',
  unreachableText: 'Check your connection, then try again.',
  sessionEnded: 'You have been signed out. Sign in again to go on.',
  gaveUp: (code: number) =>
    code === 4103
      ? 'Your account is banned on this server. Ask whoever runs it.'
      : `The server ended the connection (${code}). Load the page again.`,

  // The list of rooms.
  rooms: 'Rooms',
  directs: 'Direct messages',
  newRoom: 'New room',
  browse: 'Browse rooms',
  message: 'Message someone',
  noRooms: 'No rooms yet. Make one, or browse those of others.',
  noDirects: 'Nobody yet. Message someone to begin.',
  unread: (count: number) => `${count} unread`,
  mentions: (count: number) => (count === 1 ? '1 mention' : `${count} mentions`),
  yourself: (name: string) => `${name} (you)`,
  account: 'Your account',

  // Going about.
  goTo: 'Go to a room or person',
  archivedRooms: 'Archived',
  draftHere: 'draft',
  typingHere: 'writing…',
  unreadAbove: 'Unread above',
  unreadBelow: 'Unread below',
  saidBy: (person: string, text: string) => `${person}: ${text}`,

  // The connection.
  connecting: 'Connecting…',
  offline: 'No connection.',
  offlineHint: 'What you write is sent when you are back.',
  catchingUp: 'Catching up…',
  upToDate: 'Up to date',
  reconnect: 'Connect now',
  retryIn: (seconds: number) => `Trying again in ${seconds} s.`,
  members: (count: number) => (count === 1 ? '1 person' : `${count} people`),
  statuses: { online: 'online', away: 'away', offline: 'offline' },
  notDone: (why: string) => `A change could not be saved. ${why}`,
  unsentLost: 'You are not in the room any longer, so your unsent messages could not be sent.',

  day,
  time,
  moment,

  /** What a refused request says to a person; null: no answer came. */
  refusal(problem: Problem | null): string {
    if (!problem) return 'The server does not answer. Check your connection, then try again.';
    const fields = (problem.errors ?? []).map((error) => error.detail);
    const text = fields.length > 0 ? fields.join(' ') : problem.detail;
    const sentence = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
  },
};
