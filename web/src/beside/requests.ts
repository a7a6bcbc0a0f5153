// What is asked of the server for the panes beside a room; loaded with them.

import { exchange, PAGE, type Range } from '../api';
import type { List, Member, Message, MessagePage, Recorded, Room, RoomChanges, RoomRole } from '../wire';

/** People of a room that are asked for at once. */
const MEMBERS_AT_ONCE = 200;

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  return (await exchange<T>(method, path, body === undefined ? null : JSON.stringify(body))).value;
}

/** The room with the tag of its settings. */
export async function roomAndTag(id: string): Promise<{ room: Room; tag: string }> {
  const { value, tag } = await exchange<Room>('GET', `/rooms/${id}`);
  return { room: value, tag: tag ?? '' };
}

/** Changes settings of a room if they are still those that the tag stands for. */
export async function changeRoom(id: string, changes: RoomChanges, tag: string): Promise<void> {
  await exchange<Recorded>('PATCH', `/rooms/${id}`, JSON.stringify(changes), tag);
}

export const archive = (id: string, on: boolean) =>
  ask<Recorded>('POST', `/rooms/${id}/${on ? 'archive' : 'unarchive'}`);
export const deleteRoom = (id: string) => ask<Recorded>('DELETE', `/rooms/${id}`);

/** Who is in the room, after the cursor of the part before. */
export function members(id: string, cursor: string | null): Promise<List<Member>> {
  const where = new URLSearchParams({ limit: String(MEMBERS_AT_ONCE) });
  if (cursor !== null) where.set('cursor', cursor);
  return ask<List<Member>>('GET', `/rooms/${id}/members?${where}`);
}
export const removeMember = (id: string, user: string) =>
  ask<Recorded>('DELETE', `/rooms/${id}/members/${user}`);
export const giveRole = (id: string, user: string, role: RoomRole) =>
  ask<Recorded>('PATCH', `/rooms/${id}/members/${user}`, { role });

export const message = (id: string, message: string) =>
  ask<Message>('GET', `/rooms/${id}/messages/${message}`);
export const pins = (id: string) => ask<List<Message>>('GET', `/rooms/${id}/pins`);

/** A page of the answers in a thread; the newest without a range. */
export function thread(id: string, root: string, range: Range): Promise<MessagePage> {
  const where = new URLSearchParams({ limit: String(PAGE) });
  for (const [name, value] of Object.entries(range ?? {})) where.set(name, String(value));
  return ask<MessagePage>('GET', `/rooms/${id}/messages/${root}/thread?${where}`);
}
