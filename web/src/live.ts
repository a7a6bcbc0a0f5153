// The connection: connects, proves it is alive, waits its turn after a break, resumes from cursors.
// Over WebSocket; where that is blocked, over a stream of events and requests (live/stream.ts).
// Passes every frame on as it came; knows neither rooms nor the screen.

import { Batch } from './live/batch';
import { BROKEN, type Cursors, type Ear, type Line } from './live/line';
import { openSocket, SocketLine } from './live/socket';
import type { Command, Frame } from './wire';

/** How the connection stands. */
export type Standing = 'connecting' | 'offline' | 'catching_up' | 'up_to_date';

/** Who is told what. */
export interface Listener {
  /** Where to continue from. */
  cursors(): Cursors;
  /** What was heard, in order; what comes in a burst comes together. */
  frames(frames: Frame[]): void;
  /** While it is offline, `retryAt` is when it connects again (milliseconds of the page's clock). */
  standing(standing: Standing, retryAt: number | null): void;
  /** The connection broke before the server said who is asking: perhaps the session has ended. */
  unproven(): void;
  /** The server ended it for good: `sign_in` asks for a new session, `give_up` says that trying again does not help. */
  ended(what: 'sign_in' | 'give_up', code: number): void;
}

/** What a test replaces. */
export interface Surroundings {
  openSocket(): WebSocket;
  /** Where WebSocket is blocked. */
  streamLine(ear: Ear): Promise<Line>;
  random(): number;
}

const browser: Surroundings = {
  openSocket,
  streamLine: async (ear) => new (await import('./live/stream')).StreamLine(ear),
  random: Math.random,
};

const WAIT_FIRST_MS = 500;
const WAIT_MAX_MS = 30_000;
/** How long a line may take until the server says hello. */
const HELLO_WAIT_MS = 8_000;
/** The same for a socket where sockets did not work before, and where something else can be had instead. */
const DOUBTFUL_WAIT_MS = 3_000;
/** So many sockets in a row without a hello mean that they are blocked here. */
const MISSES_MAX = 2;
/** While a stream works, a socket is tried beside it: soon, because perhaps the server was only restarting; then rarely. */
const BESIDE_FIRST_MS = 30_000;
const BESIDE_MS = 300_000;

/** The longest wait before attempt number `attempt` (from 0); the real one is a random part of it. */
export function waitMax(attempt: number): number {
  return Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** attempt);
}

type Kind = 'socket' | 'stream';

/** One attempt, from its beginning to the break of its line. */
interface Attempt {
  readonly kind: Kind;
  /** Null while it is loaded. */
  line: Line | null;
  /** The server said hello. */
  heard: boolean;
  /** The server knows who is asking. */
  proven: boolean;
  /** Until it must have been heard. */
  patience: ReturnType<typeof setTimeout> | undefined;
}

export class Live {
  #current: Attempt | null = null;
  /** A socket that is tried while a stream works, and what it has said. */
  #beside: { attempt: Attempt; said: Frame[] } | null = null;
  /** Everything missed has been heard on the current line. */
  #resumed = false;
  /** Breaks since it was last up to date. */
  #breaks = 0;
  /** Sockets in a row that were not heard. */
  #misses = 0;
  #waitAsked: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #besideTimer: ReturnType<typeof setTimeout> | undefined;
  #standing: Standing | null = null;
  #stopped = true;
  readonly #batch: Batch;

  constructor(
    private readonly listener: Listener,
    private readonly surroundings: Surroundings = browser,
  ) {
    this.#batch = new Batch((frames) => this.listener.frames(frames));
  }

  /** Connects, and stays connected until `stop`. */
  start(): void {
    this.stop();
    this.#stopped = false;
    this.#breaks = 0;
    this.#connect();
  }

  /** Ends the connection; no frame is passed on after this. */
  stop(): void {
    this.#stopped = true;
    this.#standing = null;
    this.#batch.clear();
    this.#drop();
    clearTimeout(this.#retry);
  }

  /** The machine is on the network again, or somebody looks: do not wait, and doubt what is open. */
  retryNow(): void {
    if (this.#stopped) return;
    if (this.#current) {
      if (this.#resumed) this.#current.line?.prove();
      return;
    }
    this.#breaks = 0;
    clearTimeout(this.#retry);
    this.#connect();
  }

  /** The machine is off the network: do not wait for silence to prove it. */
  lost(): void {
    if (this.#stopped || !this.#current) return;
    this.#batch.flush();
    this.#drop();
    this.#retryLater();
  }

  /** Says it if everything missed has been heard; otherwise false, and nothing was said. */
  send(command: Command): boolean {
    return this.#resumed && this.#current?.line?.say(command) === true;
  }

  /** Asks for what was missed, on the connection as it is. */
  resume(): void {
    if (!this.#current?.proven) return;
    this.#resumed = false;
    this.#stand('catching_up');
    this.#current.line?.resume();
  }

  #connect(): void {
    this.#stand('connecting');
    this.#begin('socket');
  }

  #begin(kind: Kind): void {
    this.#resumed = false;
    const doubtful = kind === 'socket' && this.#misses >= MISSES_MAX;
    const wait = doubtful ? DOUBTFUL_WAIT_MS : HELLO_WAIT_MS;
    this.#current = this.#open(kind, wait, (attempt, frame) => this.#hear(attempt, frame));
  }

  #open(kind: Kind, wait: number, hear: (attempt: Attempt, frame: Frame) => void): Attempt {
    const attempt: Attempt = { kind, line: null, heard: false, proven: false, patience: undefined };
    const ear: Ear = {
      frame: (frame) => hear(attempt, frame),
      answer: (frame) => {
        if (!this.#stopped) this.#batch.add(frame);
      },
      broken: (code) => this.#broken(attempt, code),
      cursors: () => {
        this.#batch.flush();
        return this.listener.cursors();
      },
    };
    attempt.patience = setTimeout(() => this.#unheard(attempt), wait);
    if (kind === 'socket') attempt.line = new SocketLine(ear, this.surroundings.openSocket);
    else {
      this.surroundings.streamLine(ear).then(
        (line) => {
          if (this.#current === attempt) attempt.line = line;
          else line.close();
        },
        () => this.#broken(attempt, BROKEN),
      );
    }
    return attempt;
  }

  #hear(attempt: Attempt, frame: Frame): void {
    if (this.#current !== attempt) return;
    this.#batch.add(frame);
    switch (frame.type) {
      case 'hello':
        this.#heard(attempt);
        break;
      case 'drain':
        this.#waitAsked = frame.retry_after_ms;
        break;
      case 'welcome':
        this.#batch.flush();
        // What was handed over may have ended everything.
        if (this.#current !== attempt) break;
        attempt.proven = true;
        if (this.#resumed) break;
        this.#stand('catching_up');
        attempt.line?.begin();
        break;
      case 'resumed':
        this.#batch.flush();
        if (this.#current !== attempt) break;
        this.#resumed = true;
        this.#breaks = 0;
        this.#stand('up_to_date');
        break;
    }
  }

  #heard(attempt: Attempt): void {
    clearTimeout(attempt.patience);
    if (attempt.kind === 'socket') this.#misses = 0;
    else if (!attempt.heard) this.#tryBesideLater(BESIDE_FIRST_MS);
    attempt.heard = true;
  }

  #unheard(attempt: Attempt): void {
    if (attempt.kind === 'socket') this.#misses = MISSES_MAX;
    attempt.line?.close();
    this.#broken(attempt, BROKEN);
  }

  #broken(attempt: Attempt, code: number): void {
    clearTimeout(attempt.patience);
    if (this.#beside?.attempt === attempt) {
      this.#beside = null;
      this.#tryBesideLater(BESIDE_MS);
    }
    if (this.#current !== attempt) return;
    this.#batch.flush();
    this.#drop();
    if (this.#stopped) return;
    if (code >= 4001 && code <= 4007) this.#end('sign_in', code);
    else if ((code >= 1007 && code <= 1009) || (code >= 4100 && code <= 4199)) this.#end('give_up', code);
    else if (this.#isBlocked(attempt, code)) this.#begin('stream');
    else {
      this.#retryLater();
      if (!attempt.proven) this.listener.unproven();
    }
  }

  /** Whether something between here and the server lets no socket pass, as far as one can tell. */
  #isBlocked({ kind, heard }: Attempt, code: number): boolean {
    if (kind !== 'socket' || heard || code !== BROKEN) return false;
    this.#misses += 1;
    return this.#misses >= MISSES_MAX;
  }

  #tryBesideLater(wait: number): void {
    clearTimeout(this.#besideTimer);
    this.#besideTimer = setTimeout(() => this.#tryBeside(), wait);
  }

  /** The stream goes on until the socket is known to work. */
  #tryBeside(): void {
    const said: Frame[] = [];
    const attempt = this.#open('socket', HELLO_WAIT_MS, (attempt, frame) => {
      if (this.#current === attempt) {
        this.#hear(attempt, frame);
      } else if (this.#beside?.attempt === attempt) {
        said.push(frame);
        if (frame.type === 'welcome') this.#change();
      }
    });
    this.#beside = { attempt, said };
  }

  /** From the stream to the socket beside it. */
  #change(): void {
    const beside = this.#beside;
    if (!beside) return;
    this.#beside = null;
    this.#batch.flush();
    this.#drop();
    this.#current = beside.attempt;
    for (const frame of beside.said) this.#hear(beside.attempt, frame);
  }

  #end(what: 'sign_in' | 'give_up', code: number): void {
    this.#stopped = true;
    this.#stand('offline');
    this.listener.ended(what, code);
  }

  #retryLater(): void {
    const wait = this.surroundings.random() * (this.#waitAsked ?? waitMax(this.#breaks));
    this.#waitAsked = null;
    this.#breaks += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), wait);
    this.#stand('offline', Date.now() + wait);
  }

  #stand(standing: Standing, retryAt: number | null = null): void {
    if (standing === this.#standing && retryAt === null) return;
    this.#standing = standing;
    this.listener.standing(standing, retryAt);
  }

  #drop(): void {
    this.#resumed = false;
    clearTimeout(this.#besideTimer);
    for (const attempt of [this.#current, this.#beside?.attempt]) {
      clearTimeout(attempt?.patience);
      attempt?.line?.close();
    }
    this.#current = null;
    this.#beside = null;
  }
}
