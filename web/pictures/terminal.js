// Makes a picture of a terminal: reads `tmux capture-pane -e -p` from its input, writes SVG.
// Every run of letters is put at its column, so that the picture is right whatever the font.

import { text as textOf } from 'node:stream/consumers';

/**
 * @typedef {{ bold?: boolean, dim?: boolean, italic?: boolean, underlined?: boolean, reversed?: boolean,
 *   struck?: boolean, ink?: string, paper?: string }} Look
 * @typedef {{ text: string, look: Look, width: number }} Run
 */

const CELL = { width: 8.4, height: 18 };
const SIZE = 14;
/** What the terminal uses where nothing is said. */
const INK = '#cccccc';
const PAPER = '#111111';
const BASIC = [
  ...['#000000', '#a02218', '#2e7d32', '#8a6d00', '#1e5aa8', '#7b3fa0', '#1b7f8c', '#cccccc'],
  ...['#666666', '#e06c60', '#6fbf73', '#d8b84a', '#6ea8ff', '#c792ea', '#5fc9d6', '#ffffff'],
];

const input = await textOf(process.stdin);
const rows = input.replace(/\n$/, '').split('\n').map(runs);
const columns = Math.max(...rows.map((row) => row.reduce((sum, run) => sum + run.width, 0)));
const [width, height] = [columns * CELL.width, rows.length * CELL.height];
const shapes = rows.flatMap((row, number) => drawn(row, number));
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="${SIZE}" role="img" aria-label="Rill in a terminal">\n` +
    `<rect width="${width}" height="${height}" rx="6" fill="${PAPER}"/>\n${shapes.join('\n')}\n</svg>\n`,
);

/**
 * A row as runs of one look.
 * @param {string} line
 */
function runs(line) {
  /** @type {Run[]} */
  const found = [];
  /** @type {Look} */
  let look = {};
  for (const part of line.split(/(\x1b\[[0-9;]*m|\x1b\(B|\x0e|\x0f)/)) {
    if (part.startsWith('\x1b[')) look = after(look, part.slice(2, -1).split(';').map(Number));
    else if (part && !/^[\x1b\x0e\x0f]/.test(part)) {
      for (const run of part.match(/[\x20-\x7e]+|[\u0590-\u08ff]+|[^\x20-\x7e]/gu) ?? [])
        found.push({ text: run, look, width: columnsOf(run) });
    }
  }
  return found;
}

/**
 * The look after a sequence of SGR numbers.
 * @param {Look} before
 * @param {number[]} numbers
 */
function after(before, numbers) {
  let look = { ...before };
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at] ?? 0;
    if (number === 0) look = {};
    else if (number === 1) look.bold = true;
    else if (number === 2) look.dim = true;
    else if (number === 3) look.italic = true;
    else if (number === 4) look.underlined = true;
    else if (number === 7) look.reversed = true;
    else if (number === 9) look.struck = true;
    else if (number === 22) look.bold = look.dim = false;
    else if (number === 27) look.reversed = false;
    else if (number === 38 || number === 48) {
      const name = number === 38 ? 'ink' : 'paper';
      if (numbers[at + 1] === 5) look[name] = indexed(numbers[at + 2] ?? 0);
      else look[name] = `rgb(${numbers.slice(at + 2, at + 5).join(',')})`;
      at += numbers[at + 1] === 5 ? 2 : 4;
    } else if (number >= 30 && number <= 37) look.ink = BASIC[number - 30];
    else if (number >= 40 && number <= 47) look.paper = BASIC[number - 40];
    else if (number === 39) delete look.ink;
    else if (number === 49) delete look.paper;
  }
  return look;
}

/** @param {number} number */
function indexed(number) {
  if (number < 16) return BASIC[number];
  if (number >= 232) {
    const grey = 8 + (number - 232) * 10;
    return `rgb(${grey},${grey},${grey})`;
  }
  const point = number - 16;
  const steps = [Math.floor(point / 36), Math.floor(point / 6) % 6, point % 6];
  return `rgb(${steps.map((step) => (step === 0 ? 0 : 55 + 40 * step)).join(',')})`;
}

/**
 * @param {Run[]} row
 * @param {number} number
 */
function drawn(row, number) {
  const shapes = [];
  const y = number * CELL.height;
  let column = 0;
  for (const { text, look, width } of row) {
    const x = column * CELL.width;
    column += width;
    const [ink, paper] = look.reversed
      ? [look.paper ?? PAPER, look.ink ?? INK]
      : [look.ink ?? INK, look.paper ?? PAPER];
    const wide = width * CELL.width;
    if (paper !== PAPER)
      shapes.push(
        `<rect x="${x}" y="${y}" width="${wide + 0.5}" height="${CELL.height + 0.5}" fill="${paper}"/>`,
      );
    if (text.trim() === '') continue;
    const style = [
      look.bold ? ' font-weight="bold"' : '',
      look.italic ? ' font-style="italic"' : '',
      look.dim ? ' opacity="0.7"' : '',
      look.underlined ? ' text-decoration="underline"' : '',
      look.struck ? ' text-decoration="line-through"' : '',
    ].join('');
    const fit =
      width > 1 || /[\x20-\x7e]/.test(text) ? ` textLength="${wide}" lengthAdjust="spacingAndGlyphs"` : '';
    shapes.push(
      `<text x="${x}" y="${y + 13.5}" xml:space="preserve" fill="${ink}"${fit}${style}>${escaped(text)}</text>`,
    );
  }
  return shapes;
}

/**
 * Columns of a run: letters of East Asia and emoji take two, marks and joiners none.
 * @param {string} run
 */
function columnsOf(run) {
  if (/^[\x20-\x7e]+$/.test(run)) return run.length;
  // Letters that join are one run, so that they do.
  if (/^[\u0590-\u08ff]+$/.test(run)) return [...run].filter((letter) => !/\p{M}/u.test(letter)).length;
  if (/\p{M}|[\u200c\u200d\ufe0e\ufe0f]/u.test(run)) return 0;
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u.test(
    run,
  )
    ? 2
    : 1;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
