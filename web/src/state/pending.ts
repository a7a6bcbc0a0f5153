// How what waits to be sent shows on the messages: as if it were done already, with a mark of what is on its way.

import type { Change, Unsent, UnsentPost } from '../offline/database';
import type { Account, Message } from '../wire';

/** A message as the screen shows it; `waiting` is what was done to it and is not confirmed, oldest first. */
export type Shown = Message & { waiting?: readonly Change[] };

const NOTHING: readonly Unsent[] = [];

/** What waits in one room. */
export function waitingIn(items: readonly Unsent[], room: string): readonly Unsent[] {
  return items.some((item) => item.room === room) ? items.filter((item) => item.room === room) : NOTHING;
}

/** The messages as they will be; the same array if nothing was done to any of them. */
export function withPending(
  messages: readonly Message[],
  items: readonly Unsent[],
  me: string,
): readonly Shown[] {
  const changes = byMessage(items);
  if (changes.size === 0) return messages;
  let touched = false;
  const shown = messages.map((message) => {
    const waiting =
      changes.get(message.id) ?? (message.sender.id === me && changes.get(message.client_id ?? ''));
    if (!waiting) return message;
    touched = true;
    return withChanges(message, waiting, me);
  });
  return touched ? shown : messages;
}

/** The messages that are themselves on their way, as they will be. */
export function unsentMessages(
  items: readonly Unsent[],
  me: Account,
): { message: Shown; item: UnsentPost }[] {
  const changes = byMessage(items);
  return items
    .filter((item) => item.kind === 'post')
    .map((item) => {
      const waiting = changes.get(item.client_id);
      const message = asMessage(item, me);
      return { message: waiting ? withChanges(message, waiting, me.id) : message, item };
    });
}

/** By the id of the message, and by its client id where the message was unsent when it was done. */
function byMessage(items: readonly Unsent[]): Map<string, Change[]> {
  const changes = new Map<string, Change[]>();
  for (const item of items) {
    if (item.kind === 'post') continue;
    for (const key of [item.message, item.post]) {
      const known = key === null ? undefined : changes.get(key);
      if (known) known.push(item);
      else if (key !== null) changes.set(key, [item]);
    }
  }
  return changes;
}

function withChanges(message: Message, waiting: readonly Change[], me: string): Shown {
  return { ...waiting.reduce((shown, change) => withChange(shown, change, me), message), waiting };
}

function withChange(message: Message, change: Change, me: string): Message {
  if (message.deleted_at) return message;
  // Words that were refused are still shown, so that nobody has to write them again; nothing else that was.
  if (change.kind === 'edit') return { ...message, text: change.text, edited_at: change.at };
  if (change.failed !== null) return message;
  switch (change.kind) {
    case 'delete':
      return { ...message, text: '', reactions: [], location: null, pinned_at: null, deleted_at: change.at };
    case 'pin':
      return { ...message, pinned_at: change.on ? change.at : null };
    case 'react':
      return { ...message, reactions: withReaction(message.reactions ?? [], change.emoji, me, change.on) };
  }
}

type Reactions = NonNullable<Message['reactions']>;

function withReaction(reactions: Reactions, emoji: string, user: string, on: boolean): Reactions {
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  if ((known?.users.includes(user) ?? false) === on) return reactions;
  if (!known) return [...reactions, { emoji, users: [user] }];
  const users = on ? [...known.users, user] : known.users.filter((other) => other !== user);
  const changed = reactions.map((reaction) => (reaction === known ? { emoji, users } : reaction));
  return changed.filter((reaction) => reaction.users.length > 0);
}

function asMessage(item: UnsentPost, me: Account): Message {
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
    location: item.location,
    replies: 0,
    reactions: [],
    changed_seq: 0,
  };
}
