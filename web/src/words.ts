// Every word that is shown: plain, sentence case, saying what happened and what to do next.

import type { Problem } from './wire';

const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dayAndYearFormat = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});

type Clock = 'language' | 'h12' | 'h24';
const cycles = { language: undefined, h12: 'h12', h24: 'h23' } as const;
const clocks = new Map<Clock, { time: Intl.DateTimeFormat; full: Intl.DateTimeFormat }>();
let clock: () => Clock = () => 'language';

/** Times are told by the clock that `choice` names; it is asked each time, so that a change shows at once. */
export function tellTimeBy(choice: () => Clock): void {
  clock = choice;
}

function clockNow() {
  const chosen = clock();
  let formats = clocks.get(chosen);
  if (!formats) {
    const hourCycle = cycles[chosen];
    formats = {
      time: new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle }),
      full: new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short', hourCycle }),
    };
    clocks.set(chosen, formats);
  }
  return formats;
}

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
  partMissing: 'This part of the page could not be loaded. Check your connection.',
  search: 'Search',
  settings: 'Settings',

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

  // Being told of messages elsewhere.
  saidIn: (person: string, room: string) => `${person} in ${room}`,
  saidBy: (person: string, text: string) => `${person}: ${text}`,
  newIn: (count: number, room: string) => `${count} new messages in ${room}`,
  newFrom: (count: number, person: string) => `${count} new messages from ${person}`,
  newInRooms: (count: number, rooms: number) => `${count} new messages in ${rooms} rooms`,

  // The connection.
  connecting: 'Connecting…',
  offline: 'No connection.',
  offlineHint: 'What you write is sent when you are back.',
  catchingUp: 'Catching up…',
  upToDate: 'Up to date',
  reconnect: 'Connect now',
  retryIn: (seconds: number) => `Trying again in ${seconds} s.`,
  newVersion: 'A new version is ready.',
  reload: 'Reload',
  notNow: 'Not now',

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
  hello: (name: string) => `Hello, ${name}`,
  begin: 'Choose a room from the list, or begin here:',
  browseText: 'See what others talk about, and join them.',
  newRoomText: 'For everybody, or for those whom you bring in.',
  messageText: 'Talk to one person, or to a few.',
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
  newSince: (count: number, since: string) =>
    `${count === 1 ? '1 new message' : `${count} new messages`}${since && ` since ${since}`}`,
  toFirstNew: 'Go to the first',
  markRead: 'Mark as read',
  newBelow: (count: number) => `${count} new`,
  messageMissing: 'This message is not here. It may be too old for you to see. These are the newest.',
  messagesMissing: 'The messages could not be loaded.',
  toDay: 'Go to another day',
  pins: 'Pinned messages',
  pinCount: (count: number) => (count === 1 ? '1 pinned message' : `${count} pinned messages`),
  searchHere: 'Search in this room',
  details: 'About this room',
  toNewest: 'To the newest messages',
  typing: (names: string[]) => {
    if (names.length === 0) return '';
    if (names.length > 3) return 'Several people are writing…';
    return `${listed(names)} ${names.length === 1 ? 'is' : 'are'} writing…`;
  },

  // Messages.
  write: (room: string) => `Write to ${room}`,
  writeInThread: 'Answer in the thread',
  send: 'Send',
  pickEmoji: 'Emoji',
  shareLocation: 'Share where I am',
  hereIAm: 'I am here.',
  locationDenied: 'This page may not ask where you are. Allow it in the settings of your browser.',
  locationUnknown: 'Your position could not be found. Try again outside or near a window.',
  mentionsAll: 'Everybody in this room',
  completions: { '@': 'People', '#': 'Rooms', ':': 'Emoji' },
  sending: 'Sending…',
  willBeSent: 'Will be sent when you are back',
  notSent: (why: string) => `Not sent. ${why}`,
  notDone: (why: string) => `A change could not be saved. ${why}`,
  retry: 'Try again',
  discard: 'Discard',
  edited: 'edited',
  deleted: 'This message was deleted.',
  pinned: 'Pinned',
  more: 'More',
  textCopied: 'The text is copied.',
  linkCopied: 'The link is copied.',
  notCopied: 'The browser does not let this page copy. Mark the text and copy it by hand.',
  actions: 'What to do with this message',
  react: (emoji: string) => `React with ${emoji}`,
  reactions: (emoji: string, names: string[]) => `${listed(names)} reacted with ${emoji}`,
  someone: 'Someone',
  others: (count: number) => (count === 1 ? '1 other' : `${count} others`),
  reactMore: 'Add a reaction',
  reply: 'Reply',
  replyInThread: 'Reply in a thread',
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

  // What is in a message.
  hidden: '(hidden)',
  showHidden: 'Hidden. Show',
  showAll: 'Show all',
  showLess: 'Show less',
  codeBlock: (language: string) => (language === '' ? 'Code' : `Code in ${language}`),
  copyCode: 'Copy',
  codeCopied: 'Copied',
  codeNotCopied: 'Not copied. Mark the code and copy it by hand.',
  table: 'Table',
  taskDone: 'Done',
  taskOpen: 'Not done',
  picture: 'Picture',
  pictureLarge: (name: string) => `Show ${name} large`,
  pictureFrom: (host: string) => `Picture at ${host}`,
  pictureShow: 'Show picture',
  pictureWhy: (host: string) => `${host} will see that you look at it.`,
  pictureFailed: 'The picture could not be loaded.',
  pictureOpen: 'Open in a new tab',

  // Choosing an emoji.
  emojiTitle: 'Choose an emoji',
  emojiSearch: 'Search emoji',
  emojiRecent: 'Used before',
  emojiFound: (count: number) => (count === 1 ? '1 emoji found' : `${count} emoji found`),
  emojiNone: 'No emoji is called like that.',
  emojiGroups: 'Kinds of emoji',
  emojiGroup: [
    'Smileys and feelings',
    'People and hands',
    'Animals and nature',
    'Food and drink',
    'Travel and places',
    'Activities',
    'Things',
    'Signs',
    'Flags',
  ],
  emojiTone: 'Skin tone',
  emojiTones: ['No tone', 'Light', 'Medium light', 'Medium', 'Medium dark', 'Dark'],
  emojiMissing: 'The emoji could not be loaded. Check your connection, then try again.',

  /** The day of a message, as a line between days. */
  day(at: string, now: Date): string {
    const date = new Date(at);
    const ago = dayNumber(now) - dayNumber(date);
    if (ago === 0) return 'Today';
    if (ago === 1) return 'Yesterday';
    return (ago < 180 ? dayFormat : dayAndYearFormat).format(date);
  },

  /** The time of day, with the day unless that is today. */
  when(at: string, now: Date): string {
    const date = new Date(at);
    if (dayNumber(date) === dayNumber(now)) return words.time(at);
    return `${words.day(at, now)}, ${words.time(at)}`;
  },

  /** The time of day. */
  time: (at: string) => clockNow().time.format(new Date(at)),

  /** Day and time in full. */
  moment: (at: string) => clockNow().full.format(new Date(at)),

  /** What a refused request says to a person; null: no answer came. */
  refusal(problem: Problem | null): string {
    if (!problem) return 'The server does not answer. Check your connection, then try again.';
    const fields = (problem.errors ?? []).map((error) => error.detail);
    const text = fields.length > 0 ? fields.join(' ') : problem.detail;
    const sentence = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
  },
};
