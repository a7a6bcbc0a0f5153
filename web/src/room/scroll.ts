// Keeping the place while lines come and go above or below it.

/** How close to the end still counts as being at the end, in pixels. */
const END_SLACK = 48;

/** Whether the last line is on the screen. */
export function isAtEnd(scroller: HTMLElement): boolean {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < END_SLACK;
}

/** Shows the last line. */
export function toEnd(scroller: HTMLElement): void {
  scroller.scrollTop = scroller.scrollHeight;
}

/** Remembers where the lines on the screen are; what it answers brings them back there. */
export function keepScroll(scroller: HTMLElement, lines: HTMLCollection): () => void {
  const edge = scroller.getBoundingClientRect().top;
  const shown: { line: Element; top: number }[] = [];
  for (const line of lines) {
    const { top, bottom } = line.getBoundingClientRect();
    if (bottom <= edge || line.getAttribute('data-anchor') !== 'true') continue;
    shown.push({ line, top });
    if (shown.length === 3) break;
  }
  return () => {
    const kept = shown.find(({ line }) => line.isConnected);
    if (kept) scroller.scrollTop += kept.line.getBoundingClientRect().top - kept.top;
  };
}
