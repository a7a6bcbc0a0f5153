// Lighthouse on its phone profile, for the entrance and for an open room: `npm run lighthouse`. Needs network for npm.
// Starts a demo server of its own (BIN_UNDER_TEST) and prints the median scores of several runs.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from '@playwright/test';

const LIGHTHOUSE = 'lighthouse@12.8.2';
const RUNS = Number(process.env.RUNS ?? 3);
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const folder = mkdtempSync(join(tmpdir(), 'rill-lighthouse-'));

const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const binary = resolve(process.env.BIN_UNDER_TEST ?? '../target/release/rill');
const server = spawn(binary, ['demo', '--listen', `127.0.0.1:${port}`], { stdio: 'ignore', cwd: folder });
try {
  await answering(url);
  report('entrance', url);
  report('room', `${url}/room/${await signIn()}`);
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}

/** Signs in in the profile that Lighthouse will use; answers the room to open. */
async function signIn() {
  const browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const page = await browser.newPage();
  await page.goto(url);
  const room = await page.evaluate(async () => {
    await fetch('/api/v1/sessions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Rill': '1' },
      body: JSON.stringify({ login: 'ada', password: 'correct horse', session: 'cookie' }),
    });
    const rooms = await (await fetch('/api/v1/rooms')).json();
    return rooms.items.find((/** @type {{ name: string }} */ room) => room.name === 'Field team').id;
  });
  await browser.close();
  return room;
}

/** @param {string} name @param {string} address */
function report(name, address) {
  /** @type {Record<string, number[]>} */
  const scores = {};
  /** @type {Set<string>} */
  const wanting = new Set();
  for (let run = 0; run < RUNS; run++) {
    const out = join(folder, `${name}-${run}.json`);
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

/** @param {number[]} list */
function median(list) {
  return [...list].sort((a, b) => a - b)[list.length >> 1];
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((found) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => found(address && typeof address === 'object' ? address.port : 0));
    });
  });
}

/** @param {string} address */
async function answering(address) {
  for (let tries = 0; tries < 300; tries++) {
    if (
      await fetch(address).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return;
    await new Promise((passed) => setTimeout(passed, 100));
  }
  throw new Error('The server does not answer.');
}
