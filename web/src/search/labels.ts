// A filter in words, for its chip.

import type { Client } from '../state/client.svelte';
import type { Person } from '../wire';
import { momentOf, type Filter, type Has } from './query';
import { roomLabel } from './rooms';
import { searchWords as words } from '../words/search';

export function labelOf({ key, value }: Filter, client: Client, people: readonly Person[]): string {
  const { me } = client.world;
  switch (key) {
    case 'from':
      if (value === 'me' || value === me?.username) return words.filterFromMe;
      return words.filterFrom(
        people.find((person) => person.username === value)?.display_name ?? `@${value}`,
      );
    case 'in': {
      const rooms = [...client.world.rooms.values()].map((state) => state.room);
      return words.filterIn(roomLabel(value, rooms, me));
    }
    case 'before':
    case 'after': {
      const moment = momentOf(value);
      const shown = moment ? words.moment(moment) : value;
      return key === 'before' ? words.filterBefore(shown) : words.filterAfter(shown);
    }
    case 'has':
      return words.filterHas[value as Has];
  }
}
