// What was known last, kept so that the page opens at once and without a connection. One person's only.

import { allOf, valuesOf, withDatabase, written, type KeptRoom, type KeptVisit } from './database';

/** The newest visit that was kept, with the rooms that were looked at. */
export function lastVisit(): Promise<{ visit: KeptVisit; rooms: KeptRoom[] } | null> {
  return withDatabase(async (database) => {
    const visits = await valuesOf(database, 'visits');
    const visit = visits.sort((a, b) => b.at - a.at)[0];
    return visit ? { visit, rooms: await valuesOf(database, 'rooms', allOf(visit.user)) } : null;
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
    await written(database, ['visits', 'rooms'], (store) => {
      const rooms = store('rooms');
      if (all) rooms.delete(allOf(visit.user));
      for (const room of gone) rooms.delete([visit.user, room]);
      for (const room of changed) rooms.put(room);
      store('visits').put(visit);
    });
    return true;
  }, false);
}

/** Forgets what was known to the person. */
export function forgetVisit(user: string): Promise<void> {
  return withDatabase(
    (database) =>
      written(database, ['visits', 'rooms'], (store) => {
        store('rooms').delete(allOf(user));
        store('visits').delete(user);
      }),
    undefined,
  );
}

/** Somebody else uses the browser now: what the others knew and began goes. What they sent and nobody got yet waits for them. */
export function forgetOthers(user: string): Promise<void> {
  return withDatabase(async (database) => {
    const before = IDBKeyRange.upperBound([user], true);
    const after = IDBKeyRange.lowerBound([user, []], true);
    const others = (await valuesOf(database, 'visits')).filter((visit) => visit.user !== user);
    await written(database, ['visits', 'rooms', 'drafts'], (store) => {
      for (const name of ['rooms', 'drafts'] as const) {
        for (const range of [before, after]) store(name).delete(range);
      }
      for (const visit of others) store('visits').delete(visit.user);
    });
  }, undefined);
}
