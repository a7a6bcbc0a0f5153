// How much work the page is for the browser's main thread: `npm run speed`. No test: machines differ.
// Opening a room of 100,000 messages, 100 messages a second in an open room, the switcher over 1,000 rooms.

import { chromium } from '@playwright/test';
import { chromiumPath, demo, enter, median, passed, person } from './demo.js';

const RUNS = Number(process.env.RUNS ?? 5);
const MESSAGES = 100_000;
const PER_SECOND = 100;
const SECONDS = 10;
const ROOMS = 1_000;

const { url, stop } = await demo('--messages', String(MESSAGES));
const browser = await chromium.launch({
  executablePath: chromiumPath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
});
try {
  await opening();
  for (let run = 0; run < 3; run++) await stream(`Stream ${run + 1}`);
  await switching();
} finally {
  await browser.close();
  stop();
}

/** @typedef {import('@playwright/test').Page} Page */

/** @param {string} login */
async function visit(login, path = '/') {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1440, height: 900 },
  });
  await enter(context, url, login);
  const page = await context.newPage();
  await page.goto(url + path);
  await page.locator('[data-standing=up_to_date]').waitFor({ state: 'attached' });
  return page;
}

/**
 * What the main thread did meanwhile, in milliseconds.
 * @param {Page} page @param {() => Promise<unknown>} act
 */
async function work(page, act) {
  const line = await page.context().newCDPSession(page);
  await line.send('Performance.enable');
  const read = async () => {
    const { metrics } = await line.send('Performance.getMetrics');
    const seconds = (/** @type {string} */ name) =>
      metrics.find((metric) => metric.name === name)?.value ?? NaN;
    return ['TaskDuration', 'ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration'].map(seconds);
  };
  const before = await read();
  await act();
  const after = await read();
  await line.detach();
  return after.map((seconds, index) => Math.round((seconds - (before[index] ?? NaN)) * 1000));
}

/** A room is opened for the first time, in a new browser each time, and a second time. */
async function opening() {
  const times = { first: /** @type {number[][]} */ ([]), again: /** @type {number[][]} */ ([]) };
  for (let run = 0; run < RUNS; run++) {
    const page = await visit('ada');
    const line = (/** @type {string} */ room) =>
      page.getByRole('navigation').getByRole('link', { name: room }).first();
    const open = async (/** @type {string} */ room) => {
      await line(room).click();
      await page.getByRole('heading', { level: 1, name: room }).waitFor();
      await page.locator('[role=log][aria-busy=false] article').first().waitFor();
    };
    await open('General');
    await passed(1500);
    times.first.push(await work(page, () => open('Archive')));
    await passed(500);
    await open('General');
    await passed(500);
    times.again.push(await work(page, () => open('Archive')));
    await page.context().close();
  }
  for (const [when, runs] of Object.entries(times)) {
    const parts = ['in all', 'script', 'style', 'layout'].map(
      (part, index) => `${part} ${median(runs.map((run) => run[index] ?? NaN))}`,
    );
    console.log(
      `open a room of ${MESSAGES} messages, ${when}: main thread ms, medians of ${RUNS}: ${parts.join(', ')}`,
    );
    console.log(`  in all, each run: ${runs.map((run) => run[0]).join(' ')}`);
  }
}

/**
 * Somebody writes a hundred times a second into the room that one looks at.
 * @param {string} name
 */
async function stream(name) {
  const grace = await person(url, 'grace');
  const { id: me } = await (await person(url, 'ada'))('GET', '/me');
  const form = { kind: 'public', name, topic: '', description: '', members: [me] };
  const { id: room } = await grace('POST', '/rooms', form);
  const say = (/** @type {string} */ text) => grace('POST', `/rooms/${room}/messages`, { text });
  for (let n = 0; n < 60; n++) await say(`before ${n}, **bold** and \`code\``);
  const page = await visit('ada', `/room/${room}`);
  await page.getByText('before 59').first().waitFor();
  await passed(2000);
  const line = await browser.newBrowserCDPSession();
  /** @type {any[]} */
  const events = [];
  line.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await line.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', '__metadata'], excludedCategories: ['*'] },
  });
  const start = performance.now();
  const sent = [];
  while (sent.length < PER_SECOND * SECONDS) {
    const due = Math.min(PER_SECOND * SECONDS, ((performance.now() - start) / 1000) * PER_SECOND);
    while (sent.length < due)
      sent.push(say(`live ${sent.length}, see https://example.org/${sent.length} @ada`));
    await passed(2);
  }
  await Promise.all(sent);
  const took = (performance.now() - start) / 1000;
  await page
    .getByText(`live ${sent.length - 1},`)
    .first()
    .waitFor();
  const told = new Promise((resolve) => line.once('Tracing.tracingComplete', resolve));
  await line.send('Tracing.end');
  await told;
  const main = new Set(
    events
      .filter((event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain')
      .map((event) => `${event.pid} ${event.tid}`),
  );
  const tasks = events.filter(
    (event) => event.name === 'ThreadControllerImpl::RunTask' && main.has(`${event.pid} ${event.tid}`),
  );
  const long = (/** @type {'dur' | 'tdur'} */ clock) => {
    const over = tasks.filter((event) => event[clock] > 50_000).length;
    return `${over} over 50 ms, longest ${Math.round(Math.max(...tasks.map((event) => event[clock] ?? 0)) / 1000)} ms`;
  };
  const busy = tasks.reduce((sum, event) => sum + (event.tdur ?? 0), 0) / took / 10_000;
  console.log(
    `${sent.length} messages in ${took.toFixed(1)} s: tasks by processor time ${long('tdur')}; by the clock ${long('dur')}; main thread busy ${busy.toFixed(0)} %`,
  );
  await line.detach();
  await page.context().close();
}

/** The switcher opens and narrows down over a thousand rooms. */
async function switching() {
  const ask = await person(url, 'maxi');
  const have = (await ask('GET', '/rooms')).items.length;
  for (let n = have; n < ROOMS; n++)
    await ask('POST', '/rooms', {
      kind: 'private',
      name: `Place ${n}`,
      topic: '',
      description: '',
      members: [],
    });
  const page = await visit('maxi');
  await passed(3000);
  /** @type {Record<string, number[]>} */
  const times = {};
  for (let run = 0; run < RUNS; run++) {
    const step = async (/** @type {string} */ name, /** @type {string} */ key) => {
      (times[name] ??= []).push((await work(page, () => press(page, key)))[0] ?? NaN);
      await passed(300);
    };
    await step('opens', 'Control+k');
    await step('first letter', 'p');
    await step('second letter', 'l');
    await page.keyboard.press('Escape');
    await passed(300);
  }
  const lines = Object.entries(times).map(([name, runs]) => `${name} ${median(runs)} (${runs.join(' ')})`);
  console.log(`switcher over ${ROOMS} rooms, main thread ms: ${lines.join(', ')}`);
}

/**
 * Until the next picture is painted.
 * @param {Page} page @param {string} key
 */
async function press(page, key) {
  await page.keyboard.press(key);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
}
