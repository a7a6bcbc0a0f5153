// One person does everything without a mouse, sees at each step where the focus is, and gets it back where they were.

import type { Locator, Page } from '@playwright/test';
import { accountWords } from '../src/words/account';
import { besideWords } from '../src/words/beside';
import { searchWords } from '../src/words/search';
import { words } from '../src/words/all';
import { PASSWORD } from './fixtures/people';
import { Someone } from './fixtures/someone';
import { expect, test } from './fixtures/test';

/** More presses of one key than this and nobody would do it. */
const PRESSES_MAX = 60;

/** What has the focus is on the screen, and it can be seen that it has it. */
async function isSeen(page: Page): Promise<void> {
  const found = () =>
    page.evaluate(() => {
      const one = document.activeElement;
      if (!(one instanceof HTMLElement) || one === document.body) return 'nothing has the focus';
      // A title that the focus was put on, so that reading goes on there, is no control.
      if (one.matches('h1, h2')) return '';
      const { top, bottom, left, right } = one.getBoundingClientRect();
      const [x, y] = [(left + right) / 2, (top + bottom) / 2];
      const inside = x >= 0 && x <= innerWidth && bottom > 0 && top < innerHeight;
      if (!inside || !one.checkVisibility()) return `out of sight: ${one.outerHTML.slice(0, 80)} ${x} ${y}`;
      // Alone in its dialog, a field is told by its caret.
      if (one.matches('dialog input[role=combobox]')) return '';
      let part: HTMLElement | null = one;
      for (let level = 0; part && level < 4; level += 1, part = part.parentElement) {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(part);
        if (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) return '';
        if (/ 0px 0px 0px [12]px/.test(boxShadow)) return '';
      }
      return `cannot be told: ${one.outerHTML.slice(0, 80)}`;
    });
  await expect.poll(found).toBe('');
}

/** It has the focus, and that is seen. */
async function isAt(one: Locator): Promise<void> {
  await expect(one).toBeFocused();
  await isSeen(one.page());
}

/** Presses Tab until the focus is there; it is seen at each stop. */
async function tabTo(one: Locator, key = 'Tab'): Promise<void> {
  const page = one.page();
  await expect(one).toBeVisible();
  for (let presses = 0; presses < PRESSES_MAX; presses += 1) {
    await page.keyboard.press(key);
    await isSeen(page);
    if (await one.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`The Tab key does not come to ${String(one)}`);
}

test('everything can be done with the keyboard alone', async ({ arrive, server }) => {
  test.setTimeout(120_000);
  const ada = await arrive('Ada');
  const { page } = ada;
  const { keyboard } = page;
  const dialog = page.getByRole('dialog');
  const pane = page.getByRole('complementary', { name: /./ });
  const write = async (text: string) => {
    await isAt(ada.composer);
    await keyboard.type(text);
    await keyboard.press('Enter');
    await isAt(ada.composer);
    await expect(ada.composer).toHaveValue('');
  };

  await test.step('make an account', async () => {
    await isAt(page.getByLabel(words.username, { exact: true }));
    await keyboard.type('ada');
    await tabTo(page.getByLabel(words.displayName));
    await keyboard.type('Ada');
    await tabTo(page.getByLabel(words.password, { exact: true }));
    await keyboard.type(PASSWORD);
    await keyboard.press('Enter');
    await expect(ada.roomLine('General')).toBeVisible({ timeout: 20_000 });
    await ada.isUpToDate();
  });

  await test.step('make a room', async () => {
    const opener = ada.sidebar.getByRole('button', { name: words.newRoom });
    await tabTo(opener);
    await keyboard.press('Enter');
    const name = dialog.getByLabel(words.roomName, { exact: true });
    await isAt(name);
    await keyboard.press('Escape');
    await isAt(opener);
    await keyboard.press('Enter');
    await isAt(name);
    await keyboard.type('Garden');
    await tabTo(dialog.getByRole('radio', { name: new RegExp(`^${words.publicRoom}`) }));
    await keyboard.press('ArrowDown');
    await isAt(dialog.getByRole('radio', { name: new RegExp(`^${words.privateRoom}`) }));
    await keyboard.press('ArrowUp');
    await tabTo(dialog.getByRole('button', { name: words.makeRoom }));
    await keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'Garden' })).toBeVisible();
    await isAt(ada.composer);
  });

  const bert = await Someone.register(server, 'bert', 'Bert');
  const room = ada.roomId();
  await bert.ask('POST', `/rooms/${room}/join`);
  await expect(page.getByRole('button', { name: words.members(2) })).toBeVisible();

  await test.step('write, mention, choose an emoji', async () => {
    await write('Good morning');
    await keyboard.type('Hello @be');
    await expect(page.getByRole('option', { name: 'Bert' })).toHaveAttribute('aria-selected', 'true');
    await keyboard.press('Enter');
    await expect(ada.composer).toHaveValue('Hello @bert ');
    await write('how are you?');
    await ada.hears('Hello @bert how are you?');
    await keyboard.type('Well :smi');
    await expect(page.getByRole('option').nth(1)).toBeVisible();
    await keyboard.press('ArrowDown');
    await expect(page.getByRole('option').nth(1)).toHaveAttribute('aria-selected', 'true');
    const sign = await page.getByRole('option').nth(1).locator('.sign').innerText();
    await keyboard.press('Enter');
    await expect(ada.composer).toHaveValue(`Well ${sign} `);
    await keyboard.press('Enter');
    await ada.hears(`Well ${sign}`);
  });

  await test.step('change what was written', async () => {
    await isAt(ada.composer);
    await keyboard.press('ArrowUp');
    await isAt(page.getByLabel(words.editing));
    await keyboard.type(' indeed');
    await keyboard.press('Enter');
    await isAt(ada.composer);
    await expect(ada.line('indeed').getByText(`(${words.edited})`)).toBeVisible();
    await keyboard.press('ArrowUp');
    await isAt(page.getByLabel(words.editing));
    await keyboard.press('Escape');
    await isAt(ada.composer);
  });

  const first = ada.line('Good morning').first();
  await test.step('go to a message and react', async () => {
    await tabTo(ada.line('indeed'), 'Shift+Tab');
    await keyboard.press('Home');
    await isAt(first);
    await keyboard.press('ArrowDown');
    await isAt(ada.line('how are you?'));
    await keyboard.press('ArrowUp');
    await isAt(first);
    await keyboard.press('+');
    await isAt(dialog.getByLabel(words.emojiSearch));
    await keyboard.type('tada');
    await expect(dialog.getByRole('gridcell').first()).toBeVisible();
    await keyboard.press('ArrowDown');
    await isAt(dialog.getByRole('gridcell').first());
    await keyboard.press('Enter');
    await expect(dialog).toHaveCount(0);
    await isAt(first);
    await expect(first.getByRole('button', { name: words.reactions('🎉', ['Ada']) })).toBeVisible();
  });

  await test.step('reply, and answer in a thread', async () => {
    await keyboard.press('r');
    await expect(page.getByText(words.replyingTo('Ada'))).toBeVisible();
    await write('And good day');
    await expect(ada.line('And good day').getByText(words.repliedTo('Ada'))).toBeVisible();
    await tabTo(ada.line('And good day'), 'Shift+Tab');
    await keyboard.press('Home');
    await isAt(first);
    await keyboard.press('t');
    const field = pane.getByRole('textbox', { name: words.writeInThread });
    await isAt(field);
    await keyboard.type('In the thread');
    await keyboard.press('Enter');
    await expect(pane.getByRole('article').filter({ hasText: 'In the thread' })).toHaveCount(1);
    await isAt(field);
    await keyboard.press('Escape');
    await expect(pane).toHaveCount(0);
    await isAt(first);
  });

  await test.step('pin, and delete', async () => {
    await keyboard.press('p');
    await expect(first.getByText(words.pinned, { exact: true })).toBeVisible();
    await isAt(first);
    await keyboard.press('End');
    const last = ada.line('In the thread');
    await isAt(last);
    await keyboard.press('Delete');
    await expect(dialog).toBeVisible();
    await keyboard.press('Escape');
    await isAt(last);
    await keyboard.press('Enter');
    await expect(page.getByRole('menu')).toBeVisible();
    await isSeen(page);
    await keyboard.press('d');
    await isAt(page.getByRole('menuitem', { name: words.delete }));
    await keyboard.press('Enter');
    const yes = dialog.getByRole('button', { name: words.delete, exact: true });
    await tabTo(yes);
    await keyboard.press('Enter');
    await expect(ada.log.getByText(words.deleted)).toBeVisible();
    await isAt(ada.line(words.deleted));
    await keyboard.press('Escape');
    await isAt(ada.composer);
  });

  await test.step('go to another room, and find a message', async () => {
    await keyboard.press('Control+k');
    await isAt(dialog.getByRole('combobox'));
    await keyboard.press('Escape');
    await isAt(ada.composer);
    await keyboard.press('Control+k');
    await keyboard.type('gener');
    await expect(dialog.getByRole('option').first()).toContainText('General');
    await keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'General' })).toBeVisible();
    await isAt(ada.composer);
    await keyboard.press('Control+Shift+f');
    await isAt(page.getByRole('combobox', { name: searchWords.searchField }));
    await keyboard.type('morning');
    await keyboard.press('Enter');
    await tabTo(page.getByRole('main').locator('ol').getByRole('link'));
    await keyboard.press('Enter');
    await expect(page).toHaveURL(new RegExp(`/room/${room}/\\d+$`));
    await isAt(first);
  });

  await test.step('rename the room', async () => {
    const opener = page.getByTitle(words.details, { exact: true });
    await tabTo(opener, 'Shift+Tab');
    await keyboard.press('Enter');
    await isAt(page.getByRole('heading', { level: 2, name: besideWords.details }));
    const change = pane.getByRole('button', { name: besideWords.change.name });
    await tabTo(change);
    await keyboard.press('Enter');
    await isAt(pane.getByLabel(besideWords.name, { exact: true }));
    await keyboard.press('Control+a');
    await keyboard.type('Orchard');
    await keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'Orchard' })).toBeVisible();
    await isAt(change);
    await keyboard.press('Escape');
    await expect(pane).toHaveCount(0);
    await isAt(opener);
  });

  await test.step('choose colours, and sign out', async () => {
    await tabTo(page.getByTitle(words.account), 'Shift+Tab');
    await keyboard.press('Enter');
    await tabTo(page.getByRole('link', { name: accountWords.pages.look }));
    await keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 2, name: accountWords.pages.look })).toBeVisible();
    await tabTo(page.getByRole('radio', { name: accountWords.themes.system }));
    for (const theme of ['light', 'dark'] as const) {
      await keyboard.press('ArrowRight');
      await isAt(page.getByRole('radio', { name: accountWords.themes[theme] }));
    }
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await tabTo(page.getByRole('link', { name: accountWords.pages['sign-in'] }), 'Shift+Tab');
    await keyboard.press('Enter');
    await tabTo(page.getByRole('button', { name: accountWords.signOutTitle }));
    await keyboard.press('Enter');
    await isAt(page.getByLabel(words.login));
  });
});
