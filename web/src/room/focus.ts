// The one line that the Tab key comes to; the arrow keys move it. Kept while lines come and go.

export class Focus {
  #line: HTMLElement | null = null;
  /** Where the line with the focus stood before the lines changed; -1: the focus was elsewhere. */
  #was = -1;

  constructor(
    private readonly lines: HTMLCollectionOf<HTMLElement>,
    private readonly list: HTMLElement,
  ) {}

  /** The line that has the focus, or would get it. */
  get line(): HTMLElement | null {
    return this.#line?.isConnected ? this.#line : null;
  }

  /** This line is the one from now on; it does not get the focus by that. */
  mark(line: HTMLElement | null): void {
    if (line === this.#line) return;
    this.#line?.setAttribute('tabindex', '-1');
    line?.setAttribute('tabindex', '0');
    this.#line = line;
  }

  /** Puts the focus on a line. */
  on(line: HTMLElement | null): void {
    if (!line) return;
    this.mark(line);
    line.focus({ preventScroll: true });
  }

  /** Puts the focus on the line with that number, or the nearest one, and shows it. */
  to(at: number): void {
    const line = this.lines[Math.min(Math.max(at, 0), this.lines.length - 1)];
    this.on(line ?? null);
    line?.scrollIntoView({ block: 'nearest' });
  }

  /** The number of the line. */
  get at(): number {
    return this.line ? Array.prototype.indexOf.call(this.lines, this.line) : this.lines.length - 1;
  }

  /** The lines are about to change. */
  before(): void {
    this.#was = this.list.contains(document.activeElement) ? this.at : -1;
  }

  /** The lines have changed. */
  after(following: boolean): void {
    if (this.#was >= 0 && !this.line && document.activeElement === document.body) this.to(this.#was);
    const isUsed = this.line?.contains(document.activeElement) ?? false;
    if (!this.line || (following && !isUsed)) this.mark(this.#last());
  }

  /** The last line; to count the live collection after every change would go through all that is in it. */
  #last(): HTMLElement | null {
    for (let part = this.list.lastElementChild; part; part = part.previousElementSibling) {
      for (let one = part.lastElementChild; one; one = one.previousElementSibling) {
        if (one.matches('article')) return one as HTMLElement;
      }
      if (part.matches('article')) return part as HTMLElement;
    }
    return null;
  }
}
