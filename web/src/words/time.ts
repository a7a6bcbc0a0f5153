// Days and times as people say them, by the clock that was chosen.

const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dayAndYearFormat = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});

type Clock = 'language' | 'h12' | 'h24';
const cycles = { language: undefined, h12: 'h12', h24: 'h23' } as const;
const clocks = new Map<Clock, { time: Intl.DateTimeFormat; full: Intl.DateTimeFormat }>();
let clock: () => Clock = () => 'language';

/** Times are told by the clock that `choice` names; it is asked each time, so that a change shows at once. */
export function tellTimeBy(choice: () => Clock): void {
  clock = choice;
}

function clockNow() {
  const chosen = clock();
  let formats = clocks.get(chosen);
  if (!formats) {
    const hourCycle = cycles[chosen];
    formats = {
      time: new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle }),
      full: new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short', hourCycle }),
    };
    clocks.set(chosen, formats);
  }
  return formats;
}

const DAY_MS = 24 * 3_600_000;

/** Counts days in the reader's zone. */
function dayNumber(date: Date): number {
  return Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / DAY_MS);
}

/** The day of a message, as a line between days. */
export function day(at: string, now: Date): string {
  const date = new Date(at);
  const ago = dayNumber(now) - dayNumber(date);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  return (ago < 180 ? dayFormat : dayAndYearFormat).format(date);
}

/** The time of day. */
export function time(at: string): string {
  return clockNow().time.format(new Date(at));
}

/** The time of day, with the day unless that is today. */
export function when(at: string, now: Date): string {
  const said = day(at, now);
  return said === day(now.toISOString(), now) ? time(at) : `${said}, ${time(at)}`;
}

/** Day and time in full. */
export function moment(at: string): string {
  return clockNow().full.format(new Date(at));
}
