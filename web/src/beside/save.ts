// Saving one setting of a room, so that nobody's change is overwritten unseen.

import { Refusal } from '../api';
import type { RoomState } from '../state/world.svelte';
import { words } from '../words/room';
import { changeRoom, roomAndTag } from './requests';

/** The settings that are words. */
export type Field = 'name' | 'topic' | 'description';

/** What stands there now, and the tag that it was read with. */
export interface Seen {
  value: string;
  tag: string;
}

/** How it stands before it is changed. */
export async function look(state: RoomState, field: Field): Promise<Seen> {
  const { room, tag } = await roomAndTag(state.room.id);
  return { value: room[field], tag };
}

/** Saves; null: done. Otherwise somebody was faster, and this is what they wrote. */
export async function save(state: RoomState, field: Field, value: string, seen: Seen): Promise<Seen | null> {
  let { tag } = seen;
  for (;;) {
    try {
      await changeRoom(state.room.id, { [field]: value }, tag);
      return null;
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'stale') throw error;
    }
    const now = await look(state, field);
    if (now.value !== seen.value && now.value !== value) return now;
    // Another setting was changed, which is none of this one's business.
    tag = now.tag;
  }
}

/** Who changed the setting last, as far as is remembered. */
export function changedBy(state: RoomState, field: Field): string {
  const change = state.recent.findLast(({ body }) => body.kind === 'room_changed' && body[field] != null);
  return change?.actor.display_name ?? words.someone;
}
