// What was known last, kept so that the page opens at once and without a connection. One person's only.

import { allOf, withDatabase, type KeptRoom, type KeptVisit } from './database';

/** The newest visit that was kept, with the rooms that were looked at. */
export function lastVisit(): Promise<{ visit: KeptVisit; rooms: KeptRoom[] } | null> {
  return withDatabase(async (database) => {
    const visits = await database.getAll('visits');
    const visit = visits.sort((a, b) => b.at - a.at)[0];
    return visit ? { visit, rooms: await database.getAll('rooms', allOf(visit.user)) } : null;
  }, null);
}

/** Keeps the visit and the rooms that changed, all of it or nothing. `all`: no other room of the person stays. */
export function keepVisit(
  visit: KeptVisit,
  changed: readonly KeptRoom[],
  gone: readonly string[],
  all: boolean,
): Promise<boolean> {
  return withDatabase(async (database) => {
    const transaction = database.transaction(['visits', 'rooms'], 'readwrite');
    const rooms = transaction.objectStore('rooms');
    if (all) void rooms.delete(allOf(visit.user));
    for (const room of gone) void rooms.delete([visit.user, room]);
    for (const room of changed) void rooms.put(room);
    void transaction.objectStore('visits').put(visit);
    transaction.commit();
    await transaction.done;
    return true;
  }, false);
}

/** Forgets what was known to the person. */
export function forgetVisit(user: string): Promise<void> {
  return withDatabase(async (database) => {
    await database.delete('rooms', allOf(user));
    await database.delete('visits', user);
  }, undefined);
}

/** Somebody else uses the browser now: what the others knew and began goes. What they sent and nobody got yet waits for them. */
export function forgetOthers(user: string): Promise<void> {
  return withDatabase(async (database) => {
    const transaction = database.transaction(['visits', 'rooms', 'drafts'], 'readwrite');
    for (const name of ['rooms', 'drafts'] as const) {
      for (const key of await transaction.objectStore(name).getAllKeys()) {
        if (key[0] !== user) void transaction.objectStore(name).delete(key);
      }
    }
    for (const key of await transaction.objectStore('visits').getAllKeys()) {
      if (key !== user) void transaction.objectStore('visits').delete(key);
    }
    await transaction.done;
  }, undefined);
}
