// The words of a room, and all those of the page: they are loaded with the part that shows a room.

import { words as page } from './page';
import { when } from './time';

function listed(names: string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

export const words = {
  ...page,

  // A room.
  hello: (name: string) => `Hello, ${name}`,
  begin: 'Choose a room from the list, or begin here:',
  browseText: 'See what others talk about, and join them.',
  newRoomText: 'For everybody, or for those whom you bring in.',
  messageText: 'Talk to one person, or to a few.',
  roomMissing: 'This room is not here',
  roomMissingText: 'It was deleted, or you are not in it.',
  people: 'People',
  leaveText: 'You will not see new messages any longer.',
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
  willBeSent: 'Will be sent when you are back',
  notSent: (why: string) => `Not sent. ${why}`,
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
  editing: 'Edit the message',
  editHint: 'Enter saves, Escape cancels.',
  save: 'Save',
  delete: 'Delete',
  deleteTitle: 'Delete this message?',
  deleteText: 'Nobody will be able to read it any longer.',
  tooLong: (chars: number) => `${chars} characters too many`,

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

  when,
};
