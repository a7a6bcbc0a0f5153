// Loading what stands beside a room: a thread, the pins, everybody who is in it. What it means stands in apply.ts.

import { Refusal } from '../api';
import { placeAnswers, placeMembers, placePins, placeThread } from '../state/apply';
import type { Client } from '../state/client.svelte';
import type { RoomState } from '../state/world.svelte';
import type { Member, Message } from '../wire';
import * as requests from './requests';

/** How often something is asked for again because too much happened meanwhile. */
const TRIES_MAX = 3;

/** What became of looking for a thread; `elsewhere` is the root of the thread that the message answers in. */
export type Found = 'here' | 'missing' | { elsewhere: string };

/** Loads a thread and the newest of its answers. */
export async function loadThread(client: Client, state: RoomState, root: string): Promise<Found> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const cursor = state.cursor;
    const first = await rootOf(state, root);
    if (!first) return 'missing';
    if (first.thread) return { elsewhere: first.thread.id };
    const page = await requests.thread(state.room.id, root, null);
    client.outbox.seenPage(state.room.id, { ...page, head: cursor });
    if (placeThread(state, first, page, cursor)) break;
  }
  return 'here';
}

/** Loads the next answers in that direction. */
export async function loadAnswers(state: RoomState, place: 'before' | 'after'): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const { root, answers } = state.thread ?? {};
    const edge = place === 'before' ? answers?.messages[0] : answers?.messages.at(-1);
    if (!root || !edge) return;
    const range = place === 'before' ? { before: edge.seq } : { after: edge.seq };
    const page = await requests.thread(state.room.id, root.id, range);
    if (placeAnswers(state, root.id, page, place)) return;
  }
}

/** Loads the pinned messages. */
export async function loadPins(state: RoomState): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const cursor = state.cursor;
    if (placePins(state, (await requests.pins(state.room.id)).items, cursor)) return;
  }
}

/** Loads everybody who is in the room, however many they are. */
export async function loadMembers(client: Client, state: RoomState): Promise<void> {
  const cursor = state.cursor;
  const everybody: Member[] = [];
  let after: string | null = null;
  do {
    const part = await requests.members(state.room.id, after);
    everybody.push(...part.items);
    after = part.has_more ? (part.next_cursor ?? null) : null;
  } while (after !== null);
  placeMembers(client.world, state, everybody, cursor);
}

/** The message, if there is one that one may see: loaded already, or asked for. */
async function rootOf(state: RoomState, id: string): Promise<Message | null> {
  const loaded = state.timeline?.messages.find((message) => message.id === id);
  if (loaded) return loaded;
  try {
    return await requests.message(state.room.id, id);
  } catch (error) {
    if (error instanceof Refusal && error.problem?.status === 404) return null;
    throw error;
  }
}
