// Tells the person of what is said elsewhere: on the page, or by the system while the page is hidden.
// What is worth it is decided by `whatToSay`; the rest sees to it that nothing is said twice, or all at once.

import { addressOf, router, type Place } from '../router.svelte';
import { plain } from '../text/plain';
import type { Account, Entry, Person, Room } from '../wire';
import { words } from '../words/parts';
import { chime } from './chime';
import type { Client } from './client.svelte';
import * as desktop from './desktop';
import { nameOf } from './names';
import { notices } from './notices.svelte';
import { preferences, type Choices, type Level } from './preferences.svelte';
import { Tabs } from './tabs';
import { waiting } from './waiting';

/** One thing to tell. */
export interface Saying {
  /** Which message, and where. */
  id: string;
  room: string;
  seq: number;
  who: Person;
  /** What the room is called; null where the sender says it all. */
  where: string | null;
  text: string;
  /** On the page, or by the system. */
  by: 'page' | 'desktop';
}

/** What the decision looks at. */
interface Known {
  me: Account | null;
  rooms: { get(id: string): { room: Room } | undefined };
}
interface Chosen {
  chosen: Pick<Choices, 'notices' | 'desktop'>;
  roomNotify(room: Room): Level;
}

/** Messages of a room that come within this time of a return are told as one. */
const CAUGHT_UP_WAIT_MS = 1_500;
/** The system is asked only if no other device has read the message by then. */
const DESKTOP_WAIT_MS = 800;
/** More rooms than this are told in one line. */
const ROOMS_APART_MAX = 2;

/** Whether the entry is worth a word, and which. `openRoom` is the room on the page, seen if that is `visible`. */
export function whatToSay(
  entry: Entry,
  world: Known,
  { chosen, roomNotify }: Chosen,
  visible: boolean,
  openRoom: string | null,
): Saying | null {
  const { body, actor } = entry;
  const room = world.rooms.get(entry.room)?.room;
  const me = world.me?.id;
  if (body.kind !== 'message_posted' || !room || me === undefined || actor.id === me) return null;
  if (visible ? !chosen.notices || openRoom === room.id : !chosen.desktop) return null;
  if (isRead(room, entry.seq)) return null;
  const named = body.mentions_room === true || (body.mentions ?? []).includes(me);
  const level = roomNotify(room);
  if (level === 'nothing' || (level === 'mentions' && !named)) return null;
  return {
    id: entry.id,
    room: room.id,
    seq: entry.seq,
    who: actor,
    where: room.kind === 'direct' ? null : nameOf(room, world.me),
    text: plain(body.text),
    by: visible ? 'page' : 'desktop',
  };
}

function isRead(room: Room, seq: number): boolean {
  return (room.me?.read_seq ?? 0) >= seq;
}

/** The line above the text, and the text, for one message or for several of a room. */
export function worded({ who, where, text }: Saying, count: number): { title: string; text: string } {
  const name = who.display_name;
  if (where === null) return { title: count > 1 ? words.newFrom(count, name) : name, text };
  return count > 1
    ? { title: words.newIn(count, where), text: words.saidBy(name, text) }
    : { title: words.saidIn(name, where), text };
}

export class Notify {
  #tabs = new Tabs();
  /** What was missed and is being caught up with, by room. */
  #missed = new Map<string, Saying[]>();
  /** How many messages of a room stand in what was told last. */
  #told = new Map<string, number>();

  constructor(private readonly client: Client) {
    $effect.root(() => {
      $effect(() => void this.#badge(this.#waiting));
      $effect(() => {
        if (client.standing === 'up_to_date') setTimeout(() => void this.#catchUp(), CAUGHT_UP_WAIT_MS);
      });
      $effect(() => this.#look(router.room));
    });
    document.addEventListener('visibilitychange', () => this.#look(router.room));
  }

  get #waiting(): number {
    const rooms = [...this.client.world.rooms.values()].map((state) => state.room);
    return waiting(rooms, (room) => preferences.roomNotify(room));
  }

  get #visible(): boolean {
    return document.visibilityState === 'visible';
  }

  /** Takes in an entry that the world has taken in already. */
  hear(entry: Entry): void {
    const saying = whatToSay(entry, this.client.world, this.#chosen, this.#visible, router.room);
    if (!saying) return;
    if (this.client.standing === 'up_to_date') void this.#say(saying, 1);
    else this.#missed.set(saying.room, [...(this.#missed.get(saying.room) ?? []), saying]);
  }

  get #chosen(): Chosen {
    return { chosen: preferences.chosen, roomNotify: (room) => preferences.roomNotify(room) };
  }

  async #catchUp(): Promise<void> {
    const rooms = [...this.#missed.values()].map((sayings) => sayings.filter((one) => !this.#isRead(one)));
    this.#missed.clear();
    const missed = rooms.filter((sayings) => sayings.length > 0);
    if (missed.length > ROOMS_APART_MAX) await this.#sayAll(missed);
    else for (const sayings of missed) await this.#say(sayings.at(-1)!, sayings.length);
  }

  async #say(saying: Saying, more: number): Promise<void> {
    if (saying.by === 'desktop') await pause(DESKTOP_WAIT_MS);
    const looking = await this.#tabs.looking();
    // Another tab shows the room; or it shows anything, and tells of it there.
    if (looking.includes(saying.room) || (saying.by === 'desktop' && looking.length > 0)) return;
    if (this.#isRead(saying) || !(await this.#tabs.first(saying.id))) return;
    const key = keyOf(saying.room);
    const goes = saying.by === 'page' && !notices.list.some((notice) => notice.key === key);
    const count = (goes ? 0 : (this.#told.get(saying.room) ?? 0)) + more;
    this.#told.set(saying.room, count);
    const place: Place = { screen: 'room', room: saying.room, at: saying.seq, pane: null };
    await this.#show(saying, worded(saying, count), key, place);
  }

  /** Many rooms at once are told in one line. */
  async #sayAll(missed: Saying[][]): Promise<void> {
    const [last] = missed.flat().slice(-1);
    if (!last || !(await this.#tabs.first('missed'))) return;
    const title = words.newInRooms(missed.flat().length, missed.length);
    await this.#show(last, { title, text: '' }, 'missed', { screen: 'rooms' });
  }

  async #show(
    { by, who }: Saying,
    { title, text }: { title: string; text: string },
    key: string,
    place: Place,
  ): Promise<void> {
    const open = () => router.go(place);
    if (by === 'page') {
      notices.say(text || title, { key, title: text && title, person: who, action: { act: open } });
    } else {
      const icon = who.avatar ?? '/icon.svg';
      const shown = preferences.chosen.hideText ? '' : text;
      await desktop.show({ title, text: shown, icon, tag: key, path: addressOf(place), open });
    }
    if (preferences.chosen.sound) chime();
  }

  #isRead({ room, seq }: Saying): boolean {
    const state = this.client.world.rooms.get(room);
    return !state || isRead(state.room, seq);
  }

  /** What is on the screen needs no word any longer. */
  #look(room: string | null): void {
    this.#tabs.looks(this.#visible ? (room ?? '') : null);
    if (!this.#visible) return;
    for (const told of this.#told.keys()) void desktop.withdraw(keyOf(told));
    this.#told.clear();
    if (room) notices.withdraw(keyOf(room));
  }

  async #badge(count: number): Promise<void> {
    try {
      await (count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.());
    } catch {
      // Only installed pages have one.
    }
  }
}

function keyOf(room: string): string {
  return `room ${room}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
