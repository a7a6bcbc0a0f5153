// A reference of what a server answers: a room's log folded the plain way, and random logs for it.
// Only for tests; shares no code with what it checks.

import type { Entry, EntryBody, Member, Message, MessagePage, Person, Room } from '../wire';

export const ROOM = '00000000-0000-7000-8000-000000000001';

function person(number: number, username: string): Person {
  const id = `00000000-0000-7000-8000-0000000001${String(number).padStart(2, '0')}`;
  return { id, username, display_name: username.toUpperCase(), role: 'user' };
}

export const ada = person(1, 'ada');
export const bert = person(2, 'bert');
export const cleo = person(3, 'cleo');
const PEOPLE = [ada, bert, cleo];

/** Numbers from 0 up to `below`, always the same ones for a seed (mulberry32). */
export function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A log that grows. */
export class Log {
  readonly entries: Entry[] = [];

  constructor() {
    this.add(ada, {
      kind: 'room_opened',
      room_kind: 'public',
      name: 'Garden',
      topic: '',
      description: '',
      history: 'all',
      members: [ada.id],
    });
    this.add(bert, { kind: 'member_joined' });
  }

  get head(): number {
    return this.entries.length;
  }

  add(actor: Person, body: EntryBody, client_id?: string): Entry {
    const seq = this.head + 1;
    const before = this.entries.at(-1)?.ordinal ?? 0;
    const entry: Entry = {
      room: ROOM,
      seq,
      ordinal: before + (body.kind === 'message_posted' ? 1 : 0),
      id: `00000000-0000-7000-8000-${String(seq).padStart(12, '0')}`,
      at: new Date(1_790_000_000_000 + seq * 1_000).toISOString(),
      actor,
      ...(client_id === undefined ? {} : { client_id }),
      body,
    };
    this.entries.push(entry);
    return entry;
  }

  post(actor: Person, text: string, client_id?: string): Entry {
    return this.add(actor, { kind: 'message_posted', text }, client_id);
  }

  /** `GET /rooms/{room}/messages` as it was when `head` was the newest entry. */
  page(head = this.head, range: { before?: number; limit?: number } = {}): MessagePage {
    const all = foldMessages(this.entries.slice(0, head));
    const upTo = all.filter((message) => message.seq < (range.before ?? Infinity));
    const items = upTo.slice(-(range.limit ?? 1_000));
    const has_after = range.before !== undefined && all.length > upTo.length;
    return { items, has_before: items.length < upTo.length, has_after, head };
  }

  /** `GET …/messages/{root}/thread` as it was when `head` was the newest entry. */
  thread(root: string, head = this.head, range: { before?: number; limit?: number } = {}): MessagePage {
    const all = foldMessages(this.entries.slice(0, head)).filter((message) => message.thread?.id === root);
    const upTo = all.filter((message) => message.seq < (range.before ?? Infinity));
    const items = upTo.slice(-(range.limit ?? 1_000));
    return { items, has_before: items.length < upTo.length, has_after: upTo.length < all.length, head };
  }

  /** `GET …/messages/{id}`. */
  message(id: string, head = this.head): Message {
    return foldMessages(this.entries.slice(0, head)).find((message) => message.id === id)!;
  }

  /** `GET /rooms/{room}/pins`. */
  pins(head = this.head): Message[] {
    const pinned = foldMessages(this.entries.slice(0, head)).filter((message) => message.pinned_at);
    return pinned.sort((a, b) => Date.parse(b.pinned_at!) - Date.parse(a.pinned_at!));
  }

  /** `GET /rooms/{room}` for Ada. */
  room(head = this.head): Room {
    return foldRoom(this.entries.slice(0, head));
  }

  /** `GET /rooms/{room}/members`. */
  members(head = this.head): Member[] {
    return foldMembers(this.entries.slice(0, head));
  }
}

/** Adds `count` random entries that the rules of a room admit. */
export function grow(log: Log, roll: (below: number) => number, count: number): void {
  for (let added = 0; added < count; added++) {
    const messages = foldMessages(log.entries).filter((message) => message.deleted_at === undefined);
    const there = foldMembers(log.entries).map((member) => member.person);
    const actor = there[roll(there.length)]!;
    const message = messages[roll(Math.max(1, messages.length))];
    log.add(actor, randomBody(roll, actor, there, message));
  }
}

function randomBody(
  roll: (below: number) => number,
  actor: Person,
  there: Person[],
  message: Message | undefined,
): EntryBody {
  const reference = message && { id: message.id, seq: message.seq };
  const out = PEOPLE.find((person) => !there.includes(person));
  // Nobody changes what somebody else wrote.
  const own = message?.sender.id === actor.id ? reference : undefined;
  switch (roll(14)) {
    case 0:
      if (own) return { kind: 'message_edited', message: own, text: `edited ${roll(99)}` };
      break;
    case 1:
      if (own) {
        const mentions = [ada.id];
        return { kind: 'message_edited', message: own, text: '@ada', mentions };
      }
      break;
    case 2:
      if (reference) return { kind: 'message_deleted', message: reference };
      break;
    case 3:
    case 4:
      if (reference && message) {
        const emoji = ['👍', '🎉'][roll(2)]!;
        const there = message.reactions?.some((own) => own.emoji === emoji && own.users.includes(actor.id));
        return { kind: there ? 'reaction_removed' : 'reaction_added', message: reference, emoji };
      }
      break;
    case 5:
      if (reference) {
        return { kind: message.pinned_at ? 'message_unpinned' : 'message_pinned', message: reference };
      }
      break;
    case 6:
      if (out) return { kind: 'member_invited', person: out };
      return { kind: 'member_removed', person: cleo };
    case 7:
      if (there.includes(cleo) && actor.id !== cleo.id) {
        return { kind: 'member_role_changed', person: cleo, role: 'moderator' };
      }
      break;
    case 8:
      return { kind: 'room_changed', topic: `topic ${roll(99)}` };
    case 9:
      if (reference) {
        return { kind: 'message_posted', text: `answer ${roll(99)}`, thread: message.thread ?? reference };
      }
      break;
    case 10:
      return { kind: 'message_posted', text: '@ada', mentions: actor.id === ada.id ? [] : [ada.id] };
    case 11:
      return { kind: 'message_posted', text: '@room', mentions_room: true };
  }
  return { kind: 'message_posted', text: `message ${roll(999)}` };
}

function foldMessages(entries: Entry[]): Message[] {
  const messages = new Map<string, Message>();
  for (const { room, seq, ordinal, id, at, actor, client_id, body } of entries) {
    if (body.kind === 'message_posted') {
      const { kind: _kind, ...said } = body;
      messages.set(id, {
        ...{ room, seq, ordinal, id, at, sender: actor, ...(client_id ? { client_id } : {}) },
        ...{ ...said, replies: 0, reactions: [], changed_seq: seq },
      });
      const root = body.thread && messages.get(body.thread.id);
      if (root) Object.assign(root, { replies: root.replies + 1, changed_seq: seq });
    }
    const message = 'message' in body ? messages.get(body.message.id) : undefined;
    if (!message) continue;
    message.changed_seq = seq;
    if (body.kind === 'message_edited') {
      const { text, mentions, mentions_room } = body;
      Object.assign(message, { text, mentions, mentions_room, edited_at: at });
    } else if (body.kind === 'message_deleted') {
      Object.assign(message, { text: '', reactions: [], deleted_at: at });
      delete message.mentions;
      delete message.mentions_room;
      delete message.pinned_at;
    } else if (body.kind === 'message_pinned') message.pinned_at = at;
    else if (body.kind === 'message_unpinned') delete message.pinned_at;
    else if (body.kind === 'reaction_added') {
      const known = message.reactions!.find((reaction) => reaction.emoji === body.emoji);
      if (known) known.users.push(actor.id);
      else message.reactions!.push({ emoji: body.emoji, users: [actor.id] });
    } else if (body.kind === 'reaction_removed') {
      const known = message.reactions!.find((reaction) => reaction.emoji === body.emoji)!;
      known.users.splice(known.users.indexOf(actor.id), 1);
      message.reactions = message.reactions!.filter((reaction) => reaction.users.length > 0);
    }
  }
  return [...messages.values()];
}

function foldMembers(entries: Entry[]): Member[] {
  const members = new Map<string, Member>();
  for (const { actor, at, body } of entries) {
    const add = (person: Person, role: Member['role']) =>
      members.set(person.id, { person, role, joined_at: at, status: 'offline' });
    if (body.kind === 'room_opened') add(actor, 'owner');
    if (body.kind === 'member_joined') add(actor, 'member');
    if (body.kind === 'member_invited') add(body.person, 'member');
    if (body.kind === 'member_left') members.delete(actor.id);
    if (body.kind === 'member_removed') members.delete(body.person.id);
    if (body.kind === 'member_role_changed') members.get(body.person.id)!.role = body.role;
  }
  return [...members.values()].sort((a, b) => a.person.username.localeCompare(b.person.username));
}

function foldRoom(entries: Entry[]): Room {
  const opened = entries[0]!;
  const last = entries.at(-1)!;
  const posts = entries.filter((entry) => entry.body.kind === 'message_posted');
  const read = posts.filter((entry) => entry.actor.id === ada.id).at(-1);
  const named = foldMessages(entries).filter(
    (message) =>
      message.seq > (read?.seq ?? 1) &&
      message.sender.id !== ada.id &&
      (message.mentions_room || message.mentions?.includes(ada.id)),
  );
  const room: Room = {
    ...{ id: ROOM, kind: 'public', name: 'Garden', topic: '', description: '', history: 'all' },
    ...{ protected: false, archived: false, created_at: opened.at },
    ...{ last_seq: last.seq, last_ordinal: last.ordinal, last_at: posts.at(-1)?.at ?? opened.at },
    member_count: foldMembers(entries).length,
    me: {
      ...{ role: 'owner', from_seq: 1, joined_at: opened.at },
      ...{ read_seq: read?.seq ?? 1, read_ordinal: read?.ordinal ?? 0 },
      unread: last.ordinal - (read?.ordinal ?? 0),
      mentions: named.length,
    },
  };
  for (const { body } of entries) {
    if (body.kind === 'room_changed') {
      for (const field of ['name', 'topic', 'description'] as const) room[field] = body[field] ?? room[field];
    } else if (body.kind === 'room_archived') room.archived = true;
    else if (body.kind === 'room_unarchived') room.archived = false;
  }
  return room;
}
