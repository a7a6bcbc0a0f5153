// What is asked of the server for what opens in a room; loaded with that.

import { exchange } from '../api';
import type { Edit, Entry, List, Message } from '../wire';

/** What a message said before it was changed, the oldest first. */
export async function edits({ room, id }: Message): Promise<Edit[]> {
  return (await exchange<List<Edit>>('GET', `/rooms/${room}/messages/${id}/edits`)).value.items;
}

/** How the room began, if one may see that. */
export async function firstEntry(room: string): Promise<Entry | undefined> {
  return (await exchange<List<Entry>>('GET', `/rooms/${room}/entries?after=0&limit=1`)).value.items[0];
}
