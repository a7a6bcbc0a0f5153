// Reads a message's text into blocks, line by line: CommonMark and GitHub's tables and tasks as people use them in chats.
// Must take no longer than the text is long, whatever the text, and must never throw.

import { inlineOf } from './inline';
import { isBlank } from './lines';
import { listAt, listInterrupts } from './list';
import { tableAt } from './table';
import { DEPTH_MAX, type Block } from './tree';

/** A block, and the line after it. */
export type Taken<T extends Block = Block> = { block: T; next: number };

const HEADING = /^ {0,3}(#{1,6})[ \t]+(\S.*)$/;
const QUOTE = /^ {0,3}> ?/;
const FENCE = /^( {0,3})(`{3,}|~{3,})(.*)$/;

/** Reads a text. */
export function read(text: string): Block[] {
  return blocksOf(text.replace(/\r\n?/g, '\n').split('\n'), 0);
}

/** Reads the lines of a text, a quote or a point of a list. */
export function blocksOf(lines: string[], depth: number): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length;) {
    if (isBlank(lines[at]!)) {
      at++;
      continue;
    }
    const taken = blockAt(lines, at, depth) ?? paragraphAt(lines, at, depth);
    blocks.push(taken.block);
    at = taken.next;
  }
  return blocks;
}

function blockAt(lines: string[], at: number, depth: number): Taken | null {
  return (
    codeAt(lines, at) ??
    headingAt(lines, at) ??
    ruleAt(lines, at) ??
    (depth < DEPTH_MAX ? (quoteAt(lines, at, depth) ?? listAt(lines, at, depth)) : null) ??
    tableAt(lines, at)
  );
}

/** Whether a paragraph ends before this line. */
function interrupts(lines: string[], at: number, depth: number): boolean {
  const line = lines[at]!;
  return (
    isBlank(line) ||
    fenceOf(line) !== null ||
    HEADING.test(line) ||
    isRule(line) ||
    (depth < DEPTH_MAX && (QUOTE.test(line) || listInterrupts(line))) ||
    tableAt(lines, at) !== null
  );
}

function paragraphAt(lines: string[], at: number, depth: number): Taken {
  let next = at + 1;
  while (next < lines.length && !interrupts(lines, next, depth)) next++;
  const text = lines.slice(at, next).join('\n').trim();
  return { block: { kind: 'paragraph', parts: inlineOf(text) }, next };
}

function headingAt(lines: string[], at: number): Taken | null {
  const [, marks, rest] = HEADING.exec(lines[at]!) ?? [];
  if (marks === undefined || rest === undefined) return null;
  const text = rest.trimEnd();
  // Marks at the end belong to the heading, if they stand alone.
  let end = text.length;
  while (text[end - 1] === '#') end--;
  const isClosed = end === 0 || /\s/.test(text[end - 1]!);
  const parts = inlineOf(isClosed ? text.slice(0, end).trimEnd() : text);
  return { block: { kind: 'heading', level: marks.length, parts }, next: at + 1 };
}

/** Whether the line is nothing but three or more of one mark. */
export function isRule(line: string): boolean {
  if (!/^ {0,3}[-*_]/.test(line)) return false;
  const marks = line.replace(/[ \t]/g, '');
  return marks.length >= 3 && /^(?:-+|\*+|_+)$/.test(marks);
}

function ruleAt(lines: string[], at: number): Taken | null {
  return isRule(lines[at]!) ? { block: { kind: 'rule' }, next: at + 1 } : null;
}

function fenceOf(line: string): { indent: number; mark: string; said: string } | null {
  const [, indent, mark, rest] = FENCE.exec(line) ?? [];
  if (indent === undefined || mark === undefined || rest === undefined) return null;
  // A line such as ```x``` is code within a line.
  if (mark[0] === '`' && rest.includes('`')) return null;
  return { indent: indent.length, mark, said: rest.trim() };
}

/** Code between fences; without a second fence it goes on to the end. */
function codeAt(lines: string[], at: number): Taken | null {
  const fence = fenceOf(lines[at]!);
  if (!fence) return null;
  const code: string[] = [];
  let next = at + 1;
  for (; next < lines.length; next++) {
    const other = fenceOf(lines[next]!);
    if (other && other.said === '' && other.mark.startsWith(fence.mark)) break;
    code.push(withoutIndent(lines[next]!, fence.indent));
  }
  const language = /^[^\s`]*/.exec(fence.said)![0];
  return { block: { kind: 'code', language, text: code.join('\n') }, next: next + 1 };
}

function withoutIndent(line: string, columns: number): string {
  let at = 0;
  while (at < columns && line[at] === ' ') at++;
  return line.slice(at);
}

/** A quote ends with the last line that is marked: what follows is one's own word. */
function quoteAt(lines: string[], at: number, depth: number): Taken | null {
  if (!QUOTE.test(lines[at]!)) return null;
  let next = at;
  const said: string[] = [];
  for (; next < lines.length && QUOTE.test(lines[next]!); next++) {
    said.push(lines[next]!.replace(QUOTE, ''));
  }
  return { block: { kind: 'quote', blocks: blocksOf(said, depth + 1) }, next };
}
