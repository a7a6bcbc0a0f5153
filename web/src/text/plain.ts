// The words of a text without marks, for where there is little room; what is hidden stays hidden.

import { words } from '../words/room';
import { read } from './blocks';
import type { Block, Inline } from './tree';

/** The text on one line. */
export function plain(text: string): string {
  return read(text).map(plainBlock).join(' ').replace(/\s+/g, ' ').trim();
}

function plainBlock(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return plainOf(block.parts);
    case 'quote':
      return block.blocks.map(plainBlock).join(' ');
    case 'code':
      return block.text;
    case 'list':
      return block.items.map((item) => item.blocks.map(plainBlock).join(' ')).join(', ');
    case 'table':
      return [block.head, ...block.rows].map((row) => row.map(plainOf).join(' ')).join(', ');
    case 'rule':
      return '';
  }
}

/** The words of a part of a line. */
export function plainOf(parts: Inline[]): string {
  return parts.map(plainPart).join('');
}

function plainPart(part: Inline): string {
  switch (part.kind) {
    case 'text':
    case 'code':
      return part.text;
    case 'strong':
    case 'emphasis':
    case 'strike':
    case 'link':
      return plainOf(part.parts);
    case 'spoiler':
      return words.hidden;
    case 'picture':
      return part.alt || words.picture;
    case 'mention':
      return `@${part.name}`;
    case 'room':
      return `#${part.name}`;
    case 'emoji':
      return `:${part.name}:`;
    case 'time':
      return words.moment(new Date(part.seconds * 1000).toISOString());
  }
}
