// The page opens without a network once it was there, and a newer release of it is offered, never forced.

import { words } from '../src/words/all';
import { problemsInBoth } from './fixtures/axe';
import { Visitor } from './fixtures/people';
import { Gate } from './fixtures/gate';
import { expect, test as base } from './fixtures/test';
import type { Page } from '@playwright/test';

const test = base.extend<{ gate: Gate; ada: Visitor }>({
  gate: async ({ server }, use) => {
    const gate = await Gate.start(server);
    await use(gate);
    await gate.stop();
  },
  ada: async ({ browser, gate, visitors }, use) => {
    const ada = await Visitor.register(browser, gate, 'Ada');
    visitors.push(ada);
    await isKept(ada.page);
    await use(ada);
  },
});

/** The service worker has everything that it needs. */
async function isKept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active?.state !== 'activated') await new Promise((resolve) => setTimeout(resolve, 20));
  });
}

/** From now on the server has another release, whose pages say so. */
function release(gate: Gate, name: string): void {
  gate.change = (path, text) => {
    const renamed = text.replace(
      /(name="release" content="|\bid:[`"'])[0-9a-f]{16}/g,
      (_all, before: string) => {
        return before + name.padEnd(16, '0');
      },
    );
    if (path === '/service-worker.js') expect(renamed).not.toBe(text);
    return renamed.replace('<html lang="en">', `<html lang="en" data-release="${name}">`);
  };
}

/** Asks for a new release, as the page does now and then. */
async function check(page: Page): Promise<void> {
  await page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
}

const releaseOf = (page: Page) => page.locator('html').getAttribute('data-release');

test('the page opens without a network after a first visit, at any of its addresses', async ({ ada }) => {
  await ada.open('General');
  await ada.context.setOffline(true);
  await ada.page.reload();
  await expect(ada.page).toHaveTitle(/./);
  await expect(ada.page.locator('#app > *').first()).toBeVisible();
  await ada.page.goto(new URL('/settings/look', ada.page.url()).href);
  await expect(ada.page.locator('#app > *').first()).toBeVisible();
  const api = await ada.page.evaluate(() => fetch('/api/v1/server').then(String, () => 'no answer'));
  expect(api).toBe('no answer');
  await ada.context.setOffline(false);
  await ada.page.reload();
  await ada.isUpToDate();
});

test('a network that lets one wait does not hold the page up for long', async ({ ada, gate }) => {
  gate.delayMs = 30_000;
  const before = Date.now();
  await ada.page.reload({ waitUntil: 'commit' });
  await expect(ada.page.locator('#app > *').first()).toBeVisible();
  expect(Date.now() - before).toBeLessThan(10_000);
  await ada.isUpToDate();
});

test('the first visit offers nothing; a new release is offered, and comes when it is asked for', async ({
  ada,
  gate,
}) => {
  const { page } = ada;
  await ada.open('General');
  const offer = page.getByText(words.newVersion);
  await expect(offer).toHaveCount(0);
  await check(page);
  await expect(offer).toHaveCount(0);

  release(gate, 'b');
  await check(page);
  await expect(offer).toBeVisible();
  expect(await problemsInBoth(page)).toEqual([]);
  expect(await releaseOf(page)).toBeNull();
  await ada.composer.fill('half a thought');

  let loads = 0;
  page.on('load', () => (loads += 1));
  await page.getByRole('button', { name: words.reload }).click();
  await expect.poll(() => releaseOf(page)).toBe('b');
  await isKept(page);
  await ada.isUpToDate();
  await expect(ada.composer).toHaveValue('half a thought');
  await expect(offer).toHaveCount(0);
  expect(loads).toBe(1);

  await ada.context.setOffline(true);
  await page.reload();
  await expect.poll(() => releaseOf(page)).toBe('b');
});

test('an offer that was waved away does not come back until there is another release', async ({
  ada,
  gate,
}) => {
  const { page } = ada;
  const offer = page.getByText(words.newVersion);
  release(gate, 'b');
  await check(page);
  await page.getByRole('button', { name: words.notNow }).click();
  await expect(offer).toHaveCount(0);
  await check(page);
  await expect(offer).toHaveCount(0);
  release(gate, 'c');
  await check(page);
  await expect(offer).toBeVisible();
});

test('who loads the page anew has the new release without being asked; other tabs are offered it', async ({
  ada,
  gate,
}) => {
  const other = await ada.context.newPage();
  await other.goto(gate.url);
  await expect(other.locator('[data-standing=up_to_date]')).toBeAttached();
  release(gate, 'b');
  await ada.page.reload();
  expect(await releaseOf(ada.page)).toBe('b');
  await expect(other.getByText(words.newVersion)).toBeVisible();
  await expect(ada.page.getByText(words.newVersion)).toHaveCount(0);
  expect(await releaseOf(other)).toBeNull();
  await other.getByRole('button', { name: words.reload }).click();
  await expect.poll(() => releaseOf(other)).toBe('b');
});

test('a page of somebody in between is not taken for ours', async ({ ada, gate }) => {
  const hotel = '<!doctype html><title>Hotel</title><p>Pay first</p>';
  release(gate, 'b');
  const ours = gate.change;
  gate.change = (path, text) => (path === '/' ? hotel : ours(path, text));
  await check(ada.page).catch(() => undefined);
  await ada.context.setOffline(true);
  await ada.page.reload();
  await expect(ada.page.locator('#app > *').first()).toBeVisible();
  expect(await releaseOf(ada.page)).toBeNull();
});

test('a click on a notification opens its room in the page that is open', async ({ ada }) => {
  await ada.open('General');
  const path = `/room/${ada.roomId()}`;
  await ada.page.goto(new URL('/settings/look', ada.page.url()).href);
  await ada.isUpToDate();
  const worker = ada.context.serviceWorkers()[0]!;
  await worker.evaluate((path) => {
    const event = Object.assign(new Event('notificationclick'), {
      notification: { close: () => undefined, data: { path } },
      waitUntil: () => undefined,
    });
    self.dispatchEvent(event);
  }, path);
  await expect(ada.page).toHaveURL(new RegExp(`${path}$`));
  await expect(ada.page.getByRole('heading', { level: 1, name: 'General' })).toBeVisible();
});
