// What is asked of the server to find and make rooms, to find people and words; loaded with the parts that ask.

import { get, PAGE, post, put } from '../api';
import type { List, Message, OpenRoom, Person, Recorded, Room } from '../wire';

/** The parameters of a list, those that are there. */
function listed(asked: Record<string, string | null | undefined>): URLSearchParams {
  const where = new URLSearchParams({ limit: String(PAGE) });
  for (const [name, value] of Object.entries(asked)) if (value != null) where.set(name, value);
  return where;
}

export const people = (query: string) =>
  get<List<Person>>(`/users?limit=20&query=${encodeURIComponent(query)}`);

export const browse = (query: string, cursor?: string | null) =>
  get<List<Room>>(`/rooms/browse?${listed({ query, cursor })}`);

export const openRoom = (wanted: OpenRoom) => post<Room>('/rooms', wanted);

export const openDirect = (people: string[]) => post<Room>('/directs', { people });

export const join = (id: string) => post<Recorded>(`/rooms/${id}/join`);

export const leave = (id: string) => post<Recorded>(`/rooms/${id}/leave`);

export const bringIn = (id: string, user: string) => put<Recorded>(`/rooms/${id}/members/${user}`);

export const search = (q: string, cursor?: string | null) =>
  get<List<Message>>(`/search?${listed({ q, cursor })}`);
