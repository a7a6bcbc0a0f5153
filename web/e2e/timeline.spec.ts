// Getting about in a long room: links to messages, days, what is new; and what the keyboard and fingers do with it.

import type { Locator } from '@playwright/test';
import { words } from '../src/words/all';
import { roomWords } from '../src/words/timeline';
import type { Visitor } from './fixtures/people';
import { expect, test } from './fixtures/test';

interface Posted {
  id: string;
  seq: number;
}

/** Writes `count` messages as this person, past the page. */
async function write(who: Visitor, room: string, count: number, text = 'line'): Promise<Posted[]> {
  const posted: Posted[] = [];
  for (let number = 1; number <= count; number++) {
    const body = { text: `${text} ${number}${number % 7 === 0 ? '\nand more\nof it' : ''}` };
    posted.push((await who.ask('POST', `/rooms/${room}/messages`, body)) as Posted);
  }
  return posted;
}

async function garden(ada: Visitor, ...others: Visitor[]): Promise<string> {
  const wanted = { kind: 'public', name: 'Garden', topic: 'What grows', description: '', members: [] };
  const { id } = (await ada.ask('POST', '/rooms', wanted)) as { id: string };
  for (const other of others) await other.ask('POST', `/rooms/${id}/join`);
  return id;
}

const line = (who: Visitor, seq: number) => who.log.locator(`[data-seq="${seq}"]`);
const top = (of: Locator) => of.evaluate((one) => one.getBoundingClientRect().top);
const isFocused = (of: Locator) => expect(of).toBeFocused();

test('a link leads to a message far back, marks it and puts the focus there', async ({ join, server }) => {
  const ada = await join('Ada');
  const room = await garden(ada);
  const posted = await write(ada, room, 160);
  const wanted = posted[40]!;
  await ada.page.goto(`${server.url}/room/${room}/${wanted.seq}`);
  const found = line(ada, wanted.seq);
  await expect(found).toBeInViewport();
  await expect(found).toBeFocused();
  await expect(found).toHaveClass(/found/);
  const box = (await found.boundingBox())!;
  const log = (await ada.log.boundingBox())!;
  const middle = log.y + log.height / 2;
  expect(Math.abs(box.y + box.height / 2 - middle)).toBeLessThan(80);
  await expect(found).not.toHaveClass(/found/);

  await ada.page.getByRole('button', { name: words.toNewest }).click();
  await expect(ada.line('line 160')).toBeInViewport();
  await expect(ada.page).toHaveURL(new RegExp(`/room/${room}$`));
});

const LONG = 'Together they fill a screen many times over. '.repeat(5).trim();
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

for (const [device, options] of Object.entries({ desk: {}, phone: PHONE })) {
  test(`a room that is opened does not move while it is drawn, ${device}`, async ({ join, server }) => {
    const ada = await join('Ada');
    const bert = await join('Bert', options);
    const room = await garden(ada, bert);
    await write(ada, room, 20, LONG);
    // As Chromium counts it: the part of the window that moved, times how far (Layout Instability).
    await bert.page.addInitScript(() => {
      const page = window as unknown as { moved: number };
      page.moved = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) page.moved += (entry as unknown as { value: number }).value;
      }).observe({ type: 'layout-shift', buffered: true });
    });
    const opened = async (last: string) => {
      await bert.page.goto(`${server.url}/room/${room}`);
      await expect(bert.log).toHaveAttribute('aria-busy', 'false');
      await bert.isUpToDate();
      await expect(bert.line(last)).toBeInViewport();
      expect(await bert.page.evaluate(() => (window as unknown as { moved: number }).moved)).toBeLessThan(
        0.1,
      );
    };
    await bert.ask('PUT', `/rooms/${room}/read`, {
      seq: ((await bert.ask('GET', `/rooms/${room}`)) as { last_seq: number }).last_seq,
    });
    await opened('over. 20');
    // The second time from what the page knew.
    await opened('over. 20');
    await bert.page.goto(`${server.url}/settings/look`);
    await write(ada, room, 1, `Anew: ${LONG}`);
    await opened('Anew');
  });
}

test('a link to what is not there says so and shows the newest', async ({ join, server }) => {
  const ada = await join('Ada');
  const room = await garden(ada);
  await write(ada, room, 3);
  await ada.page.goto(`${server.url}/room/${room}/999999`);
  await expect(ada.page.getByText(words.messageMissing)).toBeVisible();
  await expect(ada.line('line 3')).toBeInViewport();
});

test('a quote leads to what it answers, and back leads to the answer', async ({ join }) => {
  const ada = await join('Ada');
  const room = await garden(ada);
  const [root] = await write(ada, room, 1, 'root');
  await write(ada, room, 90);
  const answer = { text: 'the answer', reply_to: root!.id };
  const { seq } = (await ada.ask('POST', `/rooms/${room}/messages`, answer)) as Posted;
  await write(ada, room, 60, 'later');
  await ada.open('Garden');
  await expect(ada.line('later 60')).toBeInViewport();
  await ada.log.evaluate((log) => (log.scrollTop = 0));
  const quote = line(ada, seq).getByRole('link', { name: words.repliedTo('Ada') });
  await expect(quote).toContainText('root 1');
  await quote.click();
  await expect(line(ada, root!.seq)).toBeInViewport();
  await isFocused(line(ada, root!.seq));
  await ada.page.goBack();
  await expect(line(ada, seq)).toBeInViewport();
});

test('a day is chosen and gone to', async ({ join }) => {
  const ada = await join('Ada');
  const room = await garden(ada);
  const posted = await write(ada, room, 120);
  await ada.open('Garden');
  await expect(ada.line('line 120')).toBeInViewport();
  await ada.log.getByRole('button', { name: 'Today' }).click();
  const dialog = ada.page.getByRole('dialog', { name: roomWords.dayTitle });
  await expect(dialog.getByLabel(roomWords.day)).not.toHaveValue('');
  await dialog.getByRole('button', { name: roomWords.dayGo }).click();
  await expect(line(ada, posted[0]!.seq)).toBeInViewport();
  await isFocused(ada.lines.first());
});

test('a room with much that is new opens where that begins', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  const room = await garden(ada, bert);
  await write(bert, room, 6, 'old');
  await ada.open('Garden');
  await expect(ada.roomLine('Garden').locator('.badge')).toHaveCount(0);
  await ada.page.getByRole('link', { name: 'General' }).click();
  const [first] = await write(bert, room, 130, 'new');
  await ada.open('Garden');
  await expect(ada.log.getByText(words.newMessages, { exact: true })).toBeInViewport();
  await expect(line(ada, first!.seq)).toBeInViewport();
  await expect(ada.page.getByText('130 new messages since')).toBeVisible();
  await expect(ada.page.getByRole('button', { name: words.toFirstNew })).toHaveCount(0);

  await ada.page.getByRole('button', { name: words.toNewest }).click();
  await expect(ada.line('new 130')).toBeInViewport();
  await expect(ada.page.getByText('130 new messages since')).toBeHidden();
  await expect(ada.roomLine('Garden').locator('.badge')).toHaveCount(0);
});

test('what is new is marked as read without being looked at', async ({ join, server }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  const room = await garden(ada, bert);
  await write(bert, room, 70, 'old');
  await ada.page.goto(`${server.url}/room/${room}/10`);
  await expect(line(ada, 10)).toBeInViewport();
  const bar = ada.page.getByRole('status').filter({ hasText: 'new messages' });
  await expect(bar).toBeVisible();
  await bar.getByRole('button', { name: words.markRead }).click();
  await expect(bar).toBeHidden();
  await expect(line(ada, 10)).toBeInViewport();
  await ada.page.reload();
  await ada.isUpToDate();
  await expect(ada.roomLine('Garden').locator('.badge')).toHaveCount(0);
});

test('the place is kept while older and newer pages come and while others write', async ({
  join,
  server,
}) => {
  test.setTimeout(120_000);
  const ada = await join('Ada');
  const bert = await join('Bert');
  const room = await garden(ada, bert);
  const posted = await write(bert, room, 500);
  const wanted = posted[250]!;
  await ada.page.goto(`${server.url}/room/${room}/${wanted.seq}`);
  await expect(line(ada, wanted.seq)).toBeFocused();

  /** Scrolls by single steps and checks that nothing else moves the line that is in sight. */
  async function roam(step: number, until: () => Promise<boolean>): Promise<void> {
    for (let steps = 0; !(await until()); steps++) {
      expect(steps, 'steps').toBeLessThan(400);
      const moved = await ada.log.evaluate(async (log, step) => {
        const edge = log.getBoundingClientRect().top;
        const lines = [...log.querySelectorAll('article')];
        const inSight = lines.find((one) => one.getBoundingClientRect().top > edge + 300)!;
        const before = inSight.getBoundingClientRect().top;
        const from = log.scrollTop;
        log.scrollTop += step;
        const scrolled = log.scrollTop - from;
        for (let frame = 0; frame < 6; frame++) await new Promise(requestAnimationFrame);
        return inSight.isConnected ? inSight.getBoundingClientRect().top - before + scrolled : 0;
      }, step);
      expect(Math.abs(moved)).toBeLessThanOrEqual(1);
    }
  }
  const first = () => ada.lines.first().getAttribute('data-seq').then(Number);
  const last = () => ada.lines.last().getAttribute('data-seq').then(Number);
  await roam(-180, async () => (await first()) <= posted[40]!.seq);
  expect(await ada.lines.count()).toBeLessThanOrEqual(320);
  await roam(240, async () => (await last()) >= posted[420]!.seq);

  const still = ada.lines.nth(Math.floor((await ada.lines.count()) / 2));
  await still.scrollIntoViewIfNeeded();
  const before = await top(still);
  await write(bert, room, 25, 'live');
  await expect(ada.page.getByRole('button', { name: words.toNewest })).toContainText(words.newBelow(25));
  expect(Math.abs((await top(still)) - before)).toBeLessThanOrEqual(1);
  await ada.page.getByRole('button', { name: words.toNewest }).click();
  await expect(ada.line('live 25')).toBeInViewport();
});

test('the keyboard goes through the messages and does what one can do with them', async ({
  join,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => undefined);
  const ada = await join('Ada', { permissions: ['clipboard-read', 'clipboard-write'] });
  const room = await garden(ada);
  const posted = await write(ada, room, 30);
  await ada.open('Garden');
  await expect(ada.line('line 30')).toBeInViewport();
  const { keyboard } = ada.page;

  await ada.composer.focus();
  await keyboard.press('Shift+Tab');
  await expect(ada.page.getByRole('button', { name: words.shareLocation })).toBeFocused();
  await keyboard.press('Shift+Tab');
  await isFocused(ada.lines.last());
  await keyboard.press('ArrowUp');
  await isFocused(line(ada, posted[28]!.seq));
  await keyboard.press('Home');
  await isFocused(ada.lines.first());
  await expect(ada.lines.first()).toBeInViewport();
  await keyboard.press('PageDown');
  await expect(ada.lines.first()).not.toBeFocused();
  await keyboard.press('End');
  await isFocused(ada.lines.last());

  // The log is one stop: Tab goes through the line, then out.
  for (let presses = 0; presses < 12; presses++) await keyboard.press('Tab');
  await expect(ada.log.locator(':focus')).toHaveCount(0);
  await ada.lines.last().focus();

  await keyboard.press('c');
  await expect(ada.page.getByText(words.linkCopied)).toBeVisible();
  const link = await ada.page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(new RegExp(`/room/${room}/${posted[29]!.seq}$`));
  await isFocused(ada.lines.last());

  await keyboard.press('p');
  await expect(ada.lines.last().getByText(words.pinned)).toBeVisible();
  await keyboard.press('e');
  await ada.page.getByLabel(words.editing).fill('changed by keys');
  await keyboard.press('Enter');
  await expect(ada.lines.last()).toContainText('changed by keys');
  await isFocused(ada.lines.last());

  await keyboard.press('+');
  const picker = ada.page.getByRole('dialog', { name: words.emojiTitle });
  await expect(picker).toBeVisible();
  await picker.getByRole('searchbox').fill('tomato');
  await keyboard.press('Enter');
  await expect(ada.lines.last().getByRole('button', { name: words.reactions('🍅', ['Ada']) })).toBeVisible();
  await isFocused(ada.lines.last());

  await keyboard.press('Enter');
  const menu = ada.page.getByRole('menu');
  await expect(menu).toBeVisible();
  await keyboard.press('End');
  await expect(menu.getByRole('menuitem', { name: words.delete })).toBeFocused();
  await keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await isFocused(ada.lines.last());

  await keyboard.press('Delete');
  await ada.page.getByRole('dialog').getByRole('button', { name: words.delete }).click();
  await expect(ada.lines.last()).toContainText(words.deleted);

  await keyboard.press('Escape');
  await expect(ada.composer).toBeFocused();
  await keyboard.press('ArrowUp');
  await expect(ada.page.getByLabel(words.editing)).toHaveValue('line 29');
  await keyboard.press('Escape');
  await expect(ada.composer).toBeFocused();
});

test('earlier texts of a message are shown', async ({ join }) => {
  const ada = await join('Ada');
  await ada.open('General');
  await ada.say('first');
  await ada.hears('first');
  for (const text of ['second', 'third']) {
    await ada.composer.press('ArrowUp');
    await ada.page.getByLabel(words.editing).fill(text);
    await ada.page.getByLabel(words.editing).press('Enter');
    await ada.hears(text);
  }
  await ada.lines
    .last()
    .getByRole('button', { name: `(${words.edited})` })
    .click();
  const dialog = ada.page.getByRole('dialog', { name: roomWords.earlierTitle });
  await expect(dialog.locator('.said')).toHaveText(['third', 'second', 'first']);
});

test('a finger that rests on a message asks what one can do with it', async ({ join }) => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const ada = await join('Ada', phone);
  await ada.open('General');
  await ada.composer.fill('by thumb');
  await ada.page.getByRole('button', { name: words.send }).click();
  await expect(ada.line('by thumb')).toHaveAttribute('data-seq', /./);
  const box = (await ada.line('by thumb').boundingBox())!;
  const at = { x: Math.round(box.x + 120), y: Math.round(box.y + box.height / 2) };
  const session = await ada.context.newCDPSession(ada.page);
  await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at] });
  const menu = ada.page.getByRole('menu');
  await expect(menu).toBeVisible();
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await expect(menu).toBeVisible();
  await menu.getByRole('menuitem', { name: words.react('🎉') }).tap();
  await expect(
    ada.line('by thumb').getByRole('button', { name: words.reactions('🎉', ['Ada']) }),
  ).toBeVisible();
});

test('a page that cannot be loaded says so and can be asked for again', async ({ join }) => {
  const ada = await join('Ada');
  const room = await garden(ada);
  await write(ada, room, 5);
  await ada.page.route('**/messages?*', (route) => route.fulfill({ status: 503, body: '' }));
  await ada.roomLine('Garden').click();
  await expect(ada.page.getByText(words.messagesMissing)).toBeVisible();
  await ada.page.unroute('**/messages?*');
  await ada.log.getByRole('button', { name: words.tryAgain }).click();
  await expect(ada.line('line 5')).toBeInViewport();
  await expect(ada.page.getByText(words.messagesMissing)).toBeHidden();
  await expect(ada.log.getByText('Ada made this room on')).toBeVisible();
});
