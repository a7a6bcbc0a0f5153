// What a socket and a stream have in common: something over which frames are heard and commands are said.

import type { Command, Frame } from '../wire';

/** Where to continue from. */
export interface Cursors {
  epoch: string | null;
  rooms: Record<string, number>;
}

/** Who listens to a line. Neither is called after the line was closed; `answer` is, for what was said before. */
export interface Ear {
  frame(frame: Frame): void;
  /** What came back for a command, on a line that does not answer by itself. */
  answer(frame: Frame): void;
  /** It broke; with the close code of a socket, 1006 where there is none. */
  broken(code: number): void;
  cursors(): Cursors;
}

/** A line to the server, open from the moment it is made until it breaks or is closed. */
export interface Line {
  /** The server knows who is asking: what was missed may be asked for, where that was not done yet. */
  begin(): void;
  /** Asks for what was missed, again. */
  resume(): void;
  /** Says it; false, and nothing was said, if that is not possible now. */
  say(command: Command): boolean;
  /** There is reason for doubt: find out soon whether anybody is still there. */
  prove(): void;
  close(): void;
}

/** The code of a break that nobody gave a reason for. */
export const BROKEN = 1006;
