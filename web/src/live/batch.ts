// Frames that come in a burst are handed over together, once per picture that the screen shows.

import type { Frame } from '../wire';

/** A hidden page draws no pictures, so that a clock has to do. */
const WAIT_MAX_MS = 100;

export class Batch {
  #frames: Frame[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #picture: number | undefined;

  constructor(private readonly deliver: (frames: Frame[]) => void) {}

  add(frame: Frame): void {
    this.#frames.push(frame);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.flush(), WAIT_MAX_MS);
    this.#picture = globalThis.requestAnimationFrame?.(() => this.flush());
  }

  /** Hands over what has come until now. */
  flush(): void {
    const frames = this.#frames;
    this.clear();
    if (frames.length > 0) this.deliver(frames);
  }

  /** Forgets what was not handed over. */
  clear(): void {
    clearTimeout(this.#timer);
    if (this.#picture !== undefined) cancelAnimationFrame(this.#picture);
    this.#timer = undefined;
    this.#picture = undefined;
    this.#frames = [];
  }
}
