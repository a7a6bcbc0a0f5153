// Unsent messages, kept so that a closed tab loses none.
// A browser that refuses to keep things (a private window) is no error: the page then remembers for itself.

import { open, type Unsent } from './database';

/** Where unsent messages are kept. */
export interface Queue {
  /** All of the person's, oldest first. */
  all(user: string): Promise<Unsent[]>;
  keep(item: Unsent): Promise<void>;
  drop(client_id: string): Promise<void>;
  /** Drops all of the person's. */
  clear(user: string): Promise<void>;
}

/** The queue in IndexedDB. */
export function kept(): Queue {
  let opened: ReturnType<typeof open> | null = null;
  const database = () => (opened ??= open());
  return {
    async all(user) {
      try {
        const items = await (await database()).getAll('unsent');
        return items.filter((item) => item.user === user).sort((a, b) => a.order - b.order);
      } catch {
        return [];
      }
    },
    async keep(item) {
      await database()
        .then((database) => database.put('unsent', item))
        .catch(() => undefined);
    },
    async drop(client_id) {
      await database()
        .then((database) => database.delete('unsent', client_id))
        .catch(() => undefined);
    },
    async clear(user) {
      for (const item of await this.all(user)) await this.drop(item.client_id);
    },
  };
}
