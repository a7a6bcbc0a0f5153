// The size budget of the first load: what index.html asks for, as gzip. Run after a build; fails above the budget.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = { js: 45_000, css: 12_000 };

const dist = join(import.meta.dirname, 'dist');
const page = readFileSync(join(dist, 'index.html'), 'utf8');
const files = [...page.matchAll(/(?:src|href)="\/([^"]+\.(js|css))"/g)];

const total = { js: 0, css: 0 };
for (const [, path, kind] of files) {
  total[/** @type {'js' | 'css'} */ (kind)] += gzipSync(readFileSync(join(dist, path ?? ''))).length;
}
if (total.js === 0 || total.css === 0) {
  console.error('dist/index.html names no script or no style sheet. Run `npm run build` first.');
  process.exit(1);
}
for (const kind of /** @type {const} */ (['js', 'css'])) {
  const fits = total[kind] <= BUDGET_BYTES[kind];
  console.log(`${kind}: ${total[kind]} of ${BUDGET_BYTES[kind]} bytes (gzip)${fits ? '' : ', too much'}`);
  if (!fits) process.exitCode = 1;
}
