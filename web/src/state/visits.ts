// How a visit begins: with what was known when the page was left, or with what the server says.

import * as api from '../api';
import { forgetOthers, lastVisit } from '../offline/cache';
import type { Account, ServerInfo } from '../wire';
import { placeRoom } from './apply';
import { restored } from './snapshot';
import { World, type RoomState } from './world.svelte';

/** Direct conversations whose people's presence is asked for after connecting. */
const PRESENCE_ROOMS_MAX = 20;

/** The world as it was when the page was left; null if nothing was kept. */
export async function recalled(): Promise<{ world: World; server: ServerInfo | null } | null> {
  const kept = await lastVisit();
  const world = kept && restored(kept.visit, kept.rooms);
  return world && { world, server: kept.visit.server };
}

/** The world of somebody of whom nothing is known here; nothing that others left stays. */
export async function begun(me: Account): Promise<World> {
  const rooms = await api.rooms();
  const world = new World();
  world.me = me;
  for (const room of rooms.items) placeRoom(world, room);
  await forgetOthers(me.id);
  return world;
}

/** The rooms whose people's presence one wants to know: those that were looked at, and the newest conversations. */
export function worthAsking(world: World, looked: ReadonlySet<string>): RoomState[] {
  const all = [...world.rooms.values()];
  const seen = all.filter((state) => looked.has(state.room.id) || (state.members && !state.membersOld));
  const direct = all
    .filter((state) => !seen.includes(state) && state.room.kind === 'direct')
    .sort((a, b) => (a.room.last_at < b.room.last_at ? 1 : -1))
    .slice(0, PRESENCE_ROOMS_MAX);
  return [...seen, ...direct];
}
