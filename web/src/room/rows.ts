// The lines of a timeline: days, the mark of what is new, messages, and messages on their way. Pure.
// A line that did not change stays the same object, so that what is drawn of it is left alone.

import type { UnsentPost } from '../offline/database';
import type { Shown } from '../state/pending';

/** A message as a line. `key` stays the same while it goes from pending to sent. */
export interface MessageRow {
  kind: 'message';
  key: string;
  message: Shown;
  /** The sender is named by the line above already. */
  continued: boolean;
  /** It says what it answers: where the line above is not of the same thread. */
  quoted: boolean;
  /** Set while the server has not confirmed it. */
  unsent: UnsentPost | null;
}

export type Row = { kind: 'new'; key: 'new' } | MessageRow;

/** The lines of one day. */
export interface Day {
  key: string;
  /** When its first line was written. */
  at: string;
  rows: readonly Row[];
}

/** Messages of one person that follow within this time stand together. */
const TOGETHER_MS = 5 * 60_000;
const NEW: Row = { kind: 'new', key: 'new' };

/**
 * Lays out a timeline. What is new begins after `readSeq`; null: nothing is marked as new.
 * `before` is how it was laid out the last time.
 */
export function daysOf(
  messages: readonly Shown[],
  unsent: readonly { message: Shown; item: UnsentPost }[],
  me: string | undefined,
  readSeq: number | null,
  before: readonly Day[] = [],
): Day[] {
  const layout = new Layout(me, readSeq, before);
  for (const message of messages) layout.add(message, null);
  for (const { message, item } of unsent) layout.add(message, item);
  return layout.finish();
}

/** What a message is known by while it goes from pending to sent. */
export function keyOf(message: Shown, me: string | undefined): string {
  return message.sender.id === me && message.client_id ? `mine ${message.client_id}` : message.id;
}

class Layout {
  readonly #days: Day[] = [];
  #rows: Row[] = [];
  #at = '';
  /** When the day that is being filled begins and ends, in milliseconds. */
  #start = -Infinity;
  #end = -Infinity;
  #above: Shown | null = null;
  #aboveAt = 0;
  #marked: boolean;
  readonly #knownDays = new Map<string, Day>();
  readonly #knownRows = new Map<string, MessageRow>();

  constructor(
    private readonly me: string | undefined,
    private readonly readSeq: number | null,
    before: readonly Day[],
  ) {
    this.#marked = readSeq === null;
    for (const day of before) {
      this.#knownDays.set(day.key, day);
      for (const row of day.rows) if (row.kind === 'message') this.#knownRows.set(row.key, row);
    }
  }

  add(message: Shown, unsent: UnsentPost | null): void {
    const at = Date.parse(message.at);
    // A clock that goes back opens no day a second time.
    const isNewDay = at >= this.#end;
    if (isNewDay) this.#open(message.at, at);
    const mine = message.sender.id === this.me;
    const isNew = !this.#marked && message.seq > this.readSeq! && !mine;
    if (isNew) {
      this.#rows.push(NEW);
      this.#marked = true;
    }
    const follows = !isNewDay && !isNew && this.#above !== null;
    const thread = message.thread?.id;
    const sameThread = thread === this.#above?.thread?.id;
    const continued = follows && sameThread && this.#continues(message, at);
    const quoted = thread !== undefined && !(follows && sameThread);
    const key = keyOf(message, this.me);
    const known = this.#knownRows.get(key);
    const row: MessageRow = { kind: 'message', key, message, continued, quoted, unsent };
    this.#rows.push(known && isSame(known, row) ? known : row);
    this.#above = message;
    this.#aboveAt = at;
  }

  finish(): Day[] {
    this.#close();
    return this.#days;
  }

  #open(at: string, time: number): void {
    this.#close();
    const date = new Date(time);
    this.#start = new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
    this.#end = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
    this.#at = at;
    this.#rows = [];
  }

  #close(): void {
    if (this.#rows.length === 0) return;
    const key = `day ${this.#start}`;
    const known = this.#knownDays.get(key);
    const rows = this.#rows;
    const same =
      known?.at === this.#at &&
      known.rows.length === rows.length &&
      rows.every((row, index) => row === known.rows[index]);
    this.#days.push(same ? known : { key, at: this.#at, rows });
  }

  #continues(message: Shown, at: number): boolean {
    const above = this.#above;
    return (
      above !== null &&
      above.sender.id === message.sender.id &&
      at - this.#aboveAt < TOGETHER_MS &&
      !above.deleted_at
    );
  }
}

function isSame(known: MessageRow, row: MessageRow): boolean {
  return (
    known.message === row.message &&
    known.continued === row.continued &&
    known.quoted === row.quoted &&
    known.unsent === row.unsent
  );
}
