// Lines and how far they are indented; a tab goes to the next multiple of four columns.

/** How many columns of white space the line begins with. */
export function indentOf(line: string): number {
  let columns = 0;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === ' ') columns++;
    else if (line[at] === '\t') columns += 4 - (columns % 4);
    else break;
  }
  return columns;
}

/** The line without its first columns of white space (at most as many as it has). */
export function outdent(line: string, columns: number): string {
  let column = 0;
  let at = 0;
  while (column < columns && at < line.length) {
    if (line[at] === ' ') column++;
    else if (line[at] === '\t') column += 4 - (column % 4);
    else break;
    at++;
  }
  // A tab that reached further leaves the rest of its columns.
  return ' '.repeat(Math.max(0, column - columns)) + line.slice(at);
}

/** Whether there is nothing to see on the line. */
export function isBlank(line: string): boolean {
  return line.trim() === '';
}
