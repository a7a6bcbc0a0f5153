// Where one is in a room's messages: at the end, at what is new, at a message that a link led to, or further up.

import { tick } from 'svelte';
import { router } from '../router.svelte';
import type { Client } from '../state/client.svelte';
import { notices } from '../state/notices.svelte';
import { FIRST, type Outcome } from '../state/pages';
import type { Shown } from '../state/pending';
import { find } from '../state/timeline';
import type { RoomState } from '../state/world.svelte';
import { words } from '../words/room';
import { startOf } from './day';
import { Focus } from './focus';
import { Roots } from './roots.svelte';
import { belowEnd, END_SLACK, isAtEnd, Place, toEnd, toLine } from './scroll';

/** How near to an end of what is loaded more is asked for, in pixels. */
const MORE_WITHIN = 800;
/** How long a message is marked that one was led to. */
const FOUND_MS = 3_000;
/** After the wheel turned, what moves up was moved by it for this long. */
const PULL_MS = 300;
/** What one was led to stays where it is while pictures come, unless one scrolls. */
const ARRIVED_HELD_MS = 8_000;

type Edge = 'before' | 'after';

export class Reading {
  /** The end is on the screen, and stays there when more comes. */
  following = $state(true);
  /** The window is being replaced by another part of the room. */
  opening = $state(false);
  loading: Edge | null = $state(null);
  /** What could not be loaded. */
  trouble: Edge | 'anew' | null = $state(null);
  /** What is new begins after this; null: nothing is marked. */
  readSeq: number | null = $state.raw(null);
  /** The line "New" is to be seen. */
  newInSight = $state(false);
  /** The number of the message that one was led to just now. */
  found: number | null = $state(null);
  /** The room is on the screen: on a phone, what stands beside it covers it. */
  shown = $state(true);

  readonly roots: Roots;
  #scroller!: HTMLElement;
  #list!: HTMLElement;
  #place!: Place;
  #focus!: Focus;
  /** The message that the address names, as far as one went there. */
  #at: number | null = null;
  /** Where the end was when it was shown last. */
  #end = 0;
  #again = () => {};
  #first: HTMLElement | undefined;
  #pulled = -Infinity;
  #later: ReturnType<typeof setTimeout> | undefined;
  #foundTimer: ReturnType<typeof setTimeout> | undefined;
  #gone = false;

  constructor(
    private readonly client: Client,
    readonly room: RoomState,
    at: number | null,
  ) {
    this.roots = new Roots(client.pages, room);
    // Nothing is read before it is known where to begin.
    this.following = at === null && this.unread === 0;
  }

  get unread(): number {
    return this.room.room.me?.unread ?? 0;
  }

  get place(): Place {
    return this.#place;
  }

  get focus(): Focus {
    return this.#focus;
  }

  get scroller(): HTMLElement {
    return this.#scroller;
  }

  /** The lines are on the page. */
  begin(scroller: HTMLElement, list: HTMLElement): void {
    this.#scroller = scroller;
    this.#list = list;
    this.#place = new Place(scroller, list);
    this.#focus = new Focus(this.#place.lines, list);
  }

  end(): void {
    this.#gone = true;
    // Nobody looks: what comes is kept, what is old goes.
    this.room.keep = 'newest';
    clearTimeout(this.#foundTimer);
    clearTimeout(this.#later);
  }

  /** Goes to where one wants to begin: the message of the address, what is new, or the end. */
  async enter(at: number | null): Promise<void> {
    if (at !== null) return this.goTo(at);
    const { me } = this.room.room;
    if (!me || me.unread === 0) return this.toNewest();
    this.readSeq = me.read_seq;
    this.#follow(false);
    const pages = this.client.pages;
    const near = () =>
      me.unread < FIRST ? pages.newest(this.room) : pages.around(this.room, { around: me.read_seq });
    if (!this.#holds(me.read_seq) && !(await this.#anew(near))) return;
    await this.#showNew();
  }

  /** The messages are gone, for instance because too much was missed. */
  emptied(): void {
    if (!this.opening && !this.trouble) void this.enter(this.#at);
  }

  /** The address names another message, or none any longer. */
  addressed(at: number | null): void {
    if (at === this.#at) return;
    if (at === null) void this.toNewest();
    else void this.goTo(at);
  }

  /** Shows the newest messages, loading them if need be. */
  async toNewest(): Promise<void> {
    this.#leaveAddress();
    const { timeline } = this.room;
    if ((!timeline || timeline.hasAfter) && !(await this.#anew(() => this.client.pages.newest(this.room))))
      return;
    this.#follow(true);
    await tick();
    if (!this.#gone) this.#toEnd();
  }

  /** Everything is read, and nothing is marked as new. */
  readAll(): void {
    this.client.attention.read(this.room);
    this.readSeq = null;
  }

  /** Goes to the message with this number, marks it and puts the focus there. */
  async goTo(seq: number): Promise<void> {
    this.#at = seq;
    this.#follow(false);
    const known = find(this.room.timeline, seq);
    if (!known && !(await this.#anew(() => this.client.pages.around(this.room, { around: seq })))) return;
    await tick();
    const line = this.line(seq);
    if (this.#gone || this.#at !== seq) return;
    if (!line) {
      notices.say(words.messageMissing);
      return this.toNewest();
    }
    this.#arrive(line, 'middle');
    this.found = seq;
    clearTimeout(this.#foundTimer);
    this.#foundTimer = setTimeout(() => (this.found = null), FOUND_MS);
  }

  /** Follows a quote: back leads to the message that quotes. */
  followQuote(from: Shown, seq: number): void {
    const { place } = router;
    if (place.screen !== 'room') return;
    if (!this.following && from.seq !== place.at && find(this.room.timeline, from.seq)) {
      this.#at = from.seq;
      router.replace({ ...place, at: from.seq });
    }
    if (place.at === seq) void this.goTo(seq);
    else router.go({ ...place, at: seq });
  }

  /** Goes to the first message of a day, as `2026-11-21`. */
  async toDay(day: string): Promise<void> {
    const start = startOf(day);
    if (!start) return;
    this.#leaveAddress();
    this.#follow(false);
    const at = start.toISOString();
    if (!(await this.#anew(() => this.client.pages.around(this.room, { at })))) return;
    await tick();
    const first = this.room.timeline?.messages.find((message) => Date.parse(message.at) >= start.getTime());
    const line = first && this.line(first.seq);
    if (this.#gone) return;
    if (line) this.#arrive(line, 'top');
    else await this.toNewest();
  }

  /** Goes to the first message that one has not read. */
  async toNew(): Promise<void> {
    const from = this.readSeq;
    if (from === null) return;
    const around = () => this.client.pages.around(this.room, { around: from });
    if (!this.#holds(from) && !(await this.#anew(around))) return;
    await this.#showNew();
    this.#focus.on(this.#newLine()?.nextElementSibling as HTMLElement | null);
  }

  /** Tries again what could not be loaded. */
  again(): void {
    this.trouble = null;
    this.#again();
  }

  /** Something new came while one looks elsewhere: mark where it begins. */
  markNew(): void {
    this.readSeq = this.room.room.me?.read_seq ?? null;
  }

  /** The lines are about to change. */
  before(): void {
    if (!this.#place) return;
    this.#focus.before();
    this.#first = this.#place.lines[0];
    if (!this.following) this.#place.note();
  }

  /** The lines have changed. */
  after(): void {
    // At the end, the new size of the list says the rest: nothing is measured before the browser does so itself.
    if (this.following) {
      this.#place.release();
      if (this.#first !== this.#place.lines[0]) {
        // Where old lines went, the browser may have moved up by itself; where they came, the end is pushed away.
        if (this.#first?.isConnected) this.#toEnd();
        else this.#end = 0;
      }
    } else {
      this.#place.keep();
      this.#look();
      void this.fill();
    }
    this.#focus.after(this.following);
  }

  /** One scrolls by wheel or finger. */
  pull(): void {
    this.#place.release();
    this.#pulled = performance.now();
  }

  /** A line or the screen has another size. */
  resized(): void {
    this.shown = this.#scroller.clientHeight > 0;
    if (!this.shown) return;
    if (this.following && !this.#place.holds && !this.#hasLeft()) {
      this.#toEnd();
    } else {
      this.#place.keep();
      if (this.following) this.#follow(isAtEnd(this.#scroller));
      this.#look();
    }
    void this.fill();
  }

  scrolled(): void {
    if (this.opening) return;
    // At the end nothing is measured while the browser is about to do so itself: what grows is followed.
    if (this.following) this.#later ??= setTimeout(() => this.#settle());
    else this.#settle();
  }

  /** Takes in how far one has scrolled. */
  #settle(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    if (this.#gone || (this.following && !this.#hasLeft())) return;
    // Something may have grown since, and nobody has said so yet.
    if (!this.following) this.#place.keep();
    this.#follow(isAtEnd(this.#scroller) && this.room.timeline?.hasAfter === false);
    this.#place.scrolled();
    this.#look();
    void this.fill();
  }

  /** Whoever is at the end leaves it by scrolling up; lines that turn out to be lower than guessed move it a little. */
  #hasLeft(): boolean {
    const tolerance = performance.now() - this.#pulled < PULL_MS ? 1 : END_SLACK;
    return this.#scroller.scrollTop < this.#end - tolerance && !isAtEnd(this.#scroller);
  }

  /** Loads more where one comes near to the end of what is loaded. */
  async fill(): Promise<void> {
    const { timeline } = this.room;
    if (this.loading || this.opening || !timeline || this.#gone) return;
    const wants = {
      before: timeline.hasBefore && this.#scroller.scrollTop < MORE_WITHIN,
      after: timeline.hasAfter && belowEnd(this.#scroller) < MORE_WITHIN,
    };
    const edge = (['before', 'after'] as const).find((edge) => wants[edge] && this.trouble !== edge);
    if (!edge) return;
    this.loading = edge;
    const outcome = await this.client.pages.more(this.room, edge);
    this.loading = null;
    if (outcome === 'failed') this.#failed(edge, () => void this.fill());
  }

  /** The line of the message with this number. */
  line(seq: number): HTMLElement | null {
    return this.#list.querySelector(`[data-seq="${seq}"]`);
  }

  /** The line that is known by this key. */
  lineOf(key: string | null): HTMLElement | null {
    return [...this.#place.lines].find((line) => line.dataset.key === key) ?? null;
  }

  #follow(on: boolean): void {
    this.following = on;
    this.room.keep = on ? 'newest' : 'oldest';
  }

  #toEnd(): void {
    toEnd(this.#scroller);
    this.#end = this.#scroller.scrollTop;
  }

  /** Whether the place where `seq` ends and what follows it begins is loaded. */
  #holds(seq: number): boolean {
    const { timeline } = this.room;
    if (!timeline) return false;
    const { messages, hasBefore, hasAfter } = timeline;
    const first = messages[0]?.seq ?? Infinity;
    const last = messages.at(-1)?.seq ?? 0;
    return (!hasBefore || first <= seq) && (!hasAfter || last > seq);
  }

  async #anew(ask: () => Promise<Outcome>): Promise<boolean> {
    this.opening = true;
    this.trouble = null;
    const outcome = await ask();
    // Whoever overtook this one is still at it.
    if (outcome === 'overtaken' || this.#gone) return false;
    this.opening = false;
    if (outcome === 'failed') this.#failed('anew', () => void this.#anewAgain(ask));
    return outcome === 'placed';
  }

  async #anewAgain(ask: () => Promise<Outcome>): Promise<void> {
    if (!(await this.#anew(ask))) return;
    if (this.#at !== null) await this.goTo(this.#at);
    else if (this.readSeq !== null) await this.#showNew();
    else await this.toNewest();
  }

  #failed(what: Edge | 'anew', again: () => void): void {
    this.trouble = what;
    this.#again = again;
  }

  async #showNew(): Promise<void> {
    await tick();
    if (this.#gone) return;
    const line = this.#newLine();
    if (line) toLine(this.#scroller, line, 'top');
    else this.#toEnd();
    this.#settle();
  }

  #arrive(line: HTMLElement, part: 'middle' | 'top'): void {
    toLine(this.#scroller, line, part);
    this.#place.hold(line, ARRIVED_HELD_MS);
    this.#settle();
    // Whoever has begun to write is left alone.
    const active = document.activeElement;
    if (!(active instanceof HTMLTextAreaElement) || active.value === '') this.#focus.on(line);
  }

  #look(): void {
    const line = this.#newLine();
    const edge = this.#scroller.getBoundingClientRect();
    const { top = -1 } = line?.getBoundingClientRect() ?? {};
    this.newInSight = top >= edge.top && top < edge.bottom;
  }

  #newLine(): HTMLElement | null {
    return this.readSeq === null ? null : this.#list.querySelector('[data-new]');
  }

  #leaveAddress(): void {
    this.#at = null;
    const { place } = router;
    if (place.screen === 'room' && place.room === this.room.room.id && place.at !== null) {
      router.replace({ ...place, at: null });
    }
  }
}
