// What assistive technology is told of the main screens, as a text that is reviewed when it changes.
// After a wanted change: BIN_UNDER_TEST=… npx playwright test aria --update-snapshots, and read what changed.

import type { Locator } from '@playwright/test';
import { accountWords } from '../src/words/account';
import { besideWords } from '../src/words/beside';
import { roomWords } from '../src/words/timeline';
import { words } from '../src/words/all';
import { plant } from './fixtures/garden';
import { expect, test } from './fixtures/test';

/** As it is told once it has settled, without what is another one each time: ids, times and days. */
async function told(part: Locator): Promise<string> {
  let text = '';
  await expect(async () => {
    const before = text;
    text = await part.ariaSnapshot();
    expect(text).toBe(before);
  }).toPass({ intervals: [150] });
  return `${text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '(id)')
    .replace(/\b\d\d:\d\d\b/g, '(time)')
    .replace(/\d+ [A-Z][a-z]+ 20\d\d/g, '(day)')}\n`;
}

test('what is told of the main screens', async ({ arrive, server }) => {
  test.setTimeout(90_000);
  const ada = await arrive('Ada', { viewport: { width: 1440, height: 900 } });
  const { page } = ada;
  const body = page.locator('#app');
  const main = page.getByRole('main');
  const pane = page.getByRole('complementary', { name: /./ });
  const at = async (path: string) => {
    await page.goto(server.url + path);
    await ada.isUpToDate();
  };
  await expect(page.getByText(words.ownerText)).toBeVisible();
  expect(await told(body)).toMatchSnapshot('entrance.yml');
  await ada.register();
  const garden = await plant(server, ada);

  await at('/');
  await expect(ada.sidebar.getByRole('link')).toHaveCount(10);
  expect(await told(ada.sidebar)).toMatchSnapshot('list.yml');
  await at(`/room/${garden.room}`);
  await ada.hears('The end');
  await expect(ada.log.locator('pre span').first()).toBeAttached();
  await expect(page.getByRole('button', { name: words.pinCount(1) })).toBeVisible();
  await expect(ada.log.getByText(words.beginning('Orchard'))).toBeAttached();
  expect(await told(main)).toMatchSnapshot('room.yml');
  await ada.line('The end').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: roomWords.deeds.copyLink })).toBeVisible();
  expect(await told(page.getByRole('dialog'))).toMatchSnapshot('menu.yml');

  await at(`/room/${garden.room}?thread=${garden.root}`);
  await expect(pane.getByRole('article')).toHaveCount(3);
  expect(await told(pane)).toMatchSnapshot('thread.yml');
  await at(`/room/${garden.room}?pane=details`);
  await expect(pane.getByRole('list', { name: words.people }).getByRole('listitem')).toHaveCount(4);
  await expect(pane.getByText(besideWords.here(1))).toBeVisible();
  expect(await told(pane)).toMatchSnapshot('details.yml');

  await at('/search?q=in%3AOrchard%20cake');
  await expect(main.locator('mark').first()).toBeVisible();
  expect(await told(main)).toMatchSnapshot('search.yml');
  await at('/settings/profile');
  await expect(page.getByLabel(accountWords.firstName)).toBeVisible();
  expect(await told(main)).toMatchSnapshot('profile.yml');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('gr');
  await expect(page.getByRole('dialog').getByRole('option', { name: /“gr”/ })).toBeVisible();
  expect(await told(page.getByRole('dialog'))).toMatchSnapshot('switcher.yml');
});
