// Days and times as people say them, by the clock that was chosen.

/** Making a format takes a browser some milliseconds: each is made when it is needed first. */
function later(options: Intl.DateTimeFormatOptions): (date: Date) => string {
  let format: Intl.DateTimeFormat | undefined;
  return (date) => (format ??= new Intl.DateTimeFormat(undefined, options)).format(date);
}

const dayOf = later({ weekday: 'long', day: 'numeric', month: 'long' });
const dateOf = later({ dateStyle: 'long' });
const dayAndYearOf = later({ day: 'numeric', month: 'long', year: 'numeric' });

const timesBy = (hourCycle?: 'h12' | 'h23') => ({
  time: later({ hour: '2-digit', minute: '2-digit', hourCycle }),
  full: later({ dateStyle: 'full', timeStyle: 'short', hourCycle }),
});
const clocks = { language: timesBy(), h12: timesBy('h12'), h24: timesBy('h23') };
let clock: () => keyof typeof clocks = () => 'language';

/** Times are told by the clock that `choice` names; it is asked each time, so that a change shows at once. */
export function tellTimeBy(choice: typeof clock): void {
  clock = choice;
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
  return (ago < 180 ? dayOf : dayAndYearOf)(date);
}

/** The time of day. */
export function time(at: string): string {
  return clocks[clock()].time(new Date(at));
}

/** The time of day, with the day unless that is today. */
export function when(at: string, now: Date): string {
  const said = day(at, now);
  return said === day(now.toISOString(), now) ? time(at) : `${said}, ${time(at)}`;
}

/** Day and time in full. */
export function moment(at: string): string {
  return clocks[clock()].full(new Date(at));
}

/** The day in full, with its year. */
export function date(at: string): string {
  return dateOf(new Date(at));
}
