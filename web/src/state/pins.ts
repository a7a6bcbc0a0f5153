// The pinned messages of a room, the one that was pinned last first. Pure.

import type { Entry, Message, MessageRef, Person } from '../wire';
import { messageWith } from './threads';

/** What is known of them. */
export interface Pins {
  readonly messages: readonly Message[];
  /** A message was pinned that is not at hand: they have to be asked for again. */
  readonly stale: boolean;
}

/** The pins after the entry; `find` tells a loaded message as it stands now, which may be later than the entry. */
export function pinsWith(pins: Pins, entry: Entry, find: (what: MessageRef) => Message | undefined): Pins {
  const { body } = entry;
  const changed = pins.messages.map((message) => messageWith(message, entry));
  const pinned = body.kind === 'message_pinned' ? body.message : null;
  const missing = pinned && !changed.some((message) => message.id === pinned.id);
  const found = missing ? find(pinned) : undefined;
  if (found) changed.push(found);
  const same = !found && changed.every((message, index) => message === pins.messages[index]);
  const stale = pins.stale || (missing === true && !found);
  if (same) return stale === pins.stale ? pins : { ...pins, stale };
  return { messages: inOrder(changed), stale };
}

/** Those of the messages that are pinned, in the order in which they are shown. */
export function inOrder(messages: readonly Message[]): Message[] {
  return messages
    .filter((message) => message.pinned_at)
    .sort((a, b) => (a.pinned_at! === b.pinned_at! ? b.seq - a.seq : a.pinned_at! < b.pinned_at! ? 1 : -1));
}

/** Shows the person's new name and picture on what they wrote. */
export function pinsWithProfile(pins: Pins, person: Person): Pins {
  const messages = pins.messages.map((message) =>
    message.sender.id === person.id ? { ...message, sender: person } : message,
  );
  return { ...pins, messages };
}
