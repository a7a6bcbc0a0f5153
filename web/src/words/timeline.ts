// The words of what is loaded when it is opened in a room, apart from those of the room itself.

import { date } from './time';

export const roomWords = {
  // What one can do with a message.
  deeds: {
    reply: 'Reply',
    thread: 'Reply in a thread',
    react: 'Add a reaction',
    edit: 'Edit',
    pin: 'Pin',
    copyText: 'Copy text',
    copyLink: 'Copy link',
    erase: 'Delete',
  },
  unpin: 'Unpin',

  // Earlier texts.
  earlierTitle: 'Earlier texts',
  now: (at: string) => `Since ${at}`,
  until: (at: string) => `Until ${at}`,
  earlierNone: 'No earlier text is kept.',

  // Going to a day.
  dayTitle: 'Go to a day',
  day: 'Day',
  dayGo: 'Go',

  // A place.
  sharedPlace: 'Shared place',
  within: (accuracy: number) => `within ${Math.max(1, Math.round(accuracy))} m`,
  openMap: 'Show on a map',
  openMapApp: 'Open in an app',

  // The beginning of a room.
  madeBy: (name: string, at: string) => `${name} made this room on ${date(at)}.`,
  madeOn: (at: string) => `This room was made on ${date(at)}.`,
  begunOn: (at: string) => `You have been talking here since ${date(at)}.`,
  notBefore: 'What was written before you came is not shown.',
  invite: 'Bring somebody in',
  setTopic: 'Say what it is about',
};
