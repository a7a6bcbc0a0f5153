// What was begun and not sent, by room or thread: read at once from memory, written to the disk a moment later.

import { allOf, valuesOf, withDatabase, written, type Draft } from './database';

export type { Draft };

const WRITE_WAIT_MS = 300;

/** The key of a thread's draft; that of a room is the room's id. */
export function draftKey(room: string, root: string): string {
  return `${room}/${root}`;
}

export class Drafts {
  #user = '';
  #drafts = new Map<string, Draft>();
  /** Rooms with a draft, in them or in one of their threads. */
  #rooms: ReadonlySet<string> = $state.raw(new Set());
  /** Changed since they were written. */
  #changed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Takes up what the person had begun; what was begun in this tab already stays. */
  async open(user: string): Promise<void> {
    if (this.#user !== user) this.#forget();
    this.#user = user;
    const kept = await withDatabase((database) => valuesOf(database, 'drafts', allOf(user)), []);
    if (this.#user !== user) return;
    for (const { key, draft } of kept) {
      if (this.#drafts.has(key) || this.#changed.has(key)) continue;
      this.#drafts.set(key, draft);
      this.#mark(key);
    }
  }

  /** Forgets everything, also on the disk. */
  async close(): Promise<void> {
    const user = this.#user;
    this.#forget();
    this.#user = '';
    await withDatabase(
      (database) => written(database, ['drafts'], (store) => store('drafts').delete(allOf(user))),
      undefined,
    );
  }

  get(key: string): Draft | undefined {
    return this.#drafts.get(key);
  }

  /** Notes what stands there now; nothing and no message that is answered is no draft. */
  set(key: string, draft: Draft): void {
    if (draft.text.trim() === '' && !draft.reply_to) return this.drop(key);
    const known = this.#drafts.get(key);
    if (known?.text === draft.text && known.reply_to?.id === draft.reply_to?.id) return;
    this.#drafts.set(key, draft);
    this.#note(key);
  }

  drop(key: string): void {
    if (this.#drafts.delete(key)) this.#note(key);
  }

  /** Whether something was begun in the room or in one of its threads. */
  has(room: string): boolean {
    return this.#rooms.has(room);
  }

  /** Writes what was not written yet: before the page goes. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [user, keys] = [this.#user, [...this.#changed]];
    this.#changed.clear();
    if (user === '' || keys.length === 0) return;
    const drafts = keys.map((key) => ({ key, draft: this.#drafts.get(key) }));
    void withDatabase(
      (database) =>
        written(database, ['drafts'], (store) => {
          for (const { key, draft } of drafts) {
            if (draft) store('drafts').put({ user, key, draft });
            else store('drafts').delete([user, key]);
          }
        }),
      undefined,
    );
  }

  #note(key: string): void {
    this.#changed.add(key);
    this.#mark(key);
    this.#timer ??= setTimeout(() => this.flush(), WRITE_WAIT_MS);
  }

  #mark(key: string): void {
    const room = key.split('/', 1)[0]!;
    const any = [...this.#drafts.keys()].some((other) => other === room || other.startsWith(`${room}/`));
    if (any === this.#rooms.has(room)) return;
    const others = [...this.#rooms].filter((other) => other !== room);
    this.#rooms = new Set(any ? [...others, room] : others);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
    this.#drafts.clear();
    this.#rooms = new Set();
  }
}

export const drafts = new Drafts();
