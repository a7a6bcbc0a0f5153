// Lighthouse on its phone profile, for the entrance and for an open room: `npm run lighthouse`. Needs network for npm.
// Prints the median scores of several runs (RUNS); KEEP names a folder for the whole reports.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { chromiumPath, demo, enter, median, person } from './demo.js';

const LIGHTHOUSE = 'lighthouse@12.8.2';
const RUNS = Number(process.env.RUNS ?? 3);
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];

const { url, folder, stop } = await demo();
try {
  report('entrance', url);
  report('room', `${url}/room/${await signIn()}`);
} finally {
  stop();
}

/** Signs in in the profile that Lighthouse will use; answers the room to open. */
async function signIn() {
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  await enter(context, url, 'ada');
  await context.close();
  const rooms = await (await person(url, 'ada'))('GET', '/rooms');
  return rooms.items.find((/** @type {{ name: string }} */ room) => room.name === 'Field team').id;
}

/** @param {string} name @param {string} address */
function report(name, address) {
  /** @type {Record<string, number[]>} */
  const scores = {};
  /** @type {Set<string>} */
  const wanting = new Set();
  for (let run = 0; run < RUNS; run++) {
    const out = join(process.env.KEEP ?? folder, `${name}-${run}.json`);
    const flags = ['--disable-storage-reset', '--quiet', '--output=json', `--output-path=${out}`];
    const browser = `--headless=new --no-sandbox --disable-gpu --user-data-dir=${join(folder, 'profile')}`;
    const asked = [`--only-categories=${CATEGORIES.join(',')}`, `--chrome-flags=${browser}`];
    execFileSync(
      'npm',
      ['exec', '--yes', `--package=${LIGHTHOUSE}`, '--', 'lighthouse', address, ...flags, ...asked],
      { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, CHROME_PATH: chromiumPath } },
    );
    const { categories, audits } = JSON.parse(readFileSync(out, 'utf8'));
    for (const category of CATEGORIES)
      (scores[category] ??= []).push(Math.round(categories[category].score * 100));
    for (const audit of Object.values(audits)) {
      if (audit.score !== null && audit.score < 0.9) wanting.add(`${audit.id} ${audit.displayValue ?? ''}`);
    }
  }
  const medians = Object.entries(scores).map(
    ([category, runs]) => `${category} ${median(runs)} (${runs.join(' ')})`,
  );
  console.log(`${name}: ${medians.join(', ')}\n  below 0.9: ${[...wanting].join('; ') || 'nothing'}`);
}
