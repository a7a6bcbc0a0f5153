// What is heard becomes what is known: the one place where frames and answers change the world.
// No I/O and no clock: what has to be asked for is answered as wishes, and the time is given.

import type { Entry, Frame, Member, Message, MessagePage, MessageRef, Person, Room } from '../wire';
import { inOrder, pinsWith, pinsWithProfile, type Pins } from './pins';
import { threadWith, threadWithProfile } from './threads';
import {
  fromPage,
  find,
  withEntry,
  withNewer,
  withOlder,
  withPeople,
  withProfile,
  type Timeline,
} from './timeline';
import { RoomState, type World } from './world.svelte';

/** What the client has to ask the server for. */
export type Wish =
  /** Something was missed: resume from the cursors. */
  | { kind: 'resume' }
  /** The room is not known, or not well enough: load it. It may turn out to be gone. */
  | { kind: 'load'; room: string }
  /** The server does not know yet up to where one has read: tell it. */
  | { kind: 'tell_read'; room: string };

/** Typing is shown this long unless it is repeated. */
export const TYPING_MS = 6_000;
/** Entries kept per room for bringing answers up to date. */
const RECENT_MAX = 200;

/** Takes in one frame. `now` is in milliseconds. */
export function apply(world: World, frame: Frame, now: number): Wish[] {
  switch (frame.type) {
    case 'hello':
      if (world.epoch !== null && world.epoch !== frame.epoch) forgetLogs(world);
      world.epoch = frame.epoch;
      return [];
    case 'welcome':
      world.me = frame.me;
      return [];
    case 'entry':
      return takeEntry(world, frame.entry);
    case 'resumed':
      return compareHeads(world, frame.rooms);
    case 'reset':
      return reset(world, frame.room, frame.head);
    case 'resync':
      return [{ kind: 'resume' }];
    case 'room_added':
      return world.rooms.has(frame.room) ? [] : [{ kind: 'load', room: frame.room }];
    case 'room_gone':
      forget(world, frame.room);
      return [];
    case 'typing':
      setTyping(world, frame, now);
      return [];
    case 'presence':
      world.presence.set(frame.user, frame.status);
      return [];
    case 'profile':
      setProfile(world, frame.person);
      return [];
    case 'read':
      setRead(world, frame);
      return [];
    case 'ok':
    case 'error':
    case 'pong':
    case 'drain':
      return [];
    default:
      // Newer servers may say more.
      frame satisfies never;
      return [];
  }
}

/** Takes in a room as `GET /rooms` or `GET /rooms/{room}` tells it. */
export function placeRoom(world: World, room: Room): Wish[] {
  if (!room.me) {
    forget(world, room.id);
    return [];
  }
  const known = world.rooms.get(room.id);
  if (known) {
    if (!covers(known, room.last_seq)) return [];
    const later = known.recent.filter((entry) => entry.seq > room.last_seq);
    const before = known.room;
    known.room = later.reduce((room, entry) => roomWith(world, room, entry, sentBefore(known, entry)), room);
    const { read_seq } = before.me!;
    // What has no such number any longer was restored from a backup: it says what one has read.
    if (read_seq <= known.room.me!.read_seq || read_seq > known.room.last_seq) return [];
    known.room = withOwnRead(known.room, before);
    return [{ kind: 'tell_read', room: room.id }];
  }
  world.rooms.set(room.id, new RoomState(room));
  const waiting = world.unplaced.get(room.id) ?? [];
  world.unplaced.delete(room.id);
  return waiting.flatMap((entry) => takeEntry(world, entry));
}

/** What one has read stays read, also where the server has not heard of it: it is told, and then counts mentions. */
function withOwnRead(room: Room, known: Room): Room {
  const { read_seq, read_ordinal } = known.me!;
  const unread = Math.max(0, room.last_ordinal - read_ordinal);
  const mentions = unread === 0 ? 0 : room.me!.mentions;
  return { ...room, me: { ...room.me!, read_seq, read_ordinal, unread, mentions } };
}

/** Where a page of messages belongs. */
export type Place = 'anew' | 'before' | 'after';

/** Takes in a page of messages. False: too much has happened since it was read, ask again. */
export function placePage(state: RoomState, page: MessagePage, place: Place): boolean {
  if (!covers(state, page.head)) return false;
  const current = state.timeline;
  const placed =
    place === 'anew' || !current
      ? fromPage(page)
      : place === 'before'
        ? withOlder(current, page)
        : withNewer(current, page);
  state.timeline = state.recent
    .filter((entry) => entry.seq > page.head)
    .reduce<Timeline>((timeline, entry) => withEntry(timeline, entry, state.keep), placed);
  return true;
}

/** Takes in who is in the room, as it was when `cursor` was the last entry. */
export function placeMembers(world: World, state: RoomState, members: Member[], cursor: number): void {
  for (const member of members) world.presence.set(member.person.id, member.status);
  state.membersOld = false;
  // Names are in no log: what was kept may show older ones.
  if (state.timeline)
    state.timeline = withPeople(
      state.timeline,
      members.map((member) => member.person),
    );
  const later = state.recent.filter((entry) => entry.seq > cursor);
  state.members = later.reduce((list, entry) => membersWith(world, list, entry), members);
}

/** Takes in a thread: its root, asked for when `cursor` was the last entry, and its newest answers, read after it. */
export function placeThread(state: RoomState, root: Message, page: MessagePage, cursor: number): boolean {
  if (!covers(state, cursor)) return false;
  const thread = { root, answers: fromPage(page) };
  const later = state.recent.filter((entry) => entry.seq > cursor);
  state.thread = later.reduce((known, entry) => threadWith(known, entry, state.keepOfThread), thread);
  return true;
}

/** Takes in another page of the answers in the thread of `root`. */
export function placeAnswers(
  state: RoomState,
  root: string,
  page: MessagePage,
  place: 'before' | 'after',
): boolean {
  const { thread } = state;
  // Somebody looks at another one by now.
  if (thread?.root.id !== root) return true;
  if (!covers(state, page.head)) return false;
  const placed = place === 'before' ? withOlder(thread.answers, page) : withNewer(thread.answers, page);
  state.thread = state.recent
    .filter((entry) => entry.seq > page.head)
    .reduce((known, entry) => threadWith(known, entry, state.keepOfThread), { ...thread, answers: placed });
  return true;
}

/** Takes in the pinned messages, asked for when `cursor` was the last entry. */
export function placePins(state: RoomState, messages: Message[], cursor: number): boolean {
  if (!covers(state, cursor)) return false;
  const pins: Pins = { messages: inOrder(messages), stale: false };
  const later = state.recent.filter((entry) => entry.seq > cursor);
  state.pins = later.reduce((known, entry) => pinsWith(known, entry, atHand(state)), pins);
  return true;
}

/** Everybody whose typing was not repeated in time stops typing. */
export function expireTyping(world: World, now: number): void {
  for (const state of world.rooms.values()) {
    if (state.typing.some((typist) => typist.until <= now)) {
      state.typing = state.typing.filter((typist) => typist.until > now);
    }
  }
}

/** One has read everything there is; the server is told elsewhere. */
export function readAll(state: RoomState): void {
  const { me, last_seq, last_ordinal } = state.room;
  if (!me) return;
  const read = { ...me, read_seq: last_seq, read_ordinal: last_ordinal, unread: 0, mentions: 0 };
  state.room = { ...state.room, me: read };
}

function takeEntry(world: World, entry: Entry): Wish[] {
  const state = world.rooms.get(entry.room);
  if (!state) return keepUnplaced(world, entry);
  if (entry.seq <= state.cursor) return [];
  if (entry.seq > state.cursor + 1) return [{ kind: 'resume' }];
  state.cursor = entry.seq;
  state.recent.push(entry);
  if (state.recent.length > RECENT_MAX) state.recent.shift();
  // The room first: counting mentions needs the message as it was.
  const isNews = entry.seq > state.room.last_seq;
  const wishes: Wish[] =
    isNews && isUncounted(world, state, entry) ? [{ kind: 'load', room: entry.room }] : [];
  if (isNews) state.room = roomWith(world, state.room, entry, sentBefore(state, entry));
  if (state.timeline) state.timeline = withEntry(state.timeline, entry, state.keep);
  if (state.members) state.members = membersWith(world, state.members, entry);
  if (state.thread) state.thread = threadWith(state.thread, entry, state.keepOfThread);
  if (state.pins) state.pins = pinsWith(state.pins, entry, atHand(state));
  if (entry.body.kind === 'message_posted') stopTyping(state, entry.actor.id);
  return wishes;
}

function keepUnplaced(world: World, entry: Entry): Wish[] {
  const waiting = world.unplaced.get(entry.room) ?? [];
  world.unplaced.set(entry.room, waiting);
  if (waiting.length < RECENT_MAX) waiting.push(entry);
  return waiting.length === 1 ? [{ kind: 'load', room: entry.room }] : [];
}

/** Whether the entries after `seq` are all at hand. */
function covers(state: RoomState, seq: number): boolean {
  return seq >= state.cursor || (state.recent[0] !== undefined && state.recent[0].seq <= seq + 1);
}

/** A message that is loaded already. */
function atHand({ timeline, thread }: RoomState): (what: MessageRef) => Message | undefined {
  return ({ seq }) =>
    find(timeline, seq) ?? (thread?.root.seq === seq ? thread.root : find(thread?.answers ?? null, seq));
}

/** As much of a message as counting mentions takes. */
interface Sent {
  sender: { id: string };
  mentions?: string[];
  mentions_room?: boolean;
}

/** The message that the entry changes as it was before, if it is at hand: loaded, or heard not long ago. */
function sentBefore({ timeline, recent }: RoomState, { seq, body }: Entry): Sent | undefined {
  if (body.kind !== 'message_edited' && body.kind !== 'message_deleted') return undefined;
  const { message } = body;
  const loaded = find(timeline, message.seq);
  if (loaded && loaded.changed_seq < seq) return loaded;
  const last = recent.findLast(
    (entry) =>
      entry.seq < seq &&
      (entry.body.kind === 'message_posted'
        ? entry.seq === message.seq
        : entry.body.kind === 'message_edited' && entry.body.message.seq === message.seq),
  );
  // Only who wrote it can have changed it.
  return last && { ...last.body, sender: last.actor };
}

/** Whether the entry changes the number of mentions in a way that only the server knows. */
function isUncounted(world: World, state: RoomState, entry: Entry): boolean {
  const { body } = entry;
  const { me } = state.room;
  if (!me || (body.kind !== 'message_edited' && body.kind !== 'message_deleted')) return false;
  if (body.message.seq <= me.read_seq || sentBefore(state, entry)) return false;
  return me.mentions > 0 || (body.kind === 'message_edited' && names(body, world.me?.id));
}

function roomWith(world: World, room: Room, entry: Entry, before: Sent | undefined): Room {
  const next: Room = { ...room, last_seq: entry.seq, last_ordinal: entry.ordinal };
  const { body } = entry;
  switch (body.kind) {
    case 'message_posted':
      next.last_at = entry.at;
      break;
    case 'room_changed':
      next.name = body.name ?? room.name;
      next.topic = body.topic ?? room.topic;
      next.description = body.description ?? room.description;
      next.history = body.history ?? room.history;
      break;
    case 'room_archived':
      next.archived = true;
      break;
    case 'room_unarchived':
      next.archived = false;
      break;
    case 'member_joined':
    case 'member_invited':
      next.member_count = room.member_count + 1;
      break;
    case 'member_left':
    case 'member_removed':
      next.member_count = room.member_count - 1;
      break;
    case 'room_opened':
    case 'room_deleted':
    case 'member_role_changed':
    case 'message_edited':
    case 'message_deleted':
    case 'reaction_added':
    case 'reaction_removed':
    case 'message_pinned':
    case 'message_unpinned':
      break;
    default:
      body satisfies never;
  }
  if (next.me) next.me = partWith(world, next, entry, before);
  return next;
}

/** One's own part in the room: what one posts is read by oneself, and mentions are counted. */
function partWith(world: World, room: Room, entry: Entry, before: Sent | undefined): Room['me'] {
  const me = world.me?.id;
  const part = { ...room.me! };
  const { body } = entry;
  if (body.kind === 'member_role_changed' && body.person.id === me) part.role = body.role;
  if (body.kind === 'message_posted' && entry.actor.id === me) {
    part.read_seq = entry.seq;
    part.read_ordinal = entry.ordinal;
    part.mentions = 0;
  } else if (body.kind === 'message_posted') {
    part.mentions += names(body, me) ? 1 : 0;
  } else if (body.kind === 'message_edited' || body.kind === 'message_deleted') {
    if (before && body.message.seq > part.read_seq && before.sender.id !== me) {
      const named = body.kind === 'message_edited' && names(body, me);
      part.mentions = Math.max(0, part.mentions + (named ? 1 : 0) - (names(before, me) ? 1 : 0));
    }
  }
  part.unread = Math.max(0, room.last_ordinal - part.read_ordinal);
  return part;
}

function names(said: { mentions?: string[]; mentions_room?: boolean }, user: string | undefined): boolean {
  return said.mentions_room === true || (user !== undefined && (said.mentions ?? []).includes(user));
}

function membersWith(world: World, members: Member[], entry: Entry): Member[] {
  const { body } = entry;
  switch (body.kind) {
    case 'member_joined':
      return withMember(world, members, entry.actor, entry.at);
    case 'member_invited':
      return withMember(world, members, body.person, entry.at);
    case 'member_left':
      return members.filter((member) => member.person.id !== entry.actor.id);
    case 'member_removed':
      return members.filter((member) => member.person.id !== body.person.id);
    case 'member_role_changed':
      return members.map((member) =>
        member.person.id === body.person.id ? { ...member, role: body.role } : member,
      );
    case 'room_opened':
    case 'room_changed':
    case 'room_archived':
    case 'room_unarchived':
    case 'room_deleted':
    case 'message_posted':
    case 'message_edited':
    case 'message_deleted':
    case 'reaction_added':
    case 'reaction_removed':
    case 'message_pinned':
    case 'message_unpinned':
      return members;
    default:
      body satisfies never;
      return members;
  }
}

function withMember(world: World, members: Member[], person: Person, at: string): Member[] {
  const status = world.presence.get(person.id) ?? 'offline';
  const others = members.filter((member) => member.person.id !== person.id);
  const member: Member = { person, role: 'member', joined_at: at, status };
  return [...others, member].sort((a, b) => (a.person.username < b.person.username ? -1 : 1));
}

function compareHeads(world: World, heads: Record<string, number>): Wish[] {
  const wishes: Wish[] = [];
  for (const [room, head] of Object.entries(heads)) {
    const state = world.rooms.get(room);
    if (!state) wishes.push({ kind: 'load', room });
    else if (state.cursor < head) wishes.push(...reset(world, room, head));
  }
  for (const room of world.rooms.keys()) {
    if (!Object.hasOwn(heads, room)) wishes.push({ kind: 'load', room });
  }
  return wishes;
}

function reset(world: World, room: string, head: number): Wish[] {
  const state = world.rooms.get(room);
  if (state) {
    state.cursor = head;
    state.recent = [];
    state.timeline = null;
    state.members = null;
    state.thread = null;
    state.pins = null;
  }
  return [{ kind: 'load', room }];
}

function forget(world: World, room: string): void {
  world.rooms.delete(room);
  world.unplaced.delete(room);
}

/** Another epoch: what the cursors counted does not exist any longer. */
function forgetLogs(world: World): void {
  world.rooms.clear();
  world.unplaced.clear();
}

function setTyping(world: World, frame: Extract<Frame, { type: 'typing' }>, now: number): void {
  const state = world.rooms.get(frame.room);
  const user = frame.person.id;
  if (!state || user === world.me?.id) return;
  stopTyping(state, user);
  if (!frame.on) return;
  state.typing = [...state.typing, { user, name: frame.person.display_name, until: now + TYPING_MS }];
}

function stopTyping(state: RoomState, user: string): void {
  if (state.typing.some((typist) => typist.user === user)) {
    state.typing = state.typing.filter((typist) => typist.user !== user);
  }
}

function setProfile(world: World, person: Person): void {
  // A picture that was taken away is not in the frame any longer.
  if (world.me?.id === person.id) world.me = { ...world.me, avatar: null, ...person };
  for (const state of world.rooms.values()) {
    if (state.timeline) state.timeline = withProfile(state.timeline, person);
    if (state.thread) state.thread = threadWithProfile(state.thread, person);
    if (state.pins) state.pins = pinsWithProfile(state.pins, person);
    if (state.members) {
      state.members = state.members.map((member) =>
        member.person.id === person.id ? { ...member, person } : member,
      );
    }
    if (state.room.people?.some((other) => other.id === person.id)) {
      const people = state.room.people.map((other) => (other.id === person.id ? person : other));
      state.room = { ...state.room, people };
    }
  }
}

function setRead(world: World, frame: Extract<Frame, { type: 'read' }>): void {
  const state = world.rooms.get(frame.room);
  const me = state?.room.me;
  if (!state || !me || frame.seq < me.read_seq) return;
  const read = {
    ...me,
    read_seq: frame.seq,
    read_ordinal: frame.ordinal,
    mentions: frame.mentions,
    unread: Math.max(0, state.room.last_ordinal - frame.ordinal),
  };
  state.room = { ...state.room, me: read };
}
