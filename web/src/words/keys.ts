// The words of the dialogs over the page: going somewhere, finding and making rooms and conversations, the list of keys.
// They come with the dialogs, so that the first load is spared them.

export const overlayWords = {
  offline: 'You are offline. This works again when you are connected.',
  choices: 'Choices',
  goToNone: 'No rooms yet. Type a name to find people and public rooms.',
  goToSearch: (query: string) => `Search messages for “${query}”`,
  goToJoin: 'Join',
  goToMessage: 'Message',
  archived: 'Archived',

  // Finding a public room.
  joined: 'Joined',
  moreRooms: 'More rooms',
  found: (count: number, more: boolean) =>
    count === 1 ? '1 room' : `${count}${more ? ' or more' : ''} rooms`,

  // Making one.
  nameHint: 'Short and telling, for instance “Garden”.',
  description: 'Description',
  descriptionHint: 'More about it, for those who join. May stay empty.',
  more: 'More',
  history: 'What may newcomers read?',
  historyAll: 'Everything',
  historyAllHint: 'Also what was written before they came.',
  historyJoined: 'What comes after them',
  historyJoinedHint: 'What was written before they came stays hidden from them.',
  invite: 'Bring people in',
  inviteHint: 'Others can be brought in later.',

  // Beginning a conversation.
  who: 'With whom?',
  whoHint: 'One person, or several for a group.',
  choose: 'Choose',
  chosen: 'Chosen people',
  remove: (name: string) => `Remove ${name}`,
  yourself: 'Notes to yourself',
  start: (count: number) => (count > 1 ? `Open the group of ${count + 1}` : 'Open the conversation'),
  tooMany: (max: number) => `A group has at most ${max} people.`,

  // Keys.
  keys: 'Keys on this page',
  or: 'or',
  groups: { rooms: 'Going about', writing: 'Writing' },
  names: {
    Control: 'Ctrl',
    Meta: '⌘',
    ArrowUp: '↑',
    ArrowDown: '↓',
    Escape: 'Esc',
  } as Record<string, string>,
  acts: {
    switch: 'Go to a room or person',
    previous: 'Previous room',
    next: 'Next room',
    previousUnread: 'Previous unread room',
    nextUnread: 'Next unread room',
    search: 'Search messages',
    keys: 'This list',
    read: 'Mark the room as read',
    send: 'Send',
    line: 'Begin a new line',
    editLast: 'Edit your last message, where nothing is written yet',
    cancel: 'Stop replying or editing',
    bold: 'Bold',
    italic: 'Italic',
    code: 'Code',
  },
};
