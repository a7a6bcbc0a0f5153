// The size budgets, as gzip; run after a build, fails above them. The first load is what index.html names and what those scripts
// import before they run: signing in aside, all that shows the list of rooms. The first room that is opened brings the rest of
// what reading and writing need. What else is loaded on demand is only listed. Another folder than dist/ may be named.

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const FIRST_BYTES = { js: 45_000, css: 12_000 };
const ROOM_BYTES = { js: 32_000, css: 6_000 };
/** The part that shows a room. */
const ROOM = /^Room-[^.]*\.js$/;
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
/** @type {Set<string>} */
const withRoom = new Set(first);
for (const name of assets.filter((name) => ROOM.test(name))) follow(`assets/${name}`, withRoom);
const room = new Set([...withRoom].filter((path) => !first.has(path)));
// A part that is loaded on demand brings its styles along, under its own name.
const partOf = (/** @type {string} */ path) => path.replace(/-.{8}\.\w+$/, '').replace(/\.svelte$/, '');
for (const path of [...room]) {
  for (const name of assets) {
    if (name.endsWith('.css') && partOf(`assets/${name}`) === partOf(path)) room.add(`assets/${name}`);
  }
}

check('first load', first, FIRST_BYTES);
check('the first room besides', room, ROOM_BYTES);

/** @param {string} what @param {Set<string>} paths @param {{ js: number, css: number }} budget */
function check(what, paths, budget) {
  for (const kind of /** @type {const} */ (['js', 'css'])) {
    const files = [...paths].filter((path) => path.endsWith(`.${kind}`));
    if (files.length === 0) {
      console.error(`${dist} has no ${kind} for this: ${what}. Run \`npm run build\` first.`);
      process.exit(1);
    }
    const total = files.reduce((sum, path) => sum + sizeOf(path), 0);
    const fits = total <= budget[kind];
    console.log(`${what}: ${kind} ${total} of ${budget[kind]} bytes (gzip)${fits ? '' : ', too much'}`);
    for (const path of files) console.log(`  ${sizeOf(path)} ${path}`);
    if (!fits) process.exitCode = 1;
  }
}

const demanded = assets
  .map((name) => `assets/${name}`)
  .filter((path) => !first.has(path) && !room.has(path))
  .map((path) => ({ path, size: sizeOf(path) }))
  .sort((a, b) => b.size - a.size);
console.log(`on demand: ${demanded.length} files, the greatest of them:`);
for (const { path, size } of demanded.slice(0, LISTED_MAX)) console.log(`  ${size} ${path}`);
