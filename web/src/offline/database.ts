// What the browser keeps between visits: one database, its stores and their versions.

import type { Account, Location, Member, Message, Room, ServerInfo } from '../wire';

/** What all that waits to be sent has in common. */
interface Waiting {
  /** Under which the server takes it once, however often it is said. */
  client_id: string;
  /** Whose it is: several people may use one browser. */
  user: string;
  /** Which tab sends it. */
  tab: string;
  room: string;
  /** When it was done, RFC 3339. */
  at: string;
  /** Grows from item to item, whatever the clock says: the order in which they are sent. */
  order: number;
  /** It was sent, so it may have arrived: it cannot be changed any longer. */
  tried: boolean;
  /** Why it was refused; null while it waits. */
  failed: string | null;
  /** The entry that it became, where that was not heard yet; such an item is not kept on the disk. */
  done: number | null;
}

/** What is done to a message: `message` is its id; if it was itself unsent then, `post` is its client id, and the id follows. */
interface OfMessage extends Waiting {
  message: string | null;
  post: string | null;
}

export interface UnsentPost extends Waiting {
  kind: 'post';
  text: string;
  /** The root of the thread that it answers in. */
  reply_to: { id: string; seq: number } | null;
  location: Location | null;
}
export interface UnsentEdit extends OfMessage {
  kind: 'edit';
  text: string;
}
export interface UnsentReaction extends OfMessage {
  kind: 'react';
  emoji: string;
  on: boolean;
}
export interface UnsentDeletion extends OfMessage {
  kind: 'delete';
}
export interface UnsentPin extends OfMessage {
  kind: 'pin';
  on: boolean;
}

/** What is done to a message and the server has not confirmed yet. */
export type Change = UnsentEdit | UnsentReaction | UnsentDeletion | UnsentPin;
/** What the server has not confirmed yet. */
export type Unsent = UnsentPost | Change;

/** What was begun in a room or a thread and not sent. */
export interface Draft {
  text: string;
  /** The message that it answers. */
  reply_to?: Message | null;
}

/** What was known when the page was left. */
export interface KeptVisit {
  user: string;
  shape: number;
  epoch: string | null;
  at: number;
  server: ServerInfo | null;
  me: Account;
  rooms: Room[];
}

/** A room that was looked at: its newest messages as they stood after the entry `cursor`. */
export interface KeptRoom {
  user: string;
  room: string;
  shape: number;
  epoch: string | null;
  cursor: number;
  /** When it was looked at last. */
  looked: number;
  messages: readonly Message[];
  hasBefore: boolean;
  members: Member[] | null;
}

/** What the stores hold. */
interface Stores {
  unsent: Unsent;
  drafts: { user: string; key: string; draft: Draft };
  visits: KeptVisit;
  rooms: KeptRoom;
}
export type StoreName = keyof Stores;

const VERSION = 2;
/** Some browsers open no database and say no word about it. */
const OPEN_WAIT_MS = 2_000;

let opened: Promise<IDBDatabase> | null = null;

/** The database, opened when it is needed first; refused where the browser keeps nothing. */
export function database(): Promise<IDBDatabase> {
  opened ??= inTime(open()).catch((error: unknown) => {
    opened = null;
    throw error;
  });
  return opened;
}

/** Does something with the database; where that fails the page goes on without. */
export async function withDatabase<T>(act: (database: IDBDatabase) => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await act(await database());
  } catch {
    return otherwise;
  }
}

/** All of one person in a store whose keys begin with the person. */
export function allOf(user: string): IDBKeyRange {
  return IDBKeyRange.bound([user], [user, []]);
}

/** What the database answers. */
export function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
}

/** All values of a store, or of a part of it. */
export function valuesOf<Name extends StoreName>(
  database: IDBDatabase,
  name: Name,
  range?: IDBKeyRange,
): Promise<Stores[Name][]> {
  return answered(database.transaction(name).objectStore(name).getAll(range));
}

/** Writes to the stores, all of it or nothing. It is not waited for the single answers, so that it gets through while a page closes. */
export function written(
  database: IDBDatabase,
  names: StoreName[],
  write: (store: (name: StoreName) => IDBObjectStore) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(names, 'readwrite');
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error!);
    write((name) => transaction.objectStore(name));
    transaction.commit();
  });
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open('rill', VERSION);
  request.onupgradeneeded = ({ oldVersion }) => {
    const database = request.result;
    if (oldVersion < 1) database.createObjectStore('unsent', { keyPath: 'client_id' });
    if (oldVersion < 2) {
      database.createObjectStore('drafts', { keyPath: ['user', 'key'] });
      database.createObjectStore('visits', { keyPath: 'user' });
      database.createObjectStore('rooms', { keyPath: ['user', 'room'] });
      if (oldVersion === 1) fromFirst(request.transaction!.objectStore('unsent'));
    }
  };
  return answered(request).then((database) => {
    // A newer page in another tab wants to upgrade: make way.
    database.onversionchange = () => {
      database.close();
      opened = null;
    };
    database.onclose = () => (opened = null);
    return database;
  });
}

/** In the first version only messages waited, and nothing told whether they had been sent before. */
function fromFirst(store: IDBObjectStore): void {
  const all: IDBRequest<UnsentPost[]> = store.getAll();
  all.onsuccess = () => {
    const added = { kind: 'post', tab: '', location: null, tried: true, done: null } as const;
    for (const item of all.result) store.put({ ...item, ...added });
  };
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('too late')), OPEN_WAIT_MS);
  });
  return Promise.race([promise, late]);
}
