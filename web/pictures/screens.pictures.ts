// Every screen of the page, on the sample that `rill demo` shows: `npm run pictures`, or `npm run pictures -- -g room`.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test, type BrowserContext, type Page } from '@playwright/test';
import { accountWords } from '../src/words/account';
import { words } from '../src/words/all';
import { sheet, type Reach } from './sheet';

let folder: string;
let server: ChildProcess;
let url: string;
let signedIn: Awaited<ReturnType<BrowserContext['storageState']>>;

test.beforeAll(async ({ browser }) => {
  folder = await mkdtemp(join(tmpdir(), 'rill-pictures-'));
  const ready = join(folder, 'ready');
  const binary = resolve(process.env.BIN_UNDER_TEST ?? '../target/debug/rill');
  const flags = ['demo', '--listen', '127.0.0.1:0', '--messages', '5000', '--ready-file', ready];
  const raised = [
    'requests_per_user',
    'requests_per_address',
    'sign_ins_per_account',
    'sign_ins_per_address',
  ];
  const limits = raised.flatMap((name) => ['--limit', `${name}=1000/1s:1000`]);
  server = spawn(binary, [...flags, ...limits], { cwd: folder, stdio: 'ignore' });
  await expect.poll(() => readFile(ready, 'utf8').catch(() => ''), { timeout: 60_000 }).toMatch(/:\d+$/);
  url = `http://${await readFile(ready, 'utf8')}`;
  const context = await browser.newContext();
  await context.request.post(`${url}/api/v1/sessions`, {
    headers: { Origin: url, 'X-Rill': '1' },
    data: { login: 'ada', password: 'correct horse', session: 'cookie' },
  });
  await context.request.post(`${url}/api/v1/rooms`, {
    headers: { Origin: url, 'X-Rill': '1' },
    data: { kind: 'private', name: 'Quiet corner', topic: '', description: '', members: [] },
  });
  signedIn = await context.storageState();
  await context.close();
});

test.afterAll(async () => {
  server.kill();
  await rm(folder, { recursive: true, force: true });
});

function picture(name: string, reach: Reach, signed = true): void {
  test(name, async ({ browser }) => {
    await sheet(
      browser,
      name,
      url,
      (browser, _, options) =>
        browser.newContext({ ...options, storageState: signed ? signedIn : undefined }),
      reach,
    );
  });
}

const list = (page: Page) => page.getByRole('navigation', { name: words.rooms, exact: true });
const settled = (page: Page) => expect(page.getByRole('log')).toHaveAttribute('aria-busy', 'false');

async function enter(page: Page, room: string): Promise<void> {
  await list(page).getByRole('link', { name: room }).first().click();
  await settled(page);
}

/** Opens the room with something beside it. */
async function beside(page: Page, room: string, query: string): Promise<void> {
  await enter(page, room);
  await page.goto(`${new URL(page.url()).pathname}${query}`);
  await expect(page.getByRole('button', { name: words.close }).first()).toBeVisible();
}

async function dialog(page: Page, name: string): Promise<void> {
  await list(page).getByRole('button', { name }).first().click();
  await expect(page.getByRole('dialog')).toBeVisible();
}

/** The keys of the page work as soon as their part of it is loaded. */
async function pressed(page: Page, keys: string): Promise<void> {
  await expect(async () => {
    await page.keyboard.press(keys);
    await expect(page.getByRole('dialog')).toBeVisible({ timeout: 500 });
  }).toPass();
}

picture('entrance', async (page) => expect(page.getByLabel(words.login)).toBeVisible(), false);
picture(
  'entrance-refused',
  async (page) => {
    await page.getByLabel(words.login).fill('ada');
    await page.getByLabel(words.password, { exact: true }).fill('wrong password');
    await page.locator('button[type=submit]').click();
    await expect(page.getByText(accountWords.wrongCredentials)).toBeVisible();
  },
  false,
);
picture('list', async (page) => expect(list(page)).toBeVisible());
picture('room', (page) => enter(page, 'Field team'));
picture('room-many-messages', async (page) => {
  await enter(page, 'Archive');
  await page.getByRole('log').press('PageUp');
});
picture('room-long-names', (page) => enter(page, 'Kitchen'));
picture('room-empty', (page) => enter(page, 'Quiet corner'));
picture('room-offline', async (page) => {
  await enter(page, 'Kitchen');
  await page.context().setOffline(true);
  await page.locator('form textarea').fill('Is there any soup left?');
  await page.getByRole('button', { name: words.send, exact: true }).click();
  await expect(page.getByText(words.willBeSent).first()).toBeVisible();
});
picture('room-error', async (page) => {
  await page.route('**/messages?*', (route) => route.abort());
  await list(page).getByRole('link', { name: 'General' }).first().click();
  await expect(page.getByRole('button', { name: words.tryAgain }).first()).toBeVisible();
});
picture('message-menu', async (page, size) => {
  await enter(page, 'Field team');
  const line = page.getByRole('article').last();
  if (!size.touch) await line.hover();
  await line.getByRole('button', { name: words.actions }).click();
  await expect(page.getByRole('menu')).toBeVisible();
});
picture('emoji', async (page) => {
  await enter(page, 'Field team');
  await page.locator('form').getByRole('button', { name: words.pickEmoji }).click();
  await expect(page.getByPlaceholder(words.emojiSearch)).toBeVisible();
});
picture('details', (page) => beside(page, 'Field team', '?pane=details'));
picture('pins', (page) => beside(page, 'Field team', '?pane=pins'));
picture('thread', async (page) => {
  await enter(page, 'Field team');
  await page.getByRole('button', { name: words.replies(5) }).click();
  await expect(page.getByPlaceholder(words.writeInThread)).toBeVisible();
});
picture('search', async (page) => {
  await page.goto('/search?q=from:grace%20the');
  await expect(page.locator('mark').first()).toBeVisible();
});
picture('search-begin', async (page) => {
  await page.goto('/search');
  await expect(page.getByRole('combobox')).toBeVisible();
});
picture('switcher', async (page) => {
  await pressed(page, 'Control+k');
});
picture('browse', (page) => dialog(page, words.browse));
picture('new-room', (page) => dialog(page, words.newRoom));
picture('message-someone', (page) => dialog(page, words.message));
picture('keys', async (page) => {
  await pressed(page, 'Control+/');
});
for (const place of ['profile', 'sign-in', 'sessions', 'look', 'notifications']) {
  picture(`settings-${place}`, async (page) => {
    await page.goto(`/settings/${place}`);
    await expect(page.getByRole('heading', { level: 2 }).first()).toBeVisible();
  });
}
