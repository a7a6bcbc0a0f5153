// What is known of the server, as the screen shows it. Only apply.ts changes it.

import { SvelteMap } from 'svelte/reactivity';
import type { Account, Entry, Member, Room, Status } from '../wire';
import type { Pins } from './pins';
import type { Thread } from './threads';
import type { Keep, Timeline } from './timeline';

/** Somebody who writes, and until when to say so (milliseconds of the page's clock). */
export interface Typist {
  user: string;
  name: string;
  until: number;
}

/** One of the rooms that one is in. */
export class RoomState {
  /** As it stands at `room.last_seq`; `me` is there for every room that one is in. */
  room: Room;
  /** The loaded messages; null until somebody looks. */
  timeline: Timeline | null = $state.raw(null);
  /** Who is in it; null until somebody asks. */
  members: Member[] | null = $state.raw(null);
  /** The thread that was looked at last; null until somebody looks at one. */
  thread: Thread | null = $state.raw(null);
  /** The pinned messages; null until somebody looks. */
  pins: Pins | null = $state.raw(null);
  typing: Typist[] = $state.raw([]);
  /** The last entry that was taken in; what a resume continues from. */
  cursor = 0;
  /** The newest entries, without a gap, for bringing answers up to date that were read before them. */
  recent: Entry[] = [];
  /** When it was looked at last (milliseconds of the clock); 0: never. */
  looked = 0;
  /** The members are those of an earlier visit. */
  membersOld = false;
  /** Which end of the window stays when it is full: the screen sets it. */
  keep: Keep = 'newest';
  /** The same for the thread. */
  keepOfThread: Keep = 'newest';

  constructor(room: Room) {
    // From the first: what is torn down while this is made may still read it as it was before.
    this.room = $state.raw(room);
    this.cursor = room.last_seq;
  }
}

/** Everything known. */
export class World {
  me: Account | null = $state.raw(null);
  epoch: string | null = null;
  readonly rooms = new SvelteMap<string, RoomState>();
  readonly presence = new SvelteMap<string, Status>();
  /** Entries of rooms that are followed already but not loaded yet. */
  readonly unplaced = new Map<string, Entry[]>();

  /** Where to continue from. */
  cursors(): { epoch: string | null; rooms: Record<string, number> } {
    const rooms: Record<string, number> = {};
    for (const [id, state] of this.rooms) rooms[id] = state.cursor;
    return { epoch: this.epoch, rooms };
  }
}
