// The words of the search page; they come with it, so that the first load is spared them.

const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const searchWords = {
  searchField: 'Search messages',
  searchHint: 'Words, “phrases”, from: in: has:',
  clearSearch: 'Clear the search',
  addFilter: 'Add filter',
  filters: 'Filters',
  removeFilter: (filter: string) => `Remove: ${filter}`,
  filterFrom: (name: string) => `from ${name}`,
  filterFromMe: 'from me',
  filterIn: (room: string) => `in ${room}`,
  filterBefore: (day: string) => `before ${day}`,
  filterAfter: (day: string) => `since ${day}`,
  filterHas: {
    link: 'has a link',
    location: 'has a place',
    reaction: 'has reactions',
    pin: 'is pinned',
    thread: 'has replies',
  },
  filterPerson: 'From a person',
  filterRoom: 'In a room',
  filterSince: 'Since',
  filterUntil: 'Before',
  filterWith: 'Only what',
  daysAreUtc: 'Days begin at midnight UTC.',
  me: 'Me',
  today: 'Today',
  yesterday: 'Yesterday',
  weekAgo: 'A week ago',
  monthAgo: 'A month ago',
  suggestions: 'Suggestions',
  searchAbout: 'Find what was said',
  searchAboutText:
    'All words must be in the message, anywhere in it; case and accents do not matter. For instance:',
  searchExamples: [
    { query: 'from:me has:link', means: 'the links that you sent' },
    { query: '"good morning"', means: 'these words, one after the other' },
    { query: 'has:pin', means: 'everything that is pinned' },
  ],
  nothingFound: 'Nothing found',
  nothingFoundText: 'Try fewer or shorter words, or take a filter away.',
  searching: 'Searching…',
  results: 'Results',
  found: (count: number, more: boolean) =>
    count === 0
      ? 'Nothing found'
      : count === 1 && !more
        ? '1 message'
        : `${count}${more ? ' or more' : ''} messages`,
  moreResults: 'More results',
  endOfResults: 'That is all.',
  placeShared: 'A place',

  /** A day of the query, which begins in UTC, or a time as it is here. */
  moment: ({ at, exact }: { at: Date; exact: boolean }) => (exact ? timeFormat : dayFormat).format(at),
};
