// The size budget of the first load: all that a visitor loads until a room is open, as gzip. Run after a build; fails above
// the budget. That is what index.html names, the part that shows a room, and what those import before they run; what else is
// loaded on demand is only listed. Another folder than dist/ may be named.

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = { js: 45_000, css: 12_000 };
/** Loaded on demand, but by everybody: the part that shows a room. */
const ALWAYS = /^Room-[^.]*\.js$/;
const LISTED_MAX = 8;

const dist = resolve(process.argv[2] ?? join(import.meta.dirname, 'dist'));

/** @param {string} path */
const read = (path) => readFileSync(join(dist, path));

/** @param {string} path */
const sizeOf = (path) => gzipSync(read(path), { level: 9 }).length;

/** What a script imports before it runs; `import(` is on demand. */
const IMPORT = /(?:\bimport|\bfrom)\s*["'`](\.[^"'`]+)["'`]/g;

/** @param {string} path @param {Set<string>} found */
function follow(path, found) {
  if (found.has(path)) return;
  found.add(path);
  if (!path.endsWith('.js')) return;
  for (const [, name] of read(path).toString().matchAll(IMPORT)) {
    follow(posix.join(posix.dirname(path), name ?? ''), found);
  }
}

const assets = readdirSync(join(dist, 'assets')).filter((name) => /\.(js|css)$/.test(name));

/** @type {Set<string>} */
const first = new Set();
for (const [, path] of read('index.html')
  .toString()
  .matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)) {
  follow(path ?? '', first);
}
const named = [...first];
for (const name of assets.filter((name) => ALWAYS.test(name))) follow(`assets/${name}`, first);
// A part that is loaded on demand brings its styles along, under its own name.
const partOf = (/** @type {string} */ path) => path.replace(/-.{8}\.\w+$/, '').replace(/\.svelte$/, '');
for (const path of [...first].filter((path) => !named.includes(path))) {
  for (const name of assets) {
    if (name.endsWith('.css') && partOf(`assets/${name}`) === partOf(path)) first.add(`assets/${name}`);
  }
}

for (const kind of /** @type {const} */ (['js', 'css'])) {
  const files = [...first].filter((path) => path.endsWith(`.${kind}`));
  if (files.length === 0) {
    console.error(`${dist}/index.html names no ${kind}. Run \`npm run build\` first.`);
    process.exit(1);
  }
  const total = files.reduce((sum, path) => sum + sizeOf(path), 0);
  const fits = total <= BUDGET_BYTES[kind];
  console.log(`${kind}: ${total} of ${BUDGET_BYTES[kind]} bytes (gzip)${fits ? '' : ', too much'}`);
  if (files.length > 1) for (const path of files) console.log(`  ${sizeOf(path)} ${path}`);
  if (!fits) process.exitCode = 1;
}

const demanded = assets
  .map((name) => `assets/${name}`)
  .filter((path) => !first.has(path))
  .map((path) => ({ path, size: sizeOf(path) }))
  .sort((a, b) => b.size - a.size);
console.log(`on demand: ${demanded.length} files, the greatest of them:`);
for (const { path, size } of demanded.slice(0, LISTED_MAX)) console.log(`  ${size} ${path}`);
