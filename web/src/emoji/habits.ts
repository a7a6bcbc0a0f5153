// Which emoji somebody chose lately and in which skin tone, kept in this browser.

const KEY = 'rill.emoji';
const RECENT_MAX = 24;

/** What is kept; `recent` has the last one first. */
export interface Habits {
  recent: string[];
  tone: number;
}

/** What was kept; nothing if the browser keeps nothing, or something else. */
export function habits(): Habits {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    const { recent, tone } = (kept ?? {}) as Partial<Habits>;
    return {
      recent: Array.isArray(recent)
        ? recent.filter((one) => typeof one === 'string').slice(0, RECENT_MAX)
        : [],
      tone: typeof tone === 'number' && Number.isInteger(tone) && tone >= 0 && tone <= 5 ? tone : 0,
    };
  } catch {
    return { recent: [], tone: 0 };
  }
}

/** Remembers that this emoji was chosen. */
export function remember(emoji: string): void {
  const kept = habits();
  keep({ ...kept, recent: [emoji, ...kept.recent.filter((other) => other !== emoji)].slice(0, RECENT_MAX) });
}

/** Remembers the skin tone. */
export function rememberTone(tone: number): void {
  keep({ ...habits(), tone });
}

function keep(kept: Habits): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // A private window or a full disk: then it is forgotten.
  }
}
