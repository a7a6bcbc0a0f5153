// Reads tables: a line of names, a line of dashes that says how columns are aligned, and the lines below them.

import type { Taken } from './blocks';
import { inlineOf } from './inline';
import { isBlank } from './lines';
import type { Align } from './tree';

const COLUMNS_MAX = 32;

/** The table that begins on this line. */
export function tableAt(lines: string[], at: number): Taken | null {
  const aligns = at + 1 < lines.length && lines[at]!.includes('|') ? alignsOf(lines[at + 1]!) : null;
  if (!aligns) return null;
  const names = cellsOf(lines[at]!);
  if (names.length !== aligns.length) return null;
  const rows = [];
  let next = at + 2;
  for (; next < lines.length && !endsTable(lines[next]!); next++) {
    rows.push(cellsOf(lines[next]!).slice(0, aligns.length).map(inlineOf));
  }
  return { block: { kind: 'table', aligns, head: names.map(inlineOf), rows }, next };
}

/** In a chat a line without a bar is the next thing said, not a row of one cell. */
function endsTable(line: string): boolean {
  return isBlank(line) || !line.includes('|') || /^ {0,3}(?:>|#{1,6}[ \t]|[-*+•][ \t]|`{3}|~{3})/.test(line);
}

function alignsOf(line: string): Align[] | null {
  if (!line.includes('|') || !/^[ \t|:-]+$/.test(line)) return null;
  const cells = cellsOf(line);
  if (cells.length > COLUMNS_MAX || !cells.every((cell) => /^:?-+:?$/.test(cell))) return null;
  return cells.map((cell) => {
    const [left, right] = [cell.startsWith(':'), cell.endsWith(':')];
    return left && right ? 'center' : right ? 'end' : left ? 'start' : null;
  });
}

/** The cells of a line: what stands between bars that are not escaped. */
function cellsOf(line: string): string[] {
  const row = line.trim();
  const cells: string[] = [];
  let cell = '';
  for (let at = row.startsWith('|') ? 1 : 0; at < row.length; at++) {
    if (row[at] === '\\' && at + 1 < row.length) {
      cell += row[at + 1] === '|' ? '|' : `\\${row[at + 1]}`;
      at++;
    } else if (row[at] === '|') {
      cells.push(cell.trim());
      cell = '';
    } else {
      cell += row[at];
    }
  }
  if (cell.trim() !== '' || !row.endsWith('|') || cells.length === 0) cells.push(cell.trim());
  return cells;
}
