// The words of what stands beside a room; they come with it, so that the first load is spared them.

import type { RoomRole } from '../wire';
import type { Bound } from '../beside/may';

const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });

export const besideWords = {
  details: 'Details',
  pins: 'Pinned messages',
  thread: 'Thread',
  notLoaded: 'This could not be loaded. Check your connection.',

  // The room itself.
  room: 'About this room',
  name: 'Name',
  topic: 'Topic',
  description: 'Description',
  none: { name: '', topic: 'No topic yet', description: 'Nothing yet about what this room is for' },
  change: { name: 'Change the name', topic: 'Change the topic', description: 'Change the description' },
  nameMissing: 'A room needs a name.',
  /** Somebody saved the same setting while one was writing. */
  changedMeanwhile: (who: string, now: string) =>
    now === ''
      ? `${who} has just emptied this. Save again to put your words there, or cancel to leave it so.`
      : `${who} has just changed this to “${now}”. Save again to replace that, or cancel to keep it.`,
  kinds: {
    public: 'Public room',
    private: 'Private room',
    direct: 'Conversation',
    group: 'Group conversation',
  },
  made: (at: string) => `Made on ${dayFormat.format(new Date(at))}`,
  archived: 'Archived: it can be read, but nothing can be written.',

  // What newcomers can read.
  history: 'Newcomers can read',
  histories: { all: 'everything that was ever written', joined: 'what is written after they came' },
  historySaved: 'Saved. It counts for those who come from now on.',
  historyOther: 'Somebody changed the room at the same moment. Look at it again, then choose.',

  // Who is in it.
  people: (count: number) => `People (${count})`,
  findMember: 'Find in this room',
  noMember: 'Nobody in this room is called like that.',
  morePeople: 'Show more people',
  here: (count: number) => (count === 1 ? '1 is here' : `${count} are here`),
  roles: { owner: 'Owner', moderator: 'Moderator', member: 'Member' } satisfies Record<RoomRole, string>,
  serverRoles: {
    guest: 'Guest',
    bot: 'Bot',
    user: '',
    admin: 'Administrator',
    super_admin: 'Owner of this server',
  },
  doWith: (name: string) => `What to do with ${name}`,
  message: 'Message',
  make: {
    owner: 'Make owner',
    moderator: 'Make moderator',
    member: 'Make an ordinary member',
  } satisfies Record<RoomRole, string>,
  remove: 'Remove from the room',
  removeTitle: (name: string, room: string) => `Remove ${name} from ${room}?`,
  removeText:
    'They will not see what is written from now on, and can come back only if a moderator brings them in.',
  removeConfirm: 'Remove',
  removed: (name: string) => `${name} was removed.`,

  // Bringing people in.
  invite: 'Bring people in',
  choose: 'Choose',
  bringIn: (count: number) => (count < 2 ? 'Bring in' : `Bring in ${count} people`),
  broughtIn: (count: number) =>
    count === 1 ? '1 person was brought in.' : `${count} people were brought in.`,

  // Leaving, archiving, deleting.
  leave: 'Leave the room',
  bound: {
    conversation: 'A conversation cannot be left: it is only between those who are in it.',
    protected: 'Everybody on this server is in this room, so it cannot be left.',
    only_owner: 'You are the only owner. Make somebody else owner first; then you can leave.',
  } satisfies Record<Bound, string>,
  leaveTitle: (room: string) => `Leave ${room}?`,
  leavePublic: 'You can join it again at any time.',
  leavePrivate: 'To come back, somebody in it has to bring you in.',
  leaveConfirm: 'Leave',
  archive: 'Archive the room',
  archiveTitle: (room: string) => `Archive ${room}?`,
  archiveText: 'Everything can still be read and found, but nothing more can be written. You can undo this.',
  archiveConfirm: 'Archive',
  unarchive: 'Take out of the archive',
  delete: 'Delete the room',
  deleteTitle: (room: string) => `Delete ${room}?`,
  deleteText: 'All that was ever written in it is gone, for everybody and for ever. This cannot be undone.',
  deleteType: (room: string) => `Type the name of the room, ${room}, to go on.`,
  deleteConfirm: 'Delete for ever',

  // Pinned messages.
  noPins: 'Nothing is pinned yet',
  noPinsText: 'To keep a message at hand for everybody, open its menu and choose Pin.',
  pinnedAt: (at: string) => `Pinned on ${dayFormat.format(new Date(at))}`,
  goTo: 'Go to the message',
  unpin: 'Unpin',

  // A thread.
  threadOf: (name: string) => `Thread that ${name} began`,
  answers: (count: number) =>
    count === 0 ? 'No answers yet' : count === 1 ? '1 answer' : `${count} answers`,
  threadMissing: 'This thread is not here',
  threadMissingText: 'Its first message does not exist, or it was written before you came.',
  rootDeleted: 'The first message was deleted, so nothing more can be answered.',
  inRoom: 'Show in the room',
  toNewest: 'To the newest answers',
};
