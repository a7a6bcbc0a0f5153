// Two people talk.

import { words } from '../src/words/all';
import { expect, test } from './fixtures/test';

test('the first account owns the server, and two people talk both ways', async ({ join, arrive }) => {
  const ada = await arrive('Ada');
  await expect(ada.page.getByText(words.ownerText)).toBeVisible();
  await ada.register();
  await ada.open('General');
  const bert = await join('Bert');
  await bert.open('General');

  await ada.say('Good morning, Bert');
  await bert.hears('Good morning, Bert');
  await bert.say('Good morning, Ada\nHow is the **garden**?');
  await ada.hears('How is the garden?');
  await expect(ada.line('How is the garden?').locator('strong', { hasText: /^garden$/ })).toBeVisible();
  expect(await bert.timeline()).toEqual(await ada.timeline());

  const me = (await ada.ask('GET', '/me')) as { role: string };
  expect(me.role).toBe('super_admin');
});

test('one sees that somebody writes, and that they stopped', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  await bert.composer.pressSequentially('Hm');
  await expect(ada.page.getByText(words.typing(['Bert']))).toBeVisible();
  await bert.composer.fill('');
  await expect(ada.page.getByText(words.typing(['Bert']))).toBeHidden();
});

test('what others write elsewhere is counted, and who is named is told so', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await bert.open('General');
  await bert.say('one');
  await bert.say('two');
  await expect(ada.roomLine('General').getByTitle(words.unread(2))).toBeVisible();
  await bert.say('@ada, three');
  await expect(ada.roomLine('General').getByTitle(words.mentions(1))).toBeVisible();
  await ada.open('General');
  await expect(ada.log.getByText(words.newMessages, { exact: true })).toBeVisible();
  await expect(ada.roomLine('General').getByTitle(words.mentions(1))).toBeHidden();
  await ada.page.reload();
  await ada.isUpToDate();
  await expect(ada.lines).toHaveCount(3);
  await expect(ada.roomLine('General').locator('.badge')).toHaveCount(0);
});

test('messages can be answered, changed, reacted to and deleted; a later visit sees the same', async ({
  join,
}) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  await ada.say('Aple pie at four');
  await bert.hears('Aple pie at four');

  await bert.line('Aple pie').hover();
  await bert
    .line('Aple pie')
    .getByRole('button', { name: words.react('🎉') })
    .click();
  await expect(
    ada.line('Aple pie').getByRole('button', { name: words.reactions('🎉', ['Bert']) }),
  ).toBeVisible();
  await bert.line('Aple pie').getByRole('button', { name: words.reply, exact: true }).click();
  await bert.say('Who bakes?');
  await expect(ada.line('Who bakes?').getByText(words.repliedTo('Ada'))).toBeVisible();

  await ada.composer.press('ArrowUp');
  await ada.page.getByLabel(words.editing).fill('Apple pie at four');
  await ada.page.getByLabel(words.editing).press('Enter');
  await expect(bert.log.getByText('Apple pie at four').first()).toBeVisible();
  await expect(bert.log.getByText(`(${words.edited})`)).toBeVisible();

  await bert.say('Never mind');
  await bert.line('Never mind').hover();
  await bert.line('Never mind').getByRole('button', { name: words.actions }).click();
  await bert.page.getByRole('menuitem', { name: words.delete }).click();
  await bert.page.getByRole('dialog').getByRole('button', { name: words.delete }).click();
  await expect(ada.log.getByText(words.deleted)).toBeVisible();

  const live = await ada.log.innerText();
  await ada.page.reload();
  await ada.isUpToDate();
  await expect(ada.lines).toHaveCount(3);
  expect(await ada.log.innerText()).toBe(live);
});
