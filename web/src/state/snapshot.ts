// What is known as it can be kept, and what was kept as it was known. Pure.
// A room is kept with its cursor: what was missed is asked for from there, so that nothing kept can be out of date for long.

import type { KeptRoom, KeptVisit } from '../offline/database';
import type { ServerInfo } from '../wire';
import { RoomState, World } from './world.svelte';

/** Grows when what is kept means something else than before; what was kept by an older page is then left alone. */
export const SHAPE = 1;
/** Rooms whose messages are kept: those that were looked at last. */
export const ROOMS_MAX = 30;
export const MESSAGES_MAX = 100;

/** Everything but the messages; null while one does not know who one is, or what the cursors count. */
export function visitOf(world: World, server: ServerInfo | null, at: number): KeptVisit | null {
  const { me, epoch } = world;
  if (!me || epoch === null) return null;
  const rooms = [...world.rooms.values()].map((state) => state.room);
  return { user: me.id, shape: SHAPE, epoch, at, server, me, rooms };
}

/** The rooms whose messages are worth keeping, those looked at last first. */
export function worthKeeping(world: World): RoomState[] {
  return [...world.rooms.values()]
    .filter((state) => state.looked > 0 && state.timeline && !state.timeline.hasAfter)
    .sort((a, b) => b.looked - a.looked)
    .slice(0, ROOMS_MAX);
}

/** A room as it stands now; the newest messages of it. */
export function keptOf(world: World, state: RoomState, max = MESSAGES_MAX): KeptRoom {
  const { messages, hasBefore } = state.timeline!;
  return {
    user: world.me!.id,
    room: state.room.id,
    shape: SHAPE,
    epoch: world.epoch,
    cursor: state.cursor,
    looked: state.looked,
    messages: messages.slice(-max),
    hasBefore: hasBefore || messages.length > max,
    members: state.members,
  };
}

/** The world as it was; null if this page cannot read what was kept. */
export function restored(visit: KeptVisit, kept: readonly KeptRoom[]): World | null {
  if (visit.shape !== SHAPE) return null;
  const world = new World();
  world.me = visit.me;
  world.epoch = visit.epoch;
  for (const room of visit.rooms) world.rooms.set(room.id, new RoomState(room));
  for (const { room, shape, epoch, cursor, looked, messages, hasBefore, members } of kept) {
    const state = world.rooms.get(room);
    // Cursors of another epoch, which a page of another tab may have kept, count something else.
    if (!state || shape !== SHAPE || epoch !== visit.epoch) continue;
    state.cursor = cursor;
    state.looked = looked;
    state.timeline = { messages, hasBefore, hasAfter: false };
    // Who was here then says nothing about who is here now.
    state.members = members?.map((member) => ({ ...member, status: 'offline' })) ?? null;
    state.membersOld = true;
  }
  return world;
}
