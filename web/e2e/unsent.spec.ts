// What was written or done is neither lost nor doubled, whatever happens to the page, the network and the server.

import type { Page } from '@playwright/test';
import { roomWords } from '../src/words/timeline';
import { words } from '../src/words/all';
import { Visitor } from './fixtures/people';
import { expect, test } from './fixtures/test';

/** The texts of the room's messages, as the server has them. */
async function written(visitor: Visitor): Promise<string[]> {
  const path = `/rooms/${visitor.roomId()}/messages?limit=100`;
  const { items } = (await visitor.ask('GET', path)) as { items: { text: string; deleted_at?: string }[] };
  return items.filter((message) => !message.deleted_at).map((message) => message.text);
}

async function choose(visitor: Visitor, text: string, deed: keyof typeof roomWords.deeds): Promise<void> {
  await visitor.line(text).hover();
  await visitor.line(text).getByRole('button', { name: words.actions }).click();
  await visitor.page.getByRole('menuitem', { name: roomWords.deeds[deed] }).click();
}

async function edit(visitor: Visitor, text: string, to: string): Promise<void> {
  await choose(visitor, text, 'edit');
  await visitor.page.getByLabel(words.editing).fill(to);
  await visitor.page.getByLabel(words.editing).press('Enter');
}

async function erase(visitor: Visitor, text: string): Promise<void> {
  await choose(visitor, text, 'erase');
  await visitor.page.getByRole('dialog').getByRole('button', { name: words.delete }).click();
}

/** Every message takes this long to go out, so that there is time for something to happen. */
function slowDown(page: Page, wait: number): Promise<void> {
  return page.evaluate((wait) => {
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
      setTimeout(() => send.call(this, data), String(data).includes('"post"') ? wait : 0);
    };
  }, wait);
}

/** As if the server was not there, while the page itself can be had. */
async function cutOff(page: Page): Promise<() => Promise<void>> {
  await page.route('**/api/**', (route) => route.abort());
  await page.evaluate(() => {
    sessionStorage.setItem('cut', 'yes');
  });
  return async () => {
    await page.unroute('**/api/**');
    await page.evaluate(() => sessionStorage.removeItem('cut'));
  };
}

const numbers = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name} ${index + 1}`);

test('thirty messages on their way survive that the page is loaded anew', async ({ join }) => {
  const ada = await join('Ada');
  await ada.open('General');
  const texts = numbers('number', 30);
  await ada.context.setOffline(true);
  await expect(ada.page.getByText(words.offline)).toBeVisible();
  for (const text of texts) await ada.say(text);
  await slowDown(ada.page, 50);
  await ada.context.setOffline(false);
  await expect.poll(() => ada.log.locator('article[data-seq]').count()).toBeGreaterThan(4);
  await ada.page.reload();
  await ada.open('General');
  await expect(ada.log.locator('article[data-seq]')).toHaveCount(30);
  await expect(ada.lines).toHaveCount(30);
  expect((await ada.timeline()).map((line) => line.replace(/^\d+ /, ''))).toEqual(texts);
  expect(await written(ada)).toEqual(texts);
});

test('what is done offline shows at once and comes through', async ({ join, server }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  for (const text of ['Aple pie', 'Never mind', 'Stays']) await bert.say(text);
  await ada.say('Who bakes?');
  await bert.hears('Who bakes?');
  // The parts of the page that this takes are there before the connection is not.
  await choose(bert, 'Stays', 'copyText');
  await edit(bert, 'Stays', 'Stays as it is');

  await bert.context.setOffline(true);
  await expect(bert.page.getByText(words.offline)).toBeVisible();
  await edit(bert, 'Aple pie', 'Apple pie');
  await erase(bert, 'Never mind');
  const line = bert.line('Who bakes?');
  await line.hover();
  await line
    .getByRole('button', { name: words.react('👍') })
    .first()
    .click();
  await expect(bert.line('Apple pie')).toBeVisible();
  await expect(bert.log.getByText(words.deleted)).toHaveCount(1);
  await expect(line.getByRole('button', { pressed: true })).toBeVisible();
  await ada.say('Anybody?');
  await expect(ada.log.getByText('Never mind')).toBeVisible();

  // The page goes, and what was done is kept.
  await bert.page.goto('about:blank').catch(() => undefined);
  await bert.context.setOffline(false);
  await bert.page.goto(server.url);
  await bert.open('General');
  await expect(ada.line('Apple pie')).toBeVisible();
  await expect(ada.log.getByText(words.deleted)).toHaveCount(1);
  const reaction = ada.line('Who bakes?').getByRole('button', { name: words.reactions('👍', ['Bert']) });
  await expect(reaction).toBeVisible();
  await expect(bert.line('Who bakes?').getByRole('button', { pressed: true })).toBeVisible();
  expect(await written(ada)).toEqual(['Apple pie', 'Stays as it is', 'Who bakes?', 'Anybody?']);
});

test('a change that cannot be made says so, and can be discarded', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  await bert.say('hello');
  await ada.hears('hello');
  await edit(bert, 'hello', 'hello all');

  await bert.context.setOffline(true);
  await edit(bert, 'hello all', 'hello everybody');
  await erase(ada, 'hello all');
  await bert.context.setOffline(false);
  await expect(bert.log.getByText(words.deleted)).toBeVisible();
  await expect(bert.log.getByRole('alert')).toHaveCount(1);
  await bert.log.getByRole('button', { name: words.discard }).click();
  await expect(bert.log.getByRole('alert')).toHaveCount(0);
});

test('both write for long while the server is gone without a warning, and agree afterwards', async ({
  join,
  server,
}) => {
  test.slow();
  const ada = await join('Ada');
  const bert = await join('Bert');
  const both = [ada, bert];
  for (const visitor of both) await visitor.open('General');
  await ada.say('before');
  await bert.hears('before');
  for (const visitor of both) await slowDown(visitor.page, 20);
  for (const text of numbers('early', 6))
    for (const visitor of both) await visitor.say(`${visitor.name} ${text}`);
  await server.kill();
  for (const text of numbers('late', 24))
    for (const visitor of both) await visitor.say(`${visitor.name} ${text}`);
  await server.up();
  for (const visitor of both) await visitor.isUpToDate();
  for (const visitor of both)
    await expect(visitor.log.locator('article[data-seq]')).toHaveCount(61, { timeout: 30_000 });
  expect(await bert.timeline()).toEqual(await ada.timeline());
  const all = await written(ada);
  for (const { name } of both) {
    const wanted = [...numbers('early', 6), ...numbers('late', 24)].map((text) => `${name} ${text}`);
    expect(all.filter((text) => text.startsWith(name))).toEqual(wanted);
  }
});

test('two tabs send what is their own, and what a closed one left', async ({ join, server }) => {
  const ada = await join('Ada');
  await ada.open('General');
  const second = await ada.context.newPage();
  await second.goto(server.url);
  await second.getByRole('navigation').getByRole('link', { name: 'General' }).click();
  await expect(second.locator('[data-standing=up_to_date]')).toBeAttached();
  const compose = async (text: string) => {
    await second.locator('form textarea').fill(text);
    await second.locator('form textarea').press('Enter');
  };
  await ada.context.setOffline(true);
  for (const text of numbers('one', 5)) await ada.say(text);
  for (const text of numbers('two', 5)) await compose(text);
  await second.close();
  await ada.context.setOffline(false);
  await expect(ada.log.locator('article[data-seq]')).toHaveCount(10);
  const all = await written(ada);
  expect(all.filter((text) => text.startsWith('one'))).toEqual(numbers('one', 5));
  expect(all.filter((text) => text.startsWith('two'))).toEqual(numbers('two', 5));
});

test('a draft stays with its room, through other rooms and a reload, until it is sent', async ({ join }) => {
  const ada = await join('Ada');
  const garden = { kind: 'public', name: 'Garden', topic: '', description: '', members: [] };
  await ada.ask('POST', '/rooms', garden);
  await ada.open('General');
  await ada.composer.fill('Dear all');
  await ada.open('Garden');
  await expect(ada.composer).toHaveValue('');
  await ada.composer.fill('Roses are');
  await ada.open('General');
  await expect(ada.composer).toHaveValue('Dear all');
  // At once: what was just typed is written when the page goes.
  await ada.composer.fill('Dear all, good morning');
  await ada.page.reload();
  await ada.isUpToDate();
  await expect(ada.composer).toHaveValue('Dear all, good morning');
  await ada.composer.press('Enter');
  await ada.hears('Dear all, good morning');
  await ada.open('Garden');
  await expect(ada.composer).toHaveValue('Roses are');
  await ada.page.reload();
  await ada.open('General');
  await expect(ada.composer).toHaveValue('');
});

test('the page opens with what was known while the server cannot be reached, and catches up', async ({
  join,
}) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  await ada.say('known');
  await bert.hears('known');
  await ada.context.addInitScript(() => {
    if (sessionStorage.getItem('cut') === null) return;
    const Real = WebSocket;
    window.WebSocket = class extends Real {
      constructor(url: string | URL) {
        // No socket answers there; another origin would be refused before anything is tried.
        super(sessionStorage.getItem('cut') === null ? url : `${location.origin}/nowhere`);
      }
    };
  });
  const restore = await cutOff(ada.page);
  await ada.page.reload();
  await expect(ada.page.getByRole('heading', { level: 1, name: 'General' })).toBeVisible();
  await expect(ada.line('known')).toBeVisible();
  await expect(ada.page.getByText(words.offline)).toBeVisible();
  await ada.say('written meanwhile');
  await bert.say('missed');
  await restore();
  await ada.isUpToDate();
  await expect(ada.log.locator('article[data-seq]')).toHaveCount(3);
  expect(await ada.timeline()).toEqual(await bert.timeline());
});

test('what was read offline is read', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  const other = { kind: 'public', name: 'Garden', topic: '', description: '', members: [] };
  const { id } = (await ada.ask('POST', '/rooms', other)) as { id: string };
  await bert.ask('POST', `/rooms/${id}/join`);
  await bert.open('Garden');
  await bert.open('General');
  await ada.open('Garden');
  await ada.say('news');
  await expect(bert.page.locator('a.unread')).toHaveCount(1);
  await bert.context.setOffline(true);
  await bert.open('Garden');
  await bert.hears('news');
  await expect(bert.page.locator('a.unread')).toHaveCount(0);
  await bert.context.setOffline(false);
  await bert.isUpToDate();
  await expect
    .poll(async () => ((await bert.ask('GET', `/rooms/${id}`)) as { me: { unread: number } }).me.unread)
    .toBe(0);
});

test('nothing of it stays when one signs out, or when the session ended meanwhile', async ({ join }) => {
  const kept = (visitor: Visitor) =>
    visitor.page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((done) => {
        const request = indexedDB.open('rill');
        request.onsuccess = () => done(request.result);
      });
      let count = 0;
      for (const store of database.objectStoreNames) {
        count += await new Promise<number>((done) => {
          const request = database.transaction(store).objectStore(store).count();
          request.onsuccess = () => done(request.result);
        });
      }
      database.close();
      return count;
    });
  const ada = await join('Ada');
  await ada.open('General');
  await ada.say('hello');
  await ada.composer.fill('begun');
  await expect.poll(() => kept(ada), { timeout: 15_000 }).toBeGreaterThan(2);
  await ada.ask('DELETE', '/sessions/current');
  await expect(ada.page.getByLabel(words.login)).toBeVisible();
  // What was begun waits for the same person; what was known does not.
  await expect.poll(() => kept(ada)).toBe(1);
  await ada.signIn();
  await ada.open('General');
  await expect(ada.composer).toHaveValue('begun');
  const place = new URL(ada.page.url()).origin;
  await ada.ask('DELETE', '/sessions/current');
  await expect(ada.page.getByLabel(words.login)).toBeVisible();
  await ada.page.goto(place);
  const account = { username: 'cleo', password: 'correct horse battery', session: 'cookie' };
  await ada.ask('POST', '/accounts', account);
  await ada.page.reload();
  await ada.isUpToDate();
  await ada.open('General');
  await expect(ada.composer).toHaveValue('');
});
