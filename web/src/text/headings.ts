// How deep each heading of a text stands under the page's own headings: without gaps, so that whoever goes by them misses none.

import type { Block } from './tree';

/** 1 for a heading with none above it, 2 for one within that, and so on, whatever marks people chose. */
export function depthsOf(blocks: readonly Block[]): Map<Block, number> {
  const depths = new Map<Block, number>();
  const above: number[] = [];
  visit(blocks);
  return depths;

  function visit(blocks: readonly Block[]): void {
    for (const block of blocks) {
      if (block.kind === 'quote') visit(block.blocks);
      else if (block.kind === 'list') for (const item of block.items) visit(item.blocks);
      else if (block.kind === 'heading') {
        while (above.length > 0 && above.at(-1)! >= block.level) above.pop();
        above.push(block.level);
        depths.set(block, above.length);
      }
    }
  }
}
