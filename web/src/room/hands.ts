// What keys, the mouse and fingers do to the lines of a timeline. Loaded once the lines are shown.

import { deedOf } from './deeds';
import type { Doing } from './doing.svelte';
import type { Reading } from './reading.svelte';

/** How long a finger rests on a line until it asks what one can do. */
const PRESS_MS = 450;
/** How far a finger may tremble meanwhile, in pixels. */
const TREMBLE = 10;
/** A click that follows a long press this soon belongs to it. */
const CLICK_AFTER_MS = 100;
/** What the Tab key comes to. */
const REACHABLE = 'a[href], button:not(:disabled), textarea, input:not(:disabled), [tabindex="0"]';

export interface Lines {
  reading: Reading;
  doing: Doing;
  scroller: HTMLElement;
  /** Where the Tab key goes on from when it leaves the lines. */
  edges: { before: HTMLElement; after: HTMLElement };
}

/** Listens; what it answers ends that. */
export function handle(lines: Lines): () => void {
  const { scroller, reading, doing } = lines;
  const ended = new AbortController();
  const on = <Name extends keyof HTMLElementEventMap>(
    name: Name,
    hear: (event: HTMLElementEventMap[Name]) => void,
    passive = true,
  ) => scroller.addEventListener(name, hear, { signal: ended.signal, passive });

  on('keydown', (event) => pressed(lines, event), false);
  on('focusin', (event) => focused(lines, event));
  // Lines that pass under a pointer that rests are not meant.
  let was = { x: NaN, y: NaN };
  on('pointermove', (event) => {
    const rests = event.clientX === was.x && event.clientY === was.y;
    was = { x: event.clientX, y: event.clientY };
    if (event.pointerType !== 'touch' && !rests) heat(lines, event.target);
  });
  on('pointerleave', () => heat(lines, document.activeElement));
  // The focus may go because its line goes, in the midst of a change of the page.
  on('focusout', (event) => {
    if (!scroller.contains(event.relatedTarget as Node | null)) queueMicrotask(() => cool(lines));
  });
  on('pointerdown', (event) => {
    const line = lineOf(event.target);
    if (line) reading.place.hold(line);
  });
  for (const name of ['wheel', 'touchmove'] as const) on(name, () => reading.pull());
  rest(lines, on);
  document.addEventListener('keydown', noteTab, { capture: true, signal: ended.signal });
  // The pointer may have come before this was loaded.
  const under = scroller.querySelector<HTMLElement>('article:hover');
  if (under && matchMedia('(hover: hover)').matches) heat(lines, under);
  return () => {
    ended.abort();
    doing.hot = null;
  };
}

function lineOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest('article') : null;
}

function heat({ doing }: Lines, target: EventTarget | null): void {
  const line = lineOf(target);
  // What opened over the page stands beside what one pressed.
  if (doing.overlay) return;
  // Between two lines the pointer is still at the one above.
  if (line || !(target instanceof Element) || !target.closest('[role=log]')) {
    doing.hot = line?.dataset.key ?? null;
  }
}

/** The focus has left the lines: what the pointer is over counts. */
function cool(lines: Lines): void {
  const { scroller } = lines;
  if (scroller.contains(document.activeElement)) return;
  heat(lines, scroller.querySelector('article:hover') ?? document.body);
}

// Whether the focus moves because of the Tab key.
let tabbing = false;

function noteTab(event: KeyboardEvent): void {
  if (event.key !== 'Tab') return;
  tabbing = true;
  setTimeout(() => (tabbing = false));
}

/** The lines are one stop of the Tab key: it comes to the one that had the focus last. */
function focused(lines: Lines, event: FocusEvent): void {
  const { reading, doing, scroller } = lines;
  const line = lineOf(event.target);
  const came = !scroller.contains(event.relatedTarget as Node | null);
  const { line: last } = reading.focus;
  if (tabbing && came && last && event.target !== last) return reading.focus.on(last);
  if (!line) return;
  reading.focus.mark(line);
  doing.hot = line.dataset.key ?? null;
}

function pressed(lines: Lines, event: KeyboardEvent): void {
  const { reading, doing } = lines;
  const line = lineOf(event.target);
  if (!line || event.isComposing || event.defaultPrevented) return;
  if (event.key === 'Tab') return tab(lines, line, event);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target !== line) {
    // A button or link in the line has the focus.
    if (event.key !== 'Escape' || (event.target as Element).matches('textarea')) return;
    event.preventDefault();
    reading.focus.on(line);
    return;
  }
  if (act(lines, line, event.key)) {
    event.preventDefault();
    return;
  }
  if (event.key === 'Escape') {
    event.preventDefault();
    doing.write();
  }
}

/** Moves, or does something with the line; answers whether the key meant anything. */
function act(lines: Lines, line: HTMLElement, key: string): boolean {
  const { reading, doing } = lines;
  reading.place.release();
  if (move(lines, key)) return true;
  const message = lines.doing.messageOf(line);
  if (!message) return false;
  if (key === 'Enter') {
    doing.overlay = { kind: 'menu', message, anchor: line };
    return true;
  }
  const deed = deedOf(key);
  if (!deed) return false;
  doing.do(deed, message, line);
  return true;
}

function move({ reading, scroller }: Lines, key: string): boolean {
  const { focus, place } = reading;
  const page = Math.max(scroller.clientHeight - 80, 80);
  const topOf = () => focus.line!.getBoundingClientRect().top;
  switch (key) {
    case 'ArrowUp':
      focus.to(focus.at - 1);
      return true;
    case 'ArrowDown':
      focus.to(focus.at + 1);
      return true;
    case 'PageUp':
      focus.to(Math.min(place.firstBelow(topOf() - page), focus.at - 1));
      return true;
    case 'PageDown':
      focus.to(Math.max(place.firstBelow(topOf() + page) - 1, focus.at + 1));
      return true;
    case 'Home':
      focus.to(0);
      return true;
    case 'End':
      void reading.toNewest().then(() => focus.to(Infinity));
      return true;
    default:
      return false;
  }
}

/** Tab goes through what is in the line, and then out of the lines. */
function tab({ edges, scroller }: Lines, line: HTMLElement, event: KeyboardEvent): void {
  const inside = [...line.querySelectorAll<HTMLElement>(REACHABLE)].filter((one) => one.checkVisibility());
  const at = inside.indexOf(event.target as HTMLElement);
  const leaves = event.shiftKey ? at < 0 : at === inside.length - 1;
  if (event.shiftKey && at === 0) {
    event.preventDefault();
    line.focus({ preventScroll: true });
  } else if (leaves) {
    // The browser goes on from there by itself.
    const { scrollTop } = scroller;
    (event.shiftKey ? edges.before : edges.after).focus({ preventScroll: true });
    scroller.scrollTop = scrollTop;
  }
}

type On = <Name extends keyof HTMLElementEventMap>(
  name: Name,
  hear: (event: HTMLElementEventMap[Name]) => void,
  passive?: boolean,
) => void;

/** A finger that rests on a line asks what one can do with it. */
function rest(lines: Lines, on: On): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let from = { x: 0, y: 0 };
  const stop = () => clearTimeout(timer);

  on('pointerdown', (event) => {
    stop();
    const line = lineOf(event.target);
    const isOwn = (event.target as Element).closest('a:not(.time), button, textarea, input');
    if (event.pointerType !== 'touch' || !event.isPrimary || !line || isOwn) return;
    from = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => open(line), PRESS_MS);
  });
  on('pointermove', (event) => {
    if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > TREMBLE) stop();
  });
  for (const name of ['pointerup', 'pointercancel', 'pointerleave', 'scroll'] as const) on(name, stop);
  // The browser's own menu of a long press would lie over ours.
  on(
    'contextmenu',
    (event) => {
      const isTouch = (event as PointerEvent).pointerType === 'touch';
      if (isTouch && !(event.target as Element).closest('a:not(.time), img')) event.preventDefault();
    },
    false,
  );

  function open(line: HTMLElement): void {
    const message = lines.doing.messageOf(line);
    if (!message) return;
    getSelection()?.removeAllRanges();
    navigator.vibrate?.(10);
    lines.doing.overlay = { kind: 'menu', message, anchor: line };
    swallowClick(from);
  }
}

/** The finger is lifted over what opened under it: that presses nothing. */
function swallowClick(from: { x: number; y: number }): void {
  const swallow = (event: MouseEvent) => {
    if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > TREMBLE) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const ended = new AbortController();
  const listen = { capture: true, signal: ended.signal };
  addEventListener('click', swallow, listen);
  const end = () => setTimeout(() => ended.abort(), CLICK_AFTER_MS);
  addEventListener('pointerup', end, listen);
  addEventListener('pointercancel', end, listen);
}
