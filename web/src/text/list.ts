// Reads lists: bullets, numbers and tasks, with anything in their points that is indented far enough.

import { blocksOf, isRule, type Taken } from './blocks';
import { indentOf, isBlank, outdent } from './lines';
import type { Block, Item } from './tree';

const MARKER = /^( {0,3})([-*+•]|\d{1,9}[.)])(?=[ \t]|$)/;
const TASK = /^\[([ xX])\][ \t]+(?=\S)/;

interface Marker {
  /** Points with the same sign make one list. */
  sign: string;
  number: number | null;
  /** How far the content of the point stands from the edge. */
  offset: number;
  content: string;
}

function markerOf(line: string): Marker | null {
  const [all, indent, mark] = MARKER.exec(line) ?? [];
  if (all === undefined || indent === undefined || mark === undefined || isRule(line)) return null;
  // The space after the mark counts from where the mark stands, for the sake of tabs.
  const rest = ' '.repeat(all.length) + line.slice(all.length);
  const space = indentOf(rest) - all.length;
  const offset = all.length + (isBlank(rest) || space > 4 ? 1 : space);
  const isBullet = mark.length === 1;
  return {
    sign: isBullet ? mark : mark.at(-1)!,
    number: isBullet ? null : Number.parseInt(mark, 10),
    offset,
    content: isBlank(rest) ? '' : outdent(rest, offset),
  };
}

/** Whether a list begins on this line although a paragraph has not ended: a year at the start of a line is none. */
export function listInterrupts(line: string): boolean {
  const marker = markerOf(line);
  return marker !== null && marker.content !== '' && (marker.number === null || marker.number === 1);
}

/** The list that begins on this line. */
export function listAt(lines: string[], at: number, depth: number): Taken | null {
  const first = markerOf(lines[at]!);
  if (!first) return null;
  const items: Item[] = [];
  let loose = false;
  let next = at;
  for (let marker: Marker | null = first; marker?.sign === first.sign;) {
    const point = pointAt(lines, next, marker);
    items.push(itemOf(point.lines, depth));
    next = point.next;
    // Blank lines between two points do not part them.
    let after = next;
    while (after < lines.length && isBlank(lines[after]!)) after++;
    marker = after < lines.length ? markerOf(lines[after]!) : null;
    if (marker?.sign !== first.sign) break;
    loose ||= after > next;
    next = after;
  }
  loose ||= items.some((item) => item.blocks.filter((block) => block.kind === 'paragraph').length > 1);
  return { block: { kind: 'list', start: first.number, loose, items }, next };
}

/** The lines of one point: those that are indented to its content, and blank ones between them. */
function pointAt(lines: string[], at: number, marker: Marker): { lines: string[]; next: number } {
  const taken = [marker.content];
  let next = at + 1;
  if (marker.content === '' && next < lines.length && isBlank(lines[next]!)) return { lines: taken, next };
  for (let look = next; look < lines.length; look++) {
    if (isBlank(lines[look]!)) continue;
    if (indentOf(lines[look]!) < marker.offset) break;
    for (; next <= look; next++) taken.push(outdent(lines[next]!, marker.offset));
  }
  return { lines: taken, next };
}

function itemOf(lines: string[], depth: number): Item {
  const box = TASK.exec(lines[0]!);
  if (box) lines[0] = lines[0]!.slice(box[0].length);
  const blocks: Block[] = blocksOf(lines, depth + 1);
  return { done: box ? box[1] !== ' ' : null, blocks };
}
