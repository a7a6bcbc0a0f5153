// Finding what was said, a room or a person: search, the switcher, conversations of several, and the keys.

import type { Locator, Page } from '@playwright/test';
import { overlayWords } from '../src/words/keys';
import { searchWords } from '../src/words/search';
import { words } from '../src/words/all';
import type { Visitor } from './fixtures/people';
import { expect, test } from './fixtures/test';

const searchField = (page: Page) => page.getByRole('combobox', { name: searchWords.searchField });
const hits = (page: Page) => page.getByRole('main').locator('ol').getByRole('link');
const chip = (page: Page, label: string) =>
  page.getByRole('main').getByRole('button', { name: searchWords.removeFilter(label) });

async function makeRoom(visitor: Visitor, name: string, kind = 'public'): Promise<string> {
  const room = { kind, name, topic: `About ${name}`, description: '', members: [] };
  return ((await visitor.ask('POST', '/rooms', room)) as { id: string }).id;
}

async function say(visitor: Visitor, room: string, text: string): Promise<void> {
  await visitor.ask('POST', `/rooms/${room}/messages`, { text });
}

async function general(visitor: Visitor): Promise<string> {
  const rooms = (await visitor.ask('GET', '/rooms')) as { items: { id: string; name: string }[] };
  return rooms.items.find((room) => room.name === 'General')!.id;
}

async function shownNames(list: Locator): Promise<string[]> {
  return list.getByRole('option').allInnerTexts();
}

test('what was said is found, narrowed by filters, and opened where it was said', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  const room = await general(ada);
  await say(ada, room, 'The first of many plans');
  for (let number = 1; number <= 120; number++) await say(bert, room, `small talk ${number}`);
  await say(bert, room, 'Die Grüße und der **Plan**: https://example.org/');
  await say(ada, room, 'Another plan');

  await ada.sidebar.getByRole('link', { name: words.search }).click();
  await searchField(ada.page).fill('plan');
  await expect(hits(ada.page)).toHaveCount(3);
  await expect(ada.page.getByText(searchWords.found(3, false))).toBeVisible();
  await expect(ada.page).toHaveURL(/\/search\?q=plan$/);

  // A filter that is typed offers people, and becomes a chip.
  await searchField(ada.page).pressSequentially(' from:be');
  await expect(ada.page.getByRole('option', { name: 'Bert' })).toBeVisible();
  await searchField(ada.page).press('Enter');
  await expect(chip(ada.page, searchWords.filterFrom('Bert'))).toBeVisible();
  await expect(hits(ada.page)).toHaveCount(1);
  await expect(ada.page.getByRole('main').locator('mark')).toHaveText('Plan');

  // Case and accents do not matter; the address says everything.
  await searchField(ada.page).fill('grusse has:link in:general ');
  await expect(chip(ada.page, searchWords.filterIn('General'))).toBeVisible();
  await expect(ada.page.getByRole('main').locator('mark')).toHaveText('Grüße');
  await expect(ada.page).toHaveURL(/q=from%3Abert%20has%3Alink%20in%3Ageneral%20grusse$/);
  await ada.page.reload();
  await expect(chip(ada.page, searchWords.filterHas.link)).toBeVisible();
  await expect(hits(ada.page)).toHaveCount(1);

  await chip(ada.page, searchWords.filterHas.link).click();
  await chip(ada.page, searchWords.filterIn('General')).click();
  await chip(ada.page, searchWords.filterFrom('Bert')).click();
  await searchField(ada.page).fill('first of many');
  await hits(ada.page).filter({ hasText: 'The first of many plans' }).click();
  await expect(ada.page).toHaveURL(new RegExp(`/room/${room}/\\d+$`));
  await expect(ada.line('The first of many plans')).toBeInViewport();
  await expect(ada.line('Another plan')).toHaveCount(0);
});

test('results go on as one scrolls, and are where they were when one comes back', async ({ join }) => {
  const ada = await join('Ada');
  const room = await general(ada);
  for (let number = 1; number <= 130; number++) await say(ada, room, `needle ${number}`);
  await ada.page.goto(new URL('/search?q=needle', ada.page.url()).href);
  await expect(ada.page.getByText(searchWords.found(50, true))).toBeVisible();
  await hits(ada.page).last().scrollIntoViewIfNeeded();
  await expect(hits(ada.page)).toHaveCount(100);
  const link = hits(ada.page).nth(90);
  await link.scrollIntoViewIfNeeded();
  const before = await link.boundingBox();
  await link.click();
  await expect(ada.line('needle 40')).toBeInViewport();
  await ada.page.goBack();
  await expect(searchField(ada.page)).toHaveValue('needle');
  await expect(hits(ada.page).nth(90)).toBeInViewport();
  expect((await hits(ada.page).nth(90).boundingBox())!.y).toBeCloseTo(before!.y, 0);
});

test('filters can be picked, what is wrong is explained, and nothing found is said', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  const room = await general(ada);
  await say(bert, room, 'a link: https://example.org/');
  await say(bert, room, 'no link');
  await ada.sidebar.getByRole('link', { name: words.search }).click();
  const main = ada.page.getByRole('main');

  await main.getByRole('button', { name: searchWords.addFilter }).click();
  await main.getByRole('combobox', { name: searchWords.filterPerson }).fill('ber');
  await main.getByRole('option', { name: 'Bert' }).click();
  await expect(hits(ada.page)).toHaveCount(2);
  await main.getByRole('button', { name: searchWords.filterHas.link, exact: true }).click();
  await expect(hits(ada.page)).toHaveCount(1);
  await main.getByLabel(searchWords.filterUntil).fill('2020-01-01');
  await expect(chip(ada.page, searchWords.filterBefore('1 Jan 2020'))).toBeVisible();
  await expect(main.getByRole('heading', { name: searchWords.nothingFound })).toBeVisible();

  await main.getByRole('button', { name: searchWords.clearSearch }).click();
  await expect(main.getByRole('heading', { name: searchWords.searchAbout })).toBeVisible();
  await searchField(ada.page).fill('"never closed');
  await expect(main.getByRole('alert')).toContainText('not closed');
  await main.getByRole('button', { name: searchWords.clearSearch }).click();
  await main.getByRole('button', { name: 'from:me has:link' }).click();
  await expect(chip(ada.page, searchWords.filterFromMe)).toBeVisible();
});

test('a few letters lead to a room, a person, a public room, or a search', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await makeRoom(ada, 'Garden');
  const secret = await makeRoom(ada, 'Secret garden', 'private');
  await makeRoom(bert, 'Chess club');
  await ada.open('General');
  const switcher = ada.page.getByRole('dialog', { name: words.goTo });

  await ada.composer.press('Control+k');
  await expect(switcher.getByRole('option')).toHaveCount(2);
  await ada.page.keyboard.type('gard');
  expect((await shownNames(switcher))[0]).toContain('Garden');
  await ada.page.keyboard.press('ArrowDown');
  await ada.page.keyboard.press('Enter');
  await expect(ada.page).toHaveURL(new RegExp(`/room/${secret}$`));
  await expect(switcher).toHaveCount(0);

  await ada.sidebar.getByRole('button', { name: words.goTo }).click();
  await ada.page.keyboard.type('chess');
  await expect(switcher.getByRole('option', { name: 'Chess club' })).toContainText(overlayWords.goToJoin);
  await ada.page.keyboard.press('Enter');
  await expect(ada.page.getByRole('heading', { level: 1, name: 'Chess club' })).toBeVisible();

  await ada.page.keyboard.press('Control+k');
  await ada.page.keyboard.type('bert');
  await expect(switcher.getByRole('option', { name: 'Bert' }).first()).toContainText(
    overlayWords.goToMessage,
  );
  await ada.page.keyboard.press('Enter');
  await expect(ada.page.getByRole('heading', { level: 1, name: 'Bert' })).toBeVisible();

  await ada.page.keyboard.press('Control+k');
  await ada.page.keyboard.type('zebra crossing');
  await expect(switcher.getByRole('option')).toHaveCount(1);
  await ada.page.keyboard.press('Enter');
  await expect(ada.page).toHaveURL(/\/search\?q=zebra%20crossing$/);

  await ada.page.keyboard.press('Control+k');
  await expect(switcher).toBeVisible();
  await ada.page.keyboard.press('Escape');
  await expect(switcher).toHaveCount(0);
});

test('a group of several is begun by choosing them, and found again', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  const cleo = await join('Cleo');
  const begin = async () => {
    await ada.sidebar.getByRole('button', { name: words.message }).click();
    const field = ada.page.getByPlaceholder(words.findPerson);
    for (const name of ['Bert', 'Cleo']) {
      await field.fill(name);
      await expect(ada.page.getByRole('dialog').getByText(`@${name.toLowerCase()}`)).toBeVisible();
      await field.press('Enter');
    }
    await ada.page.getByRole('button', { name: overlayWords.start(2) }).click();
    await expect(ada.page.getByRole('heading', { level: 1, name: 'Bert, Cleo' })).toBeVisible();
  };
  await begin();
  await ada.say('Hello you two');
  await bert.open('Ada, Cleo');
  await bert.hears('Hello you two');
  await expect(cleo.roomLine('Ada, Bert').getByTitle(words.unread(1))).toBeVisible();
  await ada.open('General');
  await begin();
  await ada.hears('Hello you two');
});

test('public rooms can be browsed and joined; archived rooms stand apart', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  const room = await makeRoom(ada, 'Garden');
  await bert.sidebar.getByRole('button', { name: words.browse }).click();
  const dialog = bert.page.getByRole('dialog', { name: words.browse });
  await expect(dialog.getByRole('listitem').filter({ hasText: 'General' })).toContainText(
    overlayWords.joined,
  );
  const garden = dialog.getByRole('listitem').filter({ hasText: 'Garden' });
  await expect(garden).toContainText(words.members(1));
  await garden.getByRole('button', { name: words.join }).click();
  await expect(bert.page.getByRole('heading', { level: 1, name: 'Garden' })).toBeVisible();

  await bert.open('General');
  await ada.ask('POST', `/rooms/${room}/archive`);
  const archived = bert.sidebar.getByRole('button', { name: words.archivedRooms });
  await expect(archived).toHaveAttribute('aria-expanded', 'false');
  await expect(bert.roomLine('Garden')).toHaveCount(0);
  await archived.click();
  await bert.open('Garden');
});

test('the keys lead from room to room, and are listed', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  const rooms = { alpha: await makeRoom(ada, 'Alpha'), beta: await makeRoom(ada, 'Beta') };
  await bert.ask('POST', `/rooms/${rooms.alpha}/join`);
  await ada.open('Beta');

  await ada.composer.press('Alt+ArrowUp');
  await expect(ada.page).toHaveURL(new RegExp(rooms.alpha));
  await ada.composer.press('Alt+ArrowUp');
  await expect(ada.page.getByRole('heading', { level: 1, name: 'General' })).toBeVisible();
  await say(bert, rooms.alpha, 'new here');
  await expect(ada.roomLine('Alpha').getByTitle(words.unread(1))).toBeVisible();
  await ada.composer.press('Alt+Shift+ArrowUp');
  await expect(ada.page).toHaveURL(new RegExp(rooms.alpha));
  await ada.hears('new here');

  // In a field, signs are letters; outside, letters go into the field.
  await ada.composer.press('?');
  await ada.composer.press('/');
  await expect(ada.composer).toHaveValue('?/');
  await ada.composer.blur();
  await ada.page.keyboard.press('!');
  await ada.page.keyboard.press('o');
  await ada.page.keyboard.press('k');
  await expect(ada.composer).toHaveValue('?/ok');
  await ada.composer.fill('');

  await ada.composer.blur();
  await ada.page.keyboard.press('?');
  const list = ada.page.getByRole('dialog', { name: overlayWords.keys });
  await expect(list.getByText(overlayWords.acts.nextUnread, { exact: true })).toBeVisible();
  await ada.page.keyboard.press('Escape');
  await expect(list).toHaveCount(0);
  await ada.composer.blur();
  await ada.page.keyboard.press('/');
  await expect(searchField(ada.page)).toBeFocused();
  await ada.page.keyboard.press('Control+Shift+f');
  await expect(searchField(ada.page)).toHaveValue('');
});

test('the list of rooms is one tab stop, and says where there is something unread', async ({ join }) => {
  const ada = await join('Ada', { viewport: { width: 1200, height: 500 } });
  const bert = await join('Bert');
  const first = await makeRoom(ada, 'Room 0');
  for (let number = 1; number <= 25; number++) await makeRoom(ada, `Room ${number}`);
  await bert.ask('POST', `/rooms/${first}/join`);
  await ada.open('General');
  await expect(ada.roomLine('Room 25')).toBeAttached();
  await ada.roomLine('General').focus();
  await ada.page.keyboard.press('ArrowDown');
  await expect(ada.roomLine('Room 0')).toBeFocused();
  await ada.page.keyboard.press('End');
  await expect(ada.roomLine('Room 25')).toBeFocused();
  await expect(ada.roomLine('Room 25')).toBeInViewport();
  await ada.page.keyboard.press('Tab');
  await expect(ada.sidebar.getByRole('button', { name: words.directs })).toBeFocused();

  await say(bert, first, 'hello');
  await ada.sidebar.getByRole('button', { name: words.unreadAbove }).click();
  await expect(ada.roomLine('Room 0')).toBeInViewport();
  await expect(ada.sidebar.getByRole('button', { name: words.unreadAbove })).toHaveCount(0);

  // A folded section still shows what is unread and where one is.
  await ada.sidebar.getByRole('button', { name: words.rooms, exact: true }).click();
  await expect(ada.sidebar.getByRole('list', { name: words.rooms }).getByRole('link')).toHaveCount(2);
  await ada.page.reload();
  await expect(ada.roomLine('Room 0')).toBeVisible();
  await expect(ada.roomLine('Room 25')).toHaveCount(0);
});

test('offline, finding says why it cannot, and goes on afterwards', async ({ join }) => {
  const ada = await join('Ada');
  await say(ada, await general(ada), 'a needle');
  await ada.sidebar.getByRole('link', { name: words.search }).click();
  await expect(searchField(ada.page)).toBeFocused();
  await ada.sidebar.getByRole('button', { name: words.browse }).click();
  await expect(ada.page.getByRole('dialog').getByText('General').first()).toBeVisible();
  await ada.page.keyboard.press('Escape');

  await ada.context.setOffline(true);
  await searchField(ada.page).fill('needle');
  await expect(ada.page.getByRole('main').getByRole('alert')).toContainText(words.refusal(null));
  await ada.sidebar.getByRole('button', { name: words.browse }).click();
  await expect(ada.page.getByRole('dialog').getByText(overlayWords.offline)).toBeVisible();
  await ada.page.keyboard.press('Escape');
  await ada.context.setOffline(false);
  await expect(hits(ada.page)).toHaveCount(1, { timeout: 30_000 });
});
