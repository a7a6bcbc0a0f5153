// Short notices that pass by at the edge of the screen.

const SHOWN_MS = 7_000;
const NOTICES_MAX = 3;

/** One of them. */
export interface Notice {
  id: number;
  text: string;
}

class Notices {
  list: readonly Notice[] = $state.raw([]);
  #next = 1;

  /** Shows the text for a few seconds; the same text is not shown twice at once. */
  say(text: string): void {
    const notice = { id: this.#next++, text };
    const others = this.list.filter((other) => other.text !== text);
    this.list = [...others, notice].slice(-NOTICES_MAX);
    setTimeout(() => this.dismiss(notice.id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}

export const notices = new Notices();
