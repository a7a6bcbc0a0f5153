// The loaded part of a room's messages, and how pages and entries change it.
// Pure: every function answers a new timeline (or the same one, if nothing changed); no input is altered.

import type { Entry, Message, MessagePage, MessageRef, Person } from '../wire';

/** A window of consecutive messages, oldest first. */
export interface Timeline {
  readonly messages: readonly Message[];
  /** There are older ones on the server. */
  readonly hasBefore: boolean;
  /** There are newer ones on the server; live messages are then not added at the end. */
  readonly hasAfter: boolean;
}

/** How many messages are kept, and how many more there may be before some are dropped. */
export const WINDOW = 300;
export const LEEWAY = 20;
/** How many are kept of a room that was left. */
const REMEMBERED = 100;

/** Which end is dropped when the window is full: the one that nobody looks at. */
export type Keep = 'newest' | 'oldest';

/** The timeline that a page alone makes. */
export function fromPage(page: MessagePage): Timeline {
  return { messages: page.items, hasBefore: page.has_before, hasAfter: page.has_after };
}

/** Adds the page of messages before the first one. */
export function withOlder(timeline: Timeline, page: MessagePage): Timeline {
  const first = timeline.messages[0]?.seq ?? Infinity;
  const older = page.items.filter((message) => message.seq < first);
  return trim(
    { ...timeline, messages: [...older, ...timeline.messages], hasBefore: page.has_before },
    'oldest',
  );
}

/** Adds the page of messages after the last one. */
export function withNewer(timeline: Timeline, page: MessagePage): Timeline {
  const last = timeline.messages.at(-1)?.seq ?? 0;
  const newer = page.items.filter((message) => message.seq > last);
  return trim(
    { ...timeline, messages: [...timeline.messages, ...newer], hasAfter: page.has_after },
    'newest',
  );
}

/** The end of what is loaded: enough to look at the room again at once. */
export function withoutOld(timeline: Timeline): Timeline {
  if (timeline.messages.length <= REMEMBERED) return timeline;
  return { ...timeline, messages: timeline.messages.slice(-REMEMBERED), hasBefore: true };
}

/** Adds or changes what the entry says; entries that a message already contains change nothing. */
export function withEntry(timeline: Timeline, entry: Entry, keep: Keep): Timeline {
  const { body } = entry;
  switch (body.kind) {
    case 'message_posted': {
      const counted = body.thread ? change(timeline, entry, body.thread, countReply) : timeline;
      return append(counted, posted(entry, body), keep);
    }
    case 'message_edited':
      return change(timeline, entry, body.message, (message) => ({
        ...message,
        text: body.text,
        mentions: body.mentions,
        mentions_room: body.mentions_room,
        edited_at: entry.at,
      }));
    case 'message_deleted':
      return change(timeline, entry, body.message, (message) => emptied(message, entry.at));
    case 'reaction_added':
      return change(timeline, entry, body.message, (message) =>
        withReaction(message, body.emoji, entry.actor.id),
      );
    case 'reaction_removed':
      return change(timeline, entry, body.message, (message) =>
        withoutReaction(message, body.emoji, entry.actor.id),
      );
    case 'message_pinned':
      return change(timeline, entry, body.message, (message) => ({ ...message, pinned_at: entry.at }));
    case 'message_unpinned':
      return change(timeline, entry, body.message, ({ pinned_at: _, ...message }) => message);
    case 'room_opened':
    case 'room_changed':
    case 'room_archived':
    case 'room_unarchived':
    case 'room_deleted':
    case 'member_joined':
    case 'member_invited':
    case 'member_left':
    case 'member_removed':
    case 'member_role_changed':
      return timeline;
    default:
      body satisfies never;
      return timeline;
  }
}

/** Shows the person's new name and picture on what they wrote. */
export function withProfile(timeline: Timeline, person: Person): Timeline {
  if (!timeline.messages.some((message) => message.sender.id === person.id)) return timeline;
  const messages = timeline.messages.map((message) =>
    message.sender.id === person.id ? { ...message, sender: person } : message,
  );
  return { ...timeline, messages };
}

/** Shows the names and pictures that these people have now. */
export function withPeople(timeline: Timeline, people: readonly Person[]): Timeline {
  const now = new Map(people.map((person) => [person.id, person]));
  const isOld = ({ sender }: Message) => {
    const person = now.get(sender.id);
    return (
      person &&
      (person.display_name !== sender.display_name || (person.avatar ?? null) !== (sender.avatar ?? null))
    );
  };
  if (!timeline.messages.some(isOld)) return timeline;
  const messages = timeline.messages.map((message) =>
    isOld(message) ? { ...message, sender: now.get(message.sender.id)! } : message,
  );
  return { ...timeline, messages };
}

/** The message with this number, if it is loaded. */
export function find(timeline: Timeline | null, seq: number): Message | undefined {
  if (!timeline) return undefined;
  const { messages } = timeline;
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return messages[low]?.seq === seq ? messages[low] : undefined;
}

type Posted = Extract<Entry['body'], { kind: 'message_posted' }>;

function posted(entry: Entry, body: Posted): Message {
  return {
    room: entry.room,
    seq: entry.seq,
    ordinal: entry.ordinal,
    id: entry.id,
    client_id: entry.client_id,
    sender: entry.actor,
    at: entry.at,
    text: body.text,
    mentions: body.mentions,
    mentions_room: body.mentions_room,
    location: body.location,
    thread: body.thread,
    replies: 0,
    reactions: [],
    changed_seq: entry.seq,
  };
}

function append(timeline: Timeline, message: Message, keep: Keep): Timeline {
  const last = timeline.messages.at(-1);
  if (timeline.hasAfter || (last && last.seq >= message.seq)) return timeline;
  return trim({ ...timeline, messages: [...timeline.messages, message] }, keep);
}

function change(
  timeline: Timeline,
  entry: Entry,
  reference: MessageRef,
  to: (message: Message) => Message,
): Timeline {
  const old = find(timeline, reference.seq);
  if (!old || entry.seq <= old.changed_seq) return timeline;
  const changed = { ...to(old), changed_seq: entry.seq };
  return {
    ...timeline,
    messages: timeline.messages.map((message) => (message === old ? changed : message)),
  };
}

function countReply(root: Message): Message {
  return { ...root, replies: root.replies + 1 };
}

function emptied(message: Message, at: string): Message {
  const {
    mentions: _mentions,
    mentions_room: _room,
    location: _location,
    pinned_at: _pin,
    ...rest
  } = message;
  return { ...rest, text: '', reactions: [], deleted_at: at };
}

function withReaction(message: Message, emoji: string, user: string): Message {
  const reactions = message.reactions ?? [];
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  if (!known) return { ...message, reactions: [...reactions, { emoji, users: [user] }] };
  if (known.users.includes(user)) return message;
  const grown = { emoji, users: [...known.users, user] };
  return { ...message, reactions: reactions.map((reaction) => (reaction === known ? grown : reaction)) };
}

function withoutReaction(message: Message, emoji: string, user: string): Message {
  const reactions = (message.reactions ?? [])
    .map((reaction) =>
      reaction.emoji === emoji
        ? { emoji, users: reaction.users.filter((other) => other !== user) }
        : reaction,
    )
    .filter((reaction) => reaction.users.length > 0);
  return { ...message, reactions };
}

function trim(timeline: Timeline, keep: Keep): Timeline {
  const { messages } = timeline;
  if (messages.length <= WINDOW + LEEWAY) return timeline;
  return keep === 'newest'
    ? { ...timeline, messages: messages.slice(-WINDOW), hasBefore: true }
    : { ...timeline, messages: messages.slice(0, WINDOW), hasAfter: true };
}
