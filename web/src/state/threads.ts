// The thread that is looked at: the message that it began with and the loaded part of its answers. Pure.

import type { Entry, Message, Person } from '../wire';
import { withEntry, withProfile, type Keep, type Timeline } from './timeline';

/** One thread. `answers` holds neighbours in the thread: other messages lie between their numbers. */
export interface Thread {
  readonly root: Message;
  readonly answers: Timeline;
}

/** The thread after the entry; the same one if it says nothing of it. */
export function threadWith(thread: Thread, entry: Entry, keep: Keep): Thread {
  const { body } = entry;
  const elsewhere = body.kind === 'message_posted' && body.thread?.id !== thread.root.id;
  const root = messageWith(thread.root, entry);
  const answers = elsewhere ? thread.answers : withEntry(thread.answers, entry, keep);
  return root === thread.root && answers === thread.answers ? thread : { root, answers };
}

/** Shows the person's new name and picture on what they wrote. */
export function threadWithProfile(thread: Thread, person: Person): Thread {
  const root = thread.root.sender.id === person.id ? { ...thread.root, sender: person } : thread.root;
  return { root, answers: withProfile(thread.answers, person) };
}

/** One message after the entry; the same one if it contains it already or is not meant. */
export function messageWith(message: Message, entry: Entry): Message {
  // A window that holds one message and takes no others at either end.
  const alone = { messages: [message], hasBefore: true, hasAfter: true };
  return withEntry(alone, entry, 'oldest').messages[0]!;
}
