// The lines of a timeline: days, the mark of what is new, messages, and messages on their way. Pure.

import type { Unsent } from '../offline/database';
import type { Account, Message } from '../wire';

/** One line. `key` stays the same while a message goes from pending to sent. */
export type Row =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'new'; key: 'new' }
  | {
      kind: 'message';
      key: string;
      message: Message;
      /** The sender is named by the line above already. */
      continued: boolean;
      /** Set while the server has not confirmed it. */
      unsent: Unsent | null;
    };

/** Messages of one person that follow within this time stand together. */
const TOGETHER_MS = 5 * 60_000;

/** Lays out a timeline. What is new begins after `readSeq`; null: nothing is marked as new. */
export function rowsOf(
  messages: readonly Message[],
  unsent: readonly Unsent[],
  me: Account | null,
  readSeq: number | null,
): Row[] {
  const rows: Row[] = [];
  let above: Message | null = null;
  let marked = readSeq === null;
  const add = (message: Message, item: Unsent | null) => {
    const newDay = !above || dayOf(above.at) !== dayOf(message.at);
    if (newDay) rows.push({ kind: 'day', key: `day ${message.id}`, at: message.at });
    const isNew = !marked && message.seq > readSeq! && message.sender.id !== me?.id;
    if (isNew) {
      rows.push({ kind: 'new', key: 'new' });
      marked = true;
    }
    const continued = !newDay && !isNew && above !== null && continues(above, message);
    const mine = message.sender.id === me?.id && message.client_id;
    const key = mine ? `mine ${message.client_id}` : message.id;
    rows.push({ kind: 'message', key, message, continued, unsent: item });
    above = message;
  };
  for (const message of messages) add(message, null);
  if (me) for (const item of unsent) add(pending(item, me), item);
  return rows;
}

function continues(above: Message, message: Message): boolean {
  const apart = Date.parse(message.at) - Date.parse(above.at);
  return above.sender.id === message.sender.id && apart < TOGETHER_MS && !message.thread && !above.deleted_at;
}

function dayOf(at: string): string {
  return new Date(at).toDateString();
}

function pending(item: Unsent, me: Account): Message {
  return {
    room: item.room,
    seq: Number.MAX_SAFE_INTEGER,
    ordinal: 0,
    id: item.client_id,
    client_id: item.client_id,
    sender: me,
    at: item.at,
    text: item.text,
    thread: item.reply_to,
    replies: 0,
    reactions: [],
    changed_seq: 0,
  };
}
