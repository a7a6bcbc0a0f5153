// What axe-core finds in every screen and state, in light and dark, wide and narrow: nothing. And nothing is too wide.

import type { BrowserContextOptions, Page } from '@playwright/test';
import { accountWords } from '../src/words/account';
import { besideWords } from '../src/words/beside';
import { overlayWords } from '../src/words/keys';
import { searchWords } from '../src/words/search';
import { roomWords } from '../src/words/timeline';
import { words } from '../src/words/all';
import { problemsInBoth } from './fixtures/axe';
import { NAMES, plant, ROOMS, type Garden } from './fixtures/garden';
import { PASSWORD, type Visitor } from './fixtures/people';
import { expect, test } from './fixtures/test';

const DEVICES: Record<string, BrowserContextOptions> = {
  desk: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

const DIALOG = 'dialog[open]';
const PANE = 'section[aria-labelledby=beside-title]';
const WRITING = 'main form';

/**
 * Looks at the page as it is, or at a part of it where the rest was looked at before. What is found is collected, so
 * that one look at all states tells everything.
 */
async function look(page: Page, state: string, part?: string): Promise<void> {
  expect.soft(await problemsInBoth(page, part), state).toEqual([]);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect.soft(wider, `${state}: wider than the window`).toBeLessThanOrEqual(0);
}

async function at(visitor: Visitor, path: string): Promise<void> {
  await visitor.page.goto(new URL(path, visitor.page.url()).href);
  await visitor.isUpToDate();
}

/** What is beside the room, or covers it. */
const beside = (page: Page) => page.locator(PANE);

async function dialogs(ada: Visitor): Promise<void> {
  const { page } = ada;
  const dialog = page.getByRole('dialog');
  const close = async () => {
    // What was typed into a search field goes first.
    for (const field of await dialog.getByRole('searchbox').all()) await field.fill('');
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
  };
  await at(ada, '/');
  await look(page, 'the list of rooms');
  await ada.sidebar.getByRole('button', { name: words.archivedRooms }).click();
  await expect(ada.roomLine(ROOMS.archived)).toBeVisible();
  await look(page, 'the archived rooms');

  await ada.sidebar.getByRole('button', { name: words.goTo }).click();
  await expect(dialog.getByRole('option').first()).toBeVisible();
  await look(page, 'the switcher');
  await page.keyboard.type('o');
  await expect(dialog.getByRole('option').last()).toContainText('“o”');
  await look(page, 'the switcher with choices', DIALOG);
  await close();

  await ada.sidebar.getByRole('button', { name: words.browse }).click();
  await expect(dialog.getByText(overlayWords.joined).first()).toBeVisible();
  await look(page, 'browsing rooms', DIALOG);
  await dialog.getByPlaceholder(words.findRoom).fill('nowhere');
  await expect(dialog.getByText(words.noPublicRooms).last()).toBeVisible();
  await look(page, 'browsing rooms in vain', DIALOG);
  await close();

  await ada.sidebar.getByRole('button', { name: words.newRoom }).click();
  await dialog.getByText(overlayWords.more, { exact: true }).click();
  await dialog.getByLabel(words.roomName, { exact: true }).fill(ROOMS.all);
  await expect(dialog.getByText(NAMES.long)).toBeVisible();
  await look(page, 'a new room', DIALOG);
  await close();

  await ada.sidebar.getByRole('button', { name: words.message }).click();
  for (const name of ['max', 'nour']) {
    await dialog.getByPlaceholder(words.findPerson).fill(name);
    await expect(dialog.getByText(overlayWords.choose).first()).toBeVisible();
    await page.keyboard.press('Enter');
  }
  await expect(dialog.getByRole('list', { name: overlayWords.chosen }).getByRole('listitem')).toHaveCount(2);
  await look(page, 'messaging someone', DIALOG);
  await close();

  await page.getByRole('heading').first().click();
  await page.keyboard.press('?');
  await expect(dialog.getByText(overlayWords.acts.nextUnread)).toBeVisible();
  await look(page, 'the keys', DIALOG);
  await close();
}

async function room(ada: Visitor, garden: Garden): Promise<void> {
  const { page } = ada;
  const dialog = page.getByRole('dialog');
  await at(ada, `/room/${garden.empty}`);
  await expect(ada.log.getByText(words.beginning(ROOMS.empty))).toBeVisible();
  await look(page, 'an empty room');
  await at(ada, `/room/${garden.direct}`);
  await ada.hears('hello');
  await look(page, 'a conversation');
  await at(ada, '/room/00000000-0000-7000-8000-000000000000');
  await expect(page.getByRole('heading', { name: words.roomMissing })).toBeVisible();
  await look(page, 'a room that is not there');

  // All of it is on the screen, or nobody could tell its colours.
  const { width, height } = page.viewportSize()!;
  await page.setViewportSize({ width, height: 4_000 });
  await at(ada, `/room/${garden.room}`);
  await ada.hears('The end');
  await expect(ada.log.getByText(words.newMessages, { exact: true })).toBeVisible();
  await expect(ada.log.getByRole('link', { name: `#${ROOMS.empty}` })).toBeVisible();
  await expect(ada.log.locator('pre span').first()).toBeVisible();
  await look(page, 'a room with everything in it');
  await ada.log.getByRole('button', { name: words.showHidden }).click();
  await ada.log.getByRole('button', { name: words.showAll }).click();
  await ada.line('Who brings').hover();
  await look(page, 'a room with what was hidden');
  await page.setViewportSize({ width, height });

  await ada.line('Who brings').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menu')).toBeVisible();
  await look(page, 'the menu of a message', DIALOG);
  await page.getByRole('menuitem', { name: roomWords.deeds.react }).click();
  await dialog.getByRole('button', { name: words.emojiTone }).click();
  await expect(dialog.getByRole('gridcell').first()).toBeVisible();
  await look(page, 'the emoji', DIALOG);
  await dialog.getByLabel(words.emojiSearch).fill('nothing like this');
  await expect(dialog.getByText(words.emojiNone)).toBeVisible();
  await look(page, 'no emoji', DIALOG);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);

  const mine = ada.line('I bring a cake');
  await mine.focus();
  await page.keyboard.press('Delete');
  await expect(dialog.getByText(words.deleteText)).toBeVisible();
  await look(page, 'deleting a message', DIALOG);
  await page.keyboard.press('Escape');
  await mine.getByRole('button', { name: words.edited }).click();
  await expect(dialog.getByText('I bring a cak', { exact: true })).toBeVisible();
  await look(page, 'earlier texts', DIALOG);
  await page.keyboard.press('Escape');
  await mine.focus();
  await page.keyboard.press('e');
  await page.getByLabel(words.editing).fill('x'.repeat(8_001));
  await expect(page.getByText(words.tooLong(1))).toBeVisible();
  await look(page, 'changing a message', 'main .edit');
  await page.getByLabel(words.editing).press('Escape');

  await ada.line('The end').focus();
  await page.keyboard.press('r');
  await expect(page.getByText(words.replyingTo(NAMES.signs))).toBeVisible();
  for (const begun of ['@', '#', ':smi']) {
    await ada.composer.fill('');
    await ada.composer.pressSequentially(begun);
    await expect(page.getByRole('listbox').getByRole('option').first()).toBeVisible();
    await look(page, `replying, with ${begun}`, WRITING);
  }
  await ada.composer.fill('x'.repeat(8_003));
  await expect(page.getByText(words.tooLong(3))).toBeVisible();
  await look(page, 'a message that is too long', WRITING);
  await ada.composer.fill('');
}

async function panes(ada: Visitor, garden: Garden): Promise<void> {
  const { page } = ada;
  const dialog = page.getByRole('dialog');
  const pane = beside(page);
  const begin = async (query: string) => {
    await at(ada, `/room/${garden.room}?${query}`);
    await expect(pane.getByText(words.loading)).toHaveCount(0);
    await expect(pane.locator('li, article, h3').first()).toBeVisible();
  };
  await begin('pane=pins');
  await look(page, 'the pins');
  await begin(`thread=${garden.root}`);
  await expect(pane.getByText(besideWords.answers(2))).toBeVisible();
  await look(page, 'a thread');
  await begin('thread=00000000-0000-7000-8000-000000000000');
  await look(page, 'a thread that is not there', PANE);
  await at(ada, `/room/${garden.direct}?pane=details`);
  await expect(pane.getByRole('heading', { level: 3, name: NAMES.right })).toBeVisible();
  await look(page, 'the details of a conversation', PANE);
  await at(ada, `/room/${garden.empty}?pane=pins`);
  await expect(pane.getByText(besideWords.noPins)).toBeVisible();
  await look(page, 'no pins', PANE);

  await begin('pane=details');
  await expect(pane.getByText(NAMES.long)).toBeVisible();
  await look(page, 'the details');
  await pane.getByRole('button', { name: besideWords.change.description }).click();
  await expect(pane.getByLabel(besideWords.description, { exact: true })).toBeFocused();
  await look(page, 'changing the description', PANE);
  await pane.getByRole('button', { name: words.cancel }).click();
  await pane.getByRole('button', { name: besideWords.invite }).click();
  await expect(
    dialog.getByText(words.nobodyFound).or(dialog.getByPlaceholder(words.findPerson)),
  ).toBeVisible();
  await look(page, 'bringing people in', DIALOG);
  await page.keyboard.press('Escape');
  await pane.getByRole('button', { name: besideWords.doWith(NAMES.right) }).click();
  await expect(page.getByRole('menu')).toBeVisible();
  await look(page, 'what to do with somebody', DIALOG);
  await page.getByRole('menuitem', { name: besideWords.remove }).click();
  await expect(dialog.getByText(besideWords.removeText)).toBeVisible();
  await look(page, 'removing somebody', DIALOG);
  await page.keyboard.press('Escape');
  for (const deed of ['archive', 'delete'] as const) {
    await pane.getByRole('button', { name: besideWords[deed], exact: true }).click();
    await expect(dialog).toBeVisible();
    await look(page, `${deed} the room`, DIALOG);
    await page.keyboard.press('Escape');
  }
}

async function search(ada: Visitor): Promise<void> {
  const { page } = ada;
  const field = page.getByRole('combobox', { name: searchWords.searchField });
  await at(ada, '/search');
  await expect(page.getByRole('heading', { name: searchWords.searchAbout })).toBeVisible();
  await look(page, 'searching');
  await field.fill('from:');
  await expect(page.getByRole('option').first()).toBeVisible();
  await look(page, 'choosing whose messages');
  await field.fill('');
  await at(ada, `/search?q=${encodeURIComponent(`in:${ROOMS.all} from:nour has:reaction oder`)}`);
  await expect(page.getByRole('heading', { name: searchWords.nothingFound })).toBeVisible();
  await look(page, 'nothing found');
  await at(ada, '/search?q=the');
  await expect(page.getByRole('main').locator('mark').first()).toBeVisible();
  await page.getByRole('button', { name: searchWords.addFilter }).click();
  await expect(page.getByLabel(searchWords.filterUntil)).toBeVisible();
  await page.getByRole('button', { name: searchWords.filterHas.link, exact: true }).click();
  await expect(page.getByRole('main').getByRole('button', { name: /^Remove/ })).toBeVisible();
  await look(page, 'what was found, with filters');
  await field.fill('"never closed');
  await expect(page.getByRole('main').getByRole('alert')).toContainText('not closed');
  await look(page, 'a search that cannot be understood');
}

async function settings(ada: Visitor): Promise<void> {
  const { page } = ada;
  for (const name of ['profile', 'sign-in', 'sessions', 'look', 'notifications'] as const) {
    await at(ada, `/settings/${name}`);
    await expect(page.getByRole('heading', { level: 2, name: accountWords.pages[name] })).toBeVisible();
    await expect(page.getByText(words.loading)).toHaveCount(0);
    await look(page, `settings: ${name}`);
  }
  await at(ada, '/settings/profile');
  await page.getByLabel(accountWords.email).fill('nobody');
  await page.getByRole('button', { name: accountWords.save, exact: true }).click();
  await expect(page.getByLabel(accountWords.email)).toHaveAttribute('aria-invalid', 'true');
  await look(page, 'a profile with a mistake');
  const photo = { name: 'a.png', mimeType: 'image/png', buffer: await page.screenshot() };
  await page.locator('input[type=file]').setInputFiles(photo);
  await expect(page.getByRole('button', { name: accountWords.cropStage })).toBeVisible();
  await look(page, 'cropping a picture', DIALOG);
  await page.keyboard.press('Escape');
}

async function offline(ada: Visitor, garden: Garden): Promise<void> {
  const { page } = ada;
  await at(ada, '/settings/sign-in');
  await at(ada, `/room/${garden.empty}`);
  await ada.context.setOffline(true);
  await expect(page.getByText(words.offline)).toBeVisible();
  await ada.composer.fill('Not yet there');
  await page.getByRole('button', { name: words.send, exact: true }).click();
  await expect(page.getByText(words.willBeSent)).toBeVisible();
  const next = page.getByText(/^Trying again in \d+ s\.$/);
  await expect(next.or(page.getByText(words.connecting))).toBeVisible({ timeout: 30_000 });
  await look(page, 'offline, with an unsent message');
  await ada.context.request.post(new URL(`/api/v1/rooms/${garden.empty}/archive`, page.url()).href, {
    headers: { Origin: new URL(page.url()).origin, 'X-Rill': '1' },
  });
  await ada.context.setOffline(false);
  await expect(ada.log.getByRole('alert')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(words.archived)).toBeVisible();
  await look(page, 'an archived room, with a message that was refused');
  await garden.signs.say(garden.room, '@ada look here');
  await expect(page.getByRole('button', { name: words.saidIn(NAMES.signs, ROOMS.all) })).toBeVisible();
  await look(page, 'a notice');
}

for (const [device, options] of Object.entries(DEVICES)) {
  test(`nobody is kept out of the entrance, ${device}`, async ({ arrive }) => {
    const ada = await arrive('Ada', options);
    await expect(ada.page.getByText(words.ownerText)).toBeVisible();
    await look(ada.page, 'the first account');
    await ada.page.locator('button[type=submit]').click();
    await expect(ada.page.getByLabel(words.username, { exact: true })).toHaveAttribute(
      'aria-invalid',
      'true',
    );
    await look(ada.page, 'the first account with mistakes');
    await ada.register();
    await look(ada.page, 'a list of one room');
    const bert = await arrive('Bert', options);
    await expect(bert.page.getByLabel(words.login)).toBeVisible();
    await look(bert.page, 'signing in');
    await bert.page.getByLabel(words.login).fill('bert');
    await bert.page.getByLabel(words.password, { exact: true }).fill(PASSWORD);
    await bert.page.locator('button[type=submit]').click();
    await expect(bert.page.getByText(accountWords.wrongCredentials)).toBeVisible();
    await look(bert.page, 'a wrong password');
    await bert.page.getByRole('button', { name: words.register, exact: true }).click();
    await look(bert.page, 'making an account');
    await bert.page.route('**/api/**', (route) => route.abort());
    await bert.page.reload();
    await expect(bert.page.getByRole('heading', { name: words.unreachableTitle })).toBeVisible();
    await look(bert.page, 'a server that does not answer');
  });

  test(`nobody is kept out of what is inside, ${device}`, async ({ join, server }) => {
    test.setTimeout(120_000);
    const ada = await join('Ada', options);
    const garden = await plant(server, ada);
    await test.step('dialogs', () => dialogs(ada));
    await test.step('room', () => room(ada, garden));
    await test.step('panes', () => panes(ada, garden));
    await test.step('search', () => search(ada));
    await test.step('settings', () => settings(ada));
    await test.step('offline', () => offline(ada, garden));
  });
}

test('nobody is kept out, in between', async ({ join, server }) => {
  const ada = await join('Ada', { viewport: { width: 820, height: 1180 } });
  const garden = await plant(server, ada);
  for (const path of ['', '?pane=details', '?pane=pins', `?thread=${garden.root}`]) {
    await at(ada, `/room/${garden.room}${path}`);
    if (path === '') await ada.hears('The end');
    else await expect(beside(ada.page).locator('li, article').first()).toBeVisible();
    await look(ada.page, `a room${path}`);
  }
});
