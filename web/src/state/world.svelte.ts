// What is known of the server, as the screen shows it. Only apply.ts changes it.

import { SvelteMap } from 'svelte/reactivity';
import type { Account, Entry, Member, Room, Status } from '../wire';
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
  room: Room = $state.raw()!;
  /** The loaded messages; null until somebody looks. */
  timeline: Timeline | null = $state.raw(null);
  /** Who is in it; null until somebody asks. */
  members: Member[] | null = $state.raw(null);
  typing: Typist[] = $state.raw([]);
  /** The last entry that was taken in; what a resume continues from. */
  cursor = 0;
  /** The newest entries, without a gap, for bringing answers up to date that were read before them. */
  recent: Entry[] = [];
  /** Which end of the window stays when it is full: the screen sets it. */
  keep: Keep = 'newest';

  constructor(room: Room) {
    this.room = room;
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
}
