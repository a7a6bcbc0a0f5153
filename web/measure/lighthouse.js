// Lighthouse on its phone profile, for the entrance, a room, and one whose talk needs the letters of six scripts: `npm run lighthouse`. Needs network for npm.
// Prints the median scores of several runs (RUNS); KEEP names a folder for the whole reports.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { chromiumPath, demo, enter, median, person } from './demo.js';

const LIGHTHOUSE = 'lighthouse@12.8.2';
const RUNS = Number(process.env.RUNS ?? 3);
const TRIES_MAX = 3;
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];

const { url, folder, stop } = await demo();
try {
  report('entrance', url);
  const rooms = await signIn();
  for (const name of ['General', 'Field team']) report(name, `${url}/room/${rooms.get(name)}`);
} finally {
  stop();
}

/** Signs in in the profile that Lighthouse will use; answers the rooms by their names. */
async function signIn() {
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  await enter(context, url, 'ada');
  await context.close();
  const rooms = await (await person(url, 'ada'))('GET', '/rooms');
  return new Map(rooms.items.map((/** @type {{ name: string, id: string }} */ { name, id }) => [name, id]));
}

/**
 * Runs Lighthouse; now and then it finds no beginning in what it recorded, and is run again.
 * @param {string[]} command
 */
function measured(command) {
  for (let tries = 1; ; tries++) {
    try {
      execFileSync('npm', command, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, CHROME_PATH: chromiumPath },
      });
      return;
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
    }
  }
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
    const command = [
      'exec',
      '--yes',
      `--package=${LIGHTHOUSE}`,
      '--',
      'lighthouse',
      address,
      ...flags,
      ...asked,
    ];
    measured(command);
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
