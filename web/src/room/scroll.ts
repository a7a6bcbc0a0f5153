// Keeping the place while lines come, go and grow above or below it.

/** How close to the end still counts as being at the end, in pixels. */
export const END_SLACK = 48;
/** A line that one pressed stays where it is while it changes, for this long. */
const HELD_MS = 1_000;
/** Lines that are remembered: should one go away, the next one holds the place. */
const REMEMBERED = 3;

/** How far the end of the last line is below the screen, in pixels. */
export function belowEnd(scroller: HTMLElement): number {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
}

/** Whether the last line is on the screen. */
export function isAtEnd(scroller: HTMLElement): boolean {
  return belowEnd(scroller) < END_SLACK;
}

/** Shows the last line. */
export function toEnd(scroller: HTMLElement): void {
  scroller.scrollTop = scroller.scrollHeight;
}

/** Scrolls so that the line begins at this part of the height; a line that would not fit begins at the top. */
export function toLine(scroller: HTMLElement, line: Element, part: 'middle' | 'top'): void {
  const { top, height } = line.getBoundingClientRect();
  const space = scroller.clientHeight - height;
  const offset = part === 'middle' ? Math.max(space / 2, 0) : Math.min(scroller.clientHeight / 5, 120);
  scroller.scrollTop += top - scroller.getBoundingClientRect().top - Math.max(0, Math.min(offset, space));
}

/** The lines of a scroller, and where the ones that one reads stand. */
export class Place {
  readonly #lines: HTMLCollectionOf<HTMLElement>;
  #noted: { line: HTMLElement; top: number }[] = [];
  /** How far it was scrolled then. */
  #scrolled = 0;
  /** How far it was scrolled to bring lines back; NaN: that is long ago. */
  #own = NaN;
  #held: { line: HTMLElement; until: number } | null = null;

  constructor(
    private readonly scroller: HTMLElement,
    list: HTMLElement,
  ) {
    this.#lines = list.getElementsByTagName('article');
  }

  /** All lines, in order. */
  get lines(): HTMLCollectionOf<HTMLElement> {
    return this.#lines;
  }

  /** This line stays where it is, whatever changes in it. */
  hold(line: HTMLElement, forMs = HELD_MS): void {
    this.#held = { line, until: performance.now() + forMs };
    this.note();
  }

  /** One scrolls: no line is held any longer. */
  release(): void {
    this.#held = null;
  }

  /** Whether a line is held just now. */
  get holds(): boolean {
    return this.#held !== null && this.#held.line.isConnected && performance.now() < this.#held.until;
  }

  /** Remembers where the lines on the screen are. */
  note(): void {
    // What is not on the screen stands nowhere.
    if (this.scroller.clientHeight === 0) return;
    this.#noted = [];
    this.#scrolled = this.scroller.scrollTop;
    if (this.holds) this.#remember(this.#held!.line);
    const edge = this.scroller.getBoundingClientRect().top;
    const first = this.firstBelow(edge);
    for (let at = first; at < Math.min(first + REMEMBERED, this.#lines.length); at++) {
      this.#remember(this.#lines[at]!);
    }
    // Nothing begins on the screen: one very long line covers it.
    if (first === this.#lines.length && first > 0) this.#remember(this.#lines[first - 1]!);
  }

  /** Brings the lines back to where they were, or where they would be by what was scrolled since. */
  keep(): void {
    const kept = this.#noted.find(({ line }) => line.isConnected);
    if (!kept || this.scroller.clientHeight === 0) return;
    const { scrollTop } = this.scroller;
    const moved = kept.line.getBoundingClientRect().top - kept.top + scrollTop - this.#scrolled;
    // Less than that is rounding.
    if (Math.abs(moved) < 0.5) return;
    this.scroller.scrollTop = scrollTop + moved;
    this.#own = this.scroller.scrollTop;
    // What was rounded away is not to add up: the lines are remembered as they were.
    this.#scrolled += this.#own - scrollTop;
  }

  /** It was scrolled: where the lines are now is where they belong. */
  scrolled(): void {
    if (this.scroller.scrollTop !== this.#own) this.note();
  }

  /** The number of the first line that begins at this height of the window or below it. */
  firstBelow(height: number): number {
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#lines[middle]!.getBoundingClientRect().top < height) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #remember(line: HTMLElement): void {
    this.#noted.push({ line, top: line.getBoundingClientRect().top });
  }
}
