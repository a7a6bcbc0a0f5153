// What waits to be sent, kept so that a closed tab loses none.
// A browser that refuses to keep things (a private window) is no error: the page then remembers for itself.

import { valuesOf, withDatabase, written, type Unsent } from './database';

/** Where unsent items are kept. */
export interface Queue {
  /** All of the person's, oldest first. */
  all(user: string): Promise<Unsent[]>;
  /** Keeps some and drops others, all of it or nothing. */
  write(keep: readonly Unsent[], drop: readonly string[]): Promise<void>;
  /** Drops all of the person's. */
  clear(user: string): Promise<void>;
}

/** The queue in IndexedDB. */
export function kept(): Queue {
  return {
    all: (user) =>
      withDatabase(async (database) => {
        const items = await valuesOf(database, 'unsent');
        return items.filter((item) => item.user === user).sort((a, b) => a.order - b.order);
      }, []),
    write: (keep, drop) =>
      withDatabase(
        (database) =>
          written(database, ['unsent'], (store) => {
            for (const item of keep) store('unsent').put(item);
            for (const client_id of drop) store('unsent').delete(client_id);
          }),
        undefined,
      ),
    async clear(user) {
      const items = await this.all(user);
      await this.write(
        [],
        items.map((item) => item.client_id),
      );
    },
  };
}
