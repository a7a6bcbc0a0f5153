// What the browser keeps between visits: one database, its stores and their versions.

import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

/** A message that the server has not confirmed yet. */
export interface Unsent {
  client_id: string;
  /** Whose it is: several people may use one browser. */
  user: string;
  room: string;
  text: string;
  /** The root of the thread that it answers in. */
  reply_to: { id: string; seq: number } | null;
  /** When it was written, RFC 3339. */
  at: string;
  /** Grows from message to message, whatever the clock says: the order in which they are sent. */
  order: number;
  /** Why it was refused; null while it waits. */
  failed: string | null;
}

interface Schema extends DBSchema {
  unsent: { key: string; value: Unsent };
}

const VERSION = 1;

/** Opens the database, and makes or upgrades it. */
export function open(): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>('rill', VERSION, {
    upgrade(database) {
      database.createObjectStore('unsent', { keyPath: 'client_id' });
    },
    blocking(_current, _blocked, event) {
      // A newer page in another tab wants to upgrade: make way.
      (event.target as IDBDatabase).close();
    },
  });
}
