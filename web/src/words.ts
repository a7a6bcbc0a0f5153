// Every word that is shown: plain, sentence case, saying what happened and what to do next.

import type { Problem } from './wire';

const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dayAndYearFormat = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

const DAY_MS = 24 * 3_600_000;

function dayNumber(date: Date): number {
  return Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / DAY_MS);
}

function listed(names: string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

export const words = {
  product: 'Rill',
  loading: 'Loading…',
  cancel: 'Cancel',
  close: 'Close',
  back: 'Back to the rooms',
  tryAgain: 'Try again',

  unreachableTitle: 'The server does not answer',
  unreachableText: 'Check your connection, then try again.',

  // Signing in.
  welcomeTitle: (server: string) => `Welcome to ${server}`,
  signInText: 'Sign in to see your rooms.',
  registerText: 'Make an account to talk with the others here.',
  ownerText: 'Nobody is here yet. The account that you make now will own this server.',
  login: 'User name or e-mail',
  username: 'User name',
  usernameHint: '2 to 32 of a–z, 0–9, dot, dash and underscore.',
  displayName: 'Your name',
  displayNameHint: 'How others see you. You can change it later.',
  password: 'Password',
  passwordHint: 'At least 8 characters.',
  setupCode: 'Setup code',
  setupCodeHint: 'The server printed it when it started.',
  signIn: 'Sign in',
  register: 'Make an account',
  registerOwner: 'Make the first account',
  noAccountYet: 'No account yet?',
  accountAlready: 'You have an account?',
  signOut: 'Sign out',
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
  saveName: 'Save name',
  nameSaved: 'Your name is saved.',

  // The connection.
  connecting: 'Connecting…',
  offline: 'Offline. What you write is sent when you are back.',
  catchingUp: 'Catching up…',
  upToDate: 'Up to date',
  reconnect: 'Connect now',

  // New rooms, finding rooms and people.
  roomName: 'Name',
  roomTopic: 'Topic',
  roomTopicHint: 'What it is about. May stay empty.',
  whoMayCome: 'Who may come in?',
  publicRoom: 'Public',
  privateRoom: 'Private',
  publicHint: 'Anybody here can find and join it.',
  privateHint: 'Only those who are brought in.',
  makeRoom: 'Make the room',
  findRoom: 'Find a room',
  join: 'Join',
  open: 'Open',
  members: (count: number) => (count === 1 ? '1 person' : `${count} people`),
  noPublicRooms: 'No room is called like that.',
  findPerson: 'Find a person',
  nobodyFound: 'Nobody is called like that.',
  bringIn: 'Bring in',
  bringInTitle: 'Bring somebody in',
  roles: { owner: 'Owner', moderator: 'Moderator', member: '' },
  statuses: { online: 'online', away: 'away', offline: 'offline' },

  // A room.
  chooseRoom: 'Choose a room',
  chooseRoomText: 'Your rooms and direct messages are on the left.',
  roomMissing: 'This room is not here',
  roomMissingText: 'It was deleted, or you are not in it.',
  people: 'People',
  leave: 'Leave this room',
  leaveTitle: (room: string) => `Leave ${room}?`,
  leaveText: 'You will not see new messages any longer.',
  leaveConfirm: 'Leave',
  timeline: (room: string) => `Messages in ${room}`,
  beginning: (room: string) => `This is the beginning of ${room}.`,
  archived: 'This room is archived. It can be read, but nothing can be written.',
  newMessages: 'New',
  toNewest: 'To the newest messages',
  typing: (names: string[]) => {
    if (names.length === 0) return '';
    if (names.length > 3) return 'Several people are writing…';
    return `${listed(names)} ${names.length === 1 ? 'is' : 'are'} writing…`;
  },

  // Messages.
  write: (room: string) => `Write to ${room}`,
  send: 'Send',
  sending: 'Sending…',
  willBeSent: 'Will be sent when you are back',
  notSent: (why: string) => `Not sent. ${why}`,
  retry: 'Try again',
  discard: 'Discard',
  edited: 'edited',
  deleted: 'This message was deleted.',
  pinned: 'Pinned',
  actions: 'What to do with this message',
  react: (emoji: string) => `React with ${emoji}`,
  reactions: (emoji: string, names: string[]) => `${listed(names)} reacted with ${emoji}`,
  someone: 'Someone',
  reply: 'Reply',
  replies: (count: number) => (count === 1 ? '1 reply' : `${count} replies`),
  replyingTo: (name: string) => `Replying to ${name}`,
  repliedTo: (name: string) => `Reply to ${name}`,
  repliedToOlder: 'Reply to an older message',
  stopReplying: 'Do not reply',
  edit: 'Edit',
  editing: 'Edit the message',
  editHint: 'Enter saves, Escape cancels.',
  save: 'Save',
  delete: 'Delete',
  deleteTitle: 'Delete this message?',
  deleteText: 'Nobody will be able to read it any longer.',
  tooLong: (chars: number) => `${chars} characters too many`,
  unsentLost: 'You are not in the room any longer, so your unsent messages could not be sent.',

  /** The day of a message, as a line between days. */
  day(at: string, now: Date): string {
    const date = new Date(at);
    const ago = dayNumber(now) - dayNumber(date);
    if (ago === 0) return 'Today';
    if (ago === 1) return 'Yesterday';
    return (ago < 180 ? dayFormat : dayAndYearFormat).format(date);
  },

  /** The time of day. */
  time: (at: string) => timeFormat.format(new Date(at)),

  /** Day and time in full. */
  moment: (at: string) => fullFormat.format(new Date(at)),

  /** What a refused request says to a person; null: no answer came. */
  refusal(problem: Problem | null): string {
    if (!problem) return 'The server does not answer. Check your connection, then try again.';
    const fields = (problem.errors ?? []).map((error) => error.detail);
    const text = fields.length > 0 ? fields.join(' ') : problem.detail;
    const sentence = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
  },
};
