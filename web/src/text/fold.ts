// Cuts a long text for a first look: whole blocks while there is room, the last one in the middle.
// Cuts what was read and not what was written, so that nothing hidden comes to light.

import type { Block, Inline } from './tree';

const LINES_MAX = 25;
const CHARS_MAX = 2_000;
const LINES_SHOWN = 15;
const CHARS_SHOWN = 1_200;

/** Whether a text is so long that only its beginning is shown at first. */
export function isLong(text: string): boolean {
  return text.length > CHARS_MAX || text.split('\n', LINES_MAX + 1).length > LINES_MAX;
}

/** The beginning of a text. */
export function fold(blocks: Block[]): Block[] {
  return new Room().blocks(blocks);
}

/** How much still fits. */
class Room {
  #lines = LINES_SHOWN;
  #chars = CHARS_SHOWN;

  get #isFull(): boolean {
    return this.#lines <= 0 || this.#chars <= 0;
  }

  blocks(blocks: Block[]): Block[] {
    return this.#each(blocks, (block) => this.#block(block));
  }

  #each<T>(all: T[], cut: (one: T) => T): T[] {
    const shown: T[] = [];
    for (const one of all) {
      if (this.#isFull) break;
      shown.push(cut(one));
    }
    return shown;
  }

  #block(block: Block): Block {
    switch (block.kind) {
      case 'paragraph':
      case 'heading': {
        const parts = this.#parts(block.parts);
        this.#lines--;
        return { ...block, parts };
      }
      case 'quote':
        return { ...block, blocks: this.blocks(block.blocks) };
      case 'code':
        return { ...block, text: this.#text(block.text) };
      case 'list':
        return {
          ...block,
          items: this.#each(block.items, (item) => ({ ...item, blocks: this.blocks(item.blocks) })),
        };
      case 'table':
        this.#lines--;
        return {
          ...block,
          rows: this.#each(block.rows, (row) => {
            this.#lines--;
            return row.map((cell) => this.#parts(cell));
          }),
        };
      case 'rule':
        this.#lines--;
        return block;
    }
  }

  #parts(parts: Inline[]): Inline[] {
    return this.#each(parts, (part) => {
      if ('parts' in part) return { ...part, parts: this.#parts(part.parts) };
      if (part.kind === 'text') return { ...part, text: this.#text(part.text) };
      this.#chars -= part.kind === 'code' ? part.text.length : 1;
      return part;
    });
  }

  /** As many lines and characters as fit, cut after a word if there is one. */
  #text(text: string): string {
    const lines = text.split('\n', this.#lines + 1);
    const whole = lines.slice(0, this.#lines).join('\n');
    let shown = whole.slice(0, this.#chars);
    if (shown.length < whole.length)
      shown = shown.replace(/(\s)\S{0,30}$/u, '$1').replace(/[\ud800-\udbff]$/, '');
    this.#lines -= lines.length - 1;
    this.#chars -= shown.length;
    if (shown.length < text.length) this.#chars = 0;
    return shown.length < text.length ? `${shown.trimEnd()}…` : shown;
  }
}
