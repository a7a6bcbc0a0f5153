// Rooms are made, found, entered and left; conversations are begun; what is private stays so.

import { accountWords } from '../src/words/account';
import { besideWords } from '../src/words/beside';
import { overlayWords } from '../src/words/keys';
import { words } from '../src/words/all';
import { expect, test } from './fixtures/test';
import type { Visitor } from './fixtures/people';

async function makeRoom(visitor: Visitor, name: string, kind: string): Promise<void> {
  await visitor.sidebar.getByRole('button', { name: words.newRoom }).click();
  const dialog = visitor.page.getByRole('dialog', { name: words.newRoom });
  await dialog.getByLabel(words.roomName, { exact: true }).fill(name);
  await dialog.getByLabel(words.roomTopic).fill(`About ${name}`);
  await dialog.getByRole('radio', { name: new RegExp(`^${kind}`) }).check();
  await dialog.getByRole('button', { name: words.makeRoom }).click();
  await expect(visitor.page.getByRole('heading', { level: 1, name })).toBeVisible();
}

test('a public room is found, joined, talked in and left', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await makeRoom(ada, 'Garden', words.publicRoom);
  await ada.say('Welcome');

  await bert.sidebar.getByRole('button', { name: words.browse }).click();
  await bert.page.getByPlaceholder(words.findRoom).fill('gard');
  await bert.page.getByRole('button', { name: `${words.join}: Garden` }).click();
  await bert.hears('Welcome');
  await bert.say('Thank you');
  await ada.hears('Thank you');
  await expect(ada.page.getByRole('button', { name: words.members(2) })).toBeVisible();

  await bert.page.getByTitle(words.details).click();
  await bert.page.getByRole('button', { name: besideWords.leave }).click();
  await bert.page.getByRole('dialog').getByRole('button', { name: besideWords.leaveConfirm }).click();
  await expect(bert.roomLine('Garden')).toHaveCount(0);
  await expect(ada.page.getByRole('button', { name: words.members(1) })).toBeVisible();
});

test('a private room is seen by those only who were brought in', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  const cleo = await join('Cleo');
  await makeRoom(ada, 'Surprise', words.privateRoom);
  await ada.say('Cake on Friday');

  await ada.page.getByTitle(words.details).click();
  await ada.page.getByRole('complementary').getByRole('button', { name: besideWords.invite }).click();
  const people = ada.page.getByRole('dialog', { name: besideWords.invite });
  await people.getByPlaceholder(words.findPerson).fill('ber');
  await people.getByRole('button', { name: 'Bert' }).click();
  await people.getByRole('button', { name: besideWords.bringIn(1) }).click();
  await expect(ada.page.getByRole('complementary').getByText('@bert')).toBeVisible();

  await bert.open('Surprise');
  await expect(cleo.roomLine('Surprise')).toHaveCount(0);
  await cleo.sidebar.getByRole('button', { name: words.browse }).click();
  await expect(cleo.page.getByRole('dialog').getByText('General')).toBeVisible();
  await expect(cleo.page.getByRole('dialog').getByText('Surprise')).toHaveCount(0);
  await cleo.page.goto(ada.page.url());
  await expect(cleo.page.getByRole('heading', { name: words.roomMissing })).toBeVisible();
});

test('a conversation of two begins with finding the other, who sees that one is here', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.sidebar.getByRole('button', { name: words.message }).click();
  await ada.page.getByPlaceholder(words.findPerson).fill('bert');
  await ada.page.getByRole('button', { name: 'Bert' }).click();
  await ada.page.getByRole('button', { name: overlayWords.start(1) }).click();
  await expect(ada.page.getByRole('heading', { level: 1, name: 'Bert' })).toBeVisible();
  await ada.say('Just for you');
  await expect(ada.roomLine('Bert').getByText(words.statuses.online)).toBeAttached();

  await expect(bert.roomLine('Ada').getByTitle(words.unread(1))).toBeVisible();
  await bert.open('Ada');
  await bert.hears('Just for you');
  await bert.context.setOffline(true);
  await expect(ada.roomLine('Bert').getByText(words.statuses.offline)).toBeAttached({ timeout: 60_000 });
});

test('who signs out is out, here and at the next visit, and can sign in again', async ({ join, server }) => {
  const ada = await join('Ada');
  await ada.page.getByTitle(words.account).click();
  await ada.page.getByRole('link', { name: accountWords.pages['sign-in'] }).click();
  await ada.page.getByRole('button', { name: accountWords.signOutTitle }).click();
  await expect(ada.page.getByLabel(words.login)).toBeVisible();
  await ada.page.goto(server.url);
  await expect(ada.page.getByLabel(words.login)).toBeVisible();
  await ada.signIn();
  await ada.open('General');
});
