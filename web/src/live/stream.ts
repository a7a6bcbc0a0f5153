// A line where WebSocket is blocked: frames come over server-sent events, commands go out as requests.
// Loaded only where it is needed.
//
// A browser hides the comments with which the server shows that the stream lives, so a stream that died without a word
// looks like a quiet one. After long silence a second stream is opened beside it, from the same cursors, and replaces
// it once it speaks: that proves the stream itself, which another request would not.

import type { Command, Frame } from '../wire';
import { BROKEN, type Cursors, type Ear, type Line } from './line';
import { Speaker } from './rest';

/** The server takes addresses of up to 4 KiB; what stands between may take less. */
const ADDRESS_CHARS_MAX = 3_500;
const SILENCE_SHOWN_MS = 60_000;
/** While nobody looks; each new stream counts as being here for a moment, so it is done rarely. */
const SILENCE_HIDDEN_MS = 300_000;
/** Nobody doubts a stream that has just spoken. */
const SILENCE_DOUBTED_MS = 15_000;
const PROOF_WAIT_MS = 10_000;

/** The address of a stream that begins at the cursors. Rooms that find no space in it begin at their head. */
export function streamAddress({ epoch, rooms }: Cursors): string {
  // A comma and a colon are as good in a query as they are, and encoded they take three times the space.
  let address = '/api/v1/events?';
  if (epoch !== null) address += `epoch=${encodeURIComponent(epoch)}&`;
  address += 'rooms=';
  let between = '';
  for (const [room, seq] of Object.entries(rooms)) {
    const part = `${between}${room}:${seq}`;
    if (address.length + part.length > ADDRESS_CHARS_MAX) break;
    address += part;
    between = ',';
  }
  return address;
}

export class StreamLine implements Line {
  #source: EventSource | null = null;
  /** The one that is to prove that there is still a way. */
  #next: EventSource | null = null;
  #heardAt = Date.now();
  #silence: ReturnType<typeof setTimeout> | undefined;
  #proof: ReturnType<typeof setTimeout> | undefined;
  #away = false;
  readonly #speaker: Speaker;

  constructor(
    private readonly ear: Ear,
    private readonly open: (address: string) => EventSource = (address) => new EventSource(address),
  ) {
    this.#speaker = new Speaker((frame) => this.ear.answer(frame));
    this.#begin();
  }

  /** Nothing: the address said where to begin. */
  begin(): void {}

  resume(): void {
    this.#begin();
  }

  say(command: Command): boolean {
    if (command.type === 'presence') this.#away = command.status === 'away';
    this.#speaker.say(command);
    return true;
  }

  prove(): void {
    if (Date.now() - this.#heardAt >= SILENCE_DOUBTED_MS) this.#renew();
  }

  close(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#proof);
    for (const source of [this.#source, this.#next]) release(source);
    this.#source = null;
    this.#next = null;
  }

  #begin(): void {
    this.close();
    this.#adopt(this.open(streamAddress(this.ear.cursors())));
    this.#watch();
  }

  #adopt(source: EventSource): void {
    this.#source = source;
    source.onmessage = (event) => this.#hear(event.data as string);
    source.onerror = () => this.#broken();
  }

  #hear(text: string): void {
    this.#heardAt = Date.now();
    this.#watch();
    this.ear.frame(JSON.parse(text) as Frame);
  }

  #watch(): void {
    clearTimeout(this.#silence);
    const hidden = globalThis.document?.visibilityState === 'hidden';
    this.#silence = setTimeout(() => this.#renew(), hidden ? SILENCE_HIDDEN_MS : SILENCE_SHOWN_MS);
  }

  #renew(): void {
    if (this.#next || !this.#source) return;
    const asked = Date.now();
    const next = this.open(streamAddress(this.ear.cursors()));
    this.#next = next;
    next.onmessage = (event) => this.#replace(next, event.data as string);
    next.onerror = () => this.#unproven(asked);
    this.#proof = setTimeout(() => this.#unproven(asked), PROOF_WAIT_MS);
  }

  #replace(next: EventSource, first: string): void {
    clearTimeout(this.#proof);
    release(this.#source);
    this.#next = null;
    this.#adopt(next);
    this.#hear(first);
    // A new stream counts as being here.
    if (this.#away) this.say({ type: 'presence', status: 'away' });
  }

  /** The second stream failed. That says something of the first only if that one is still silent. */
  #unproven(asked: number): void {
    clearTimeout(this.#proof);
    release(this.#next);
    this.#next = null;
    if (this.#heardAt <= asked) this.#broken();
  }

  #broken(): void {
    this.close();
    this.ear.broken(BROKEN);
  }
}

function release(source: EventSource | null): void {
  if (!source) return;
  source.onmessage = null;
  source.onerror = null;
  source.close();
}
