// What one is about to do with a message, and doing it.

import { tick } from 'svelte';
import { roomPath, router } from '../router.svelte';
import type { Client } from '../state/client.svelte';
import { notices } from '../state/notices.svelte';
import type { Shown } from '../state/pending';
import type { RoomState } from '../state/world.svelte';
import { words } from '../words/room';
import { mayDo, type Deed } from './deeds';
import { keyOf, type MessageRow } from './rows';
import type { Reading } from './reading.svelte';

/** What lies over the timeline. */
export type Overlay =
  | { kind: 'menu' | 'picker' | 'erase' | 'edits'; message: Shown; anchor: HTMLElement }
  | { kind: 'date'; at: string };

export class Doing {
  /** The key of the line that is being changed. */
  editing: string | null = $state(null);
  /** The key of the line under the pointer or with the focus. */
  hot: string | null = $state(null);
  overlay: Overlay | null = $state.raw(null);
  #fromWriting = false;

  constructor(
    private readonly client: Client,
    private readonly room: RoomState,
    private readonly reading: Reading,
    /** Begins an answer to a message. */
    private readonly reply: (message: Shown) => void,
    /** Puts the focus where one writes. */
    readonly write: () => void,
    /** The lines that are shown. */
    private readonly rows: () => MessageRow[],
  ) {}

  may(deed: Deed, message: Shown): boolean {
    return mayDo(deed, message, this.room.room, this.client.world.me);
  }

  /** Does it, or opens what it takes; `anchor` is what that opens beside. */
  do(deed: Deed, message: Shown, anchor: HTMLElement): void {
    if (!this.may(deed, message)) return;
    switch (deed) {
      case 'reply':
        this.reply(message);
        break;
      case 'thread':
        router.show({ kind: 'thread', root: (message.thread ?? message).id });
        break;
      case 'react':
        this.overlay = { kind: 'picker', message, anchor };
        break;
      case 'edit':
        this.#fromWriting = false;
        this.editing = this.#keyOf(message);
        break;
      case 'pin':
        void this.client.pin(message, !message.pinned_at);
        break;
      case 'copyText':
        void copy(message.text, words.textCopied);
        break;
      case 'copyLink':
        void copy(location.origin + roomPath(message.room, message.seq), words.linkCopied);
        break;
      case 'erase':
        this.overlay = { kind: 'erase', message, anchor };
        break;
    }
  }

  /** Opens one's last message for editing. */
  editLast(): void {
    const last = this.rows().findLast((row) => this.may('edit', row.message));
    if (!last) return;
    this.#fromWriting = true;
    this.editing = last.key;
  }

  /** The message stays as it is now. */
  async stopEditing(): Promise<void> {
    const key = this.editing;
    this.editing = null;
    await tick();
    if (this.#fromWriting) this.write();
    else this.reading.focus.on(this.reading.lineOf(key));
  }

  /** Closes what lies over the timeline; the focus goes back to the line. */
  async close(overlay: Overlay): Promise<void> {
    // Choosing something may have opened another one.
    if (this.overlay !== overlay) return;
    this.overlay = null;
    await tick();
    if (overlay.kind === 'date' || document.activeElement !== document.body) return;
    this.reading.focus.on(this.reading.lineOf(this.#keyOf(overlay.message)));
  }

  /** The message of a line. */
  messageOf(line: HTMLElement): Shown | undefined {
    return this.rows().find((row) => row.key === line.dataset.key)?.message;
  }

  #keyOf(message: Shown): string {
    return keyOf(message, this.client.world.me?.id);
  }
}

async function copy(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notices.say(done);
  } catch {
    // The clipboard is for pages on a secure connection only.
    notices.say(words.notCopied);
  }
}
