// One line of a list that one chooses from with arrow keys while typing.

import type { Sign } from '../controls/Icon.svelte';
import type { Person, Room, Status } from '../wire';

export interface Option {
  key: string;
  label: string;
  /** Beside the name: a user name, a topic. */
  hint?: string;
  /** At the end: how much is unread, what choosing it does. */
  note?: string;
  /** It has something that is unread. */
  bold?: boolean;
  /** In front: a picture, or a sign. */
  person?: Person;
  status?: Status;
  sign?: Sign;
}

/** The sign of a room. */
export function signOf(room: Pick<Room, 'kind'>): Sign {
  return room.kind === 'public' ? 'hash' : room.kind === 'private' ? 'lock' : 'people';
}
