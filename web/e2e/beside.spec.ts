// What stands beside a room: details that owners change, people and their roles, pins, and threads; live on both sides.

import type { Locator, Page } from '@playwright/test';
import { besideWords } from '../src/words/beside';
import { overlayWords } from '../src/words/keys';
import { roomWords } from '../src/words/timeline';
import { words } from '../src/words/all';
import type { Visitor } from './fixtures/people';
import { expect, test } from './fixtures/test';

type Kind = keyof typeof besideWords & ('details' | 'pins' | 'thread');
interface Made {
  id: string;
}

/** Where there is little space the pane covers the room, and is what the page is about. */
const pane = (page: Page) => page.getByRole(page.viewportSize()!.width > 1152 ? 'complementary' : 'main');
const title = (page: Page, kind: Kind) =>
  pane(page).getByRole('heading', { level: 2, name: besideWords[kind] });
const person = (visitor: Visitor, name: string) =>
  pane(visitor.page).getByRole('listitem').filter({ hasText: name });
const answers = (visitor: Visitor) => pane(visitor.page).getByRole('log').getByRole('article');

async function makeRoom(
  visitor: Visitor,
  kind: 'public' | 'private',
  members: Visitor[] = [],
): Promise<string> {
  const ids = await Promise.all(members.map((member) => member.ask('GET', '/me') as Promise<Made>));
  const room = { kind, name: 'Garden', topic: '', description: '', members: ids.map(({ id }) => id) };
  return ((await visitor.ask('POST', '/rooms', room)) as Made).id;
}

async function post(visitor: Visitor, room: string, text: string, reply_to?: string): Promise<string> {
  return ((await visitor.ask('POST', `/rooms/${room}/messages`, { text, reply_to })) as Made).id;
}

async function openDetails(visitor: Visitor): Promise<void> {
  await visitor.open('Garden');
  await visitor.page.getByTitle(words.details, { exact: true }).click();
  await expect(title(visitor.page, 'details')).toBeFocused();
}

async function change(visitor: Visitor, field: 'name' | 'topic', to: string): Promise<void> {
  await pane(visitor.page).getByRole('button', { name: besideWords.change[field] }).click();
  await pane(visitor.page).getByLabel(besideWords[field], { exact: true }).fill(to);
  await pane(visitor.page).getByRole('button', { name: words.save }).click();
}

async function choose(visitor: Visitor, name: string, what: string): Promise<void> {
  await person(visitor, name)
    .getByRole('button', { name: besideWords.doWith(name) })
    .click();
  await visitor.page.getByRole('menuitem', { name: what, exact: true }).click();
}

async function answer(visitor: Visitor, text: string): Promise<void> {
  const box: Locator = pane(visitor.page).getByRole('textbox', { name: words.writeInThread });
  await box.fill(text);
  await box.press('Enter');
  await expect(box).toHaveValue('');
}

test('a room is renamed, and both see it; who was slower sees what the other wrote', async ({ join }) => {
  const [ada, bert] = [await join('Ada'), await join('Bert')];
  const id = await makeRoom(ada, 'private', [bert]);
  const { id: bertId } = (await bert.ask('GET', '/me')) as Made;
  await openDetails(ada);
  await openDetails(bert);
  await expect(pane(bert.page).getByRole('button', { name: besideWords.change.name })).toHaveCount(0);
  await change(ada, 'topic', 'What grows where');
  await expect(pane(bert.page).getByText('What grows where')).toBeVisible();
  await change(ada, 'name', 'Orchard');
  await expect(bert.page.getByRole('heading', { level: 1, name: 'Orchard' })).toBeVisible();
  await expect(bert.roomLine('Orchard')).toBeVisible();

  await ada.ask('PATCH', `/rooms/${id}/members/${bertId}`, { role: 'moderator' });
  await pane(bert.page).getByRole('button', { name: besideWords.change.topic }).click();
  const box = pane(bert.page).getByLabel(besideWords.topic, { exact: true });
  await box.fill('Apples only');
  await change(ada, 'topic', 'Pears only');
  await expect(pane(ada.page).getByText('Pears only')).toBeVisible();
  await box.press('Enter');
  await expect(pane(bert.page).getByRole('alert')).toHaveText(
    besideWords.changedMeanwhile('Ada', 'Pears only'),
  );
  await expect(pane(ada.page).getByText('Pears only')).toBeVisible();
  await box.press('Enter');
  await expect(pane(ada.page).getByText('Apples only')).toBeVisible();
});

test('roles are given, people removed, and what one may not do is not offered', async ({ join }) => {
  const [ada, bert, cleo] = [await join('Ada'), await join('Bert'), await join('Cleo')];
  await makeRoom(ada, 'private', [bert, cleo]);
  await openDetails(ada);
  await openDetails(bert);
  await person(bert, 'Cleo').getByRole('button').click();
  await expect(bert.page.getByRole('menuitem')).toHaveText([besideWords.message]);
  await bert.page.keyboard.press('Escape');

  await choose(ada, 'Bert', besideWords.make.moderator);
  await expect(person(bert, 'Bert').getByText(besideWords.roles.moderator)).toBeVisible();
  await choose(bert, 'Cleo', besideWords.remove);
  const asked = bert.page.getByRole('dialog', { name: besideWords.removeTitle('Cleo', 'Garden') });
  await asked.getByRole('button', { name: besideWords.removeConfirm }).click();
  await expect(person(ada, 'Cleo')).toHaveCount(0);
  await expect(pane(ada.page).getByText(besideWords.people(2))).toBeVisible();
  await expect(cleo.roomLine('Garden')).toHaveCount(0);

  await expect(pane(ada.page).getByText(besideWords.bound.only_owner)).toBeVisible();
  await choose(ada, 'Bert', besideWords.make.owner);
  await pane(ada.page).getByRole('button', { name: besideWords.leave }).click();
  await ada.page.getByRole('dialog').getByRole('button', { name: besideWords.leaveConfirm }).click();
  await expect(ada.roomLine('Garden')).toHaveCount(0);
  await expect(person(bert, 'Ada')).toHaveCount(0);
});

test('a room is archived and taken out again, and deleted by who types its name', async ({ join }) => {
  const [ada, bert] = [await join('Ada'), await join('Bert')];
  await makeRoom(ada, 'private', [bert]);
  await openDetails(ada);
  await bert.open('Garden');
  await pane(ada.page).getByRole('button', { name: besideWords.archive }).click();
  await ada.page.getByRole('dialog').getByRole('button', { name: besideWords.archiveConfirm }).click();
  await expect(bert.page.getByText(words.archived)).toBeVisible();
  await expect(pane(ada.page).getByRole('button', { name: besideWords.change.name })).toHaveCount(0);
  await pane(ada.page).getByRole('button', { name: besideWords.unarchive }).click();
  await bert.say('It goes on');
  await ada.hears('It goes on');

  await pane(ada.page).getByRole('button', { name: besideWords.delete }).click();
  const asked = ada.page.getByRole('dialog', { name: besideWords.deleteTitle('Garden') });
  const confirm = asked.getByRole('button', { name: besideWords.deleteConfirm });
  await asked.getByRole('textbox').fill('Gardens');
  await expect(confirm).toBeDisabled();
  await asked.getByRole('textbox').fill('Garden');
  await confirm.click();
  await expect(bert.roomLine('Garden')).toHaveCount(0);
  await expect(ada.roomLine('Garden')).toHaveCount(0);
});

test('several people are brought into a private room at once', async ({ join }) => {
  const [ada, bert, cleo] = [await join('Ada'), await join('Bert'), await join('Cleo')];
  await makeRoom(ada, 'private');
  await openDetails(ada);
  await pane(ada.page).getByRole('button', { name: besideWords.invite }).click();
  const dialog = ada.page.getByRole('dialog', { name: besideWords.invite });
  for (const name of ['Bert', 'Cleo']) {
    await dialog.getByPlaceholder(words.findPerson).fill(name);
    await dialog.getByRole('button', { name }).filter({ hasText: besideWords.choose }).click();
  }
  await expect(dialog.getByRole('list', { name: overlayWords.chosen }).getByRole('listitem')).toHaveCount(2);
  await dialog.getByRole('button', { name: besideWords.bringIn(2) }).click();
  await expect(dialog).toHaveCount(0);
  await expect(person(ada, 'Bert')).toBeVisible();
  await expect(person(ada, 'Cleo')).toBeVisible();
  await bert.open('Garden');
  await cleo.open('Garden');
});

test('General says why it cannot be left, and a conversation shows who the other one is', async ({
  join,
}) => {
  const [ada, bert] = [await join('Ada'), await join('Bert')];
  await ada.open('General');
  await ada.page.getByTitle(words.details, { exact: true }).click();
  await expect(pane(ada.page).getByText(besideWords.bound.protected)).toBeVisible();
  await choose(ada, 'Bert', besideWords.message);
  await expect(ada.page.getByRole('heading', { level: 1, name: 'Bert' })).toBeVisible();
  await ada.page.getByTitle(words.details, { exact: true }).click();
  await expect(pane(ada.page).getByText('@bert')).toBeVisible();
  await expect(pane(ada.page).getByText(words.statuses.online)).not.toHaveCount(0);
  await bert.context.close();
  await expect(pane(ada.page).locator('[data-status=offline]')).toBeVisible({ timeout: 30_000 });
});

test('pins come and go on both sides, the newest pin first', async ({ join }) => {
  const [ada, bert] = [await join('Ada'), await join('Bert')];
  const id = await makeRoom(ada, 'private', [bert]);
  const first = await post(ada, id, 'The key is under the pot');
  for (let number = 1; number <= 60; number++) await post(ada, id, `small talk ${number}`);
  for (const visitor of [ada, bert]) {
    await visitor.open('Garden');
    await visitor.page.getByTitle(words.pins, { exact: true }).click();
    await expect(pane(visitor.page).getByText(besideWords.noPins)).toBeVisible();
  }
  await ada.line('small talk 60').hover();
  await ada.line('small talk 60').getByRole('button', { name: words.actions, exact: true }).last().click();
  await ada.page.getByRole('menuitem', { name: roomWords.deeds.pin, exact: true }).click();
  const pins = pane(bert.page).getByRole('listitem');
  await expect(pins).toHaveCount(1);
  // This one is not loaded on either side.
  await ada.ask('PUT', `/rooms/${id}/messages/${first}/pin`);
  await expect(pins).toHaveCount(2);
  await expect(pins.first()).toContainText('The key is under the pot');
  await ada.ask('PATCH', `/rooms/${id}/messages/${first}`, { text: 'The key is with Cleo' });
  await expect(pins.first()).toContainText('The key is with Cleo');
  await pins.first().getByRole('link', { name: besideWords.goTo }).click();
  await bert.hears('The key is with Cleo');
  await expect(title(bert.page, 'pins')).toBeVisible();
  await pins.last().getByRole('button', { name: besideWords.unpin }).click();
  await expect(pane(ada.page).getByRole('listitem')).toHaveCount(1);
  await ada.ask('DELETE', `/rooms/${id}/messages/${first}`);
  await expect(pane(bert.page).getByText(besideWords.noPins)).toBeVisible();
});

test('a thread is talked in from both sides, also after its address was loaded anew', async ({ join }) => {
  const [ada, bert] = [await join('Ada'), await join('Bert')];
  const id = await makeRoom(ada, 'private', [bert]);
  const root = await post(ada, id, 'Shall we put up a shelf?');
  const address = new URL(`/room/${id}?thread=${root}`, ada.page.url()).href;
  await ada.page.goto(address);
  await expect(pane(ada.page).getByText(besideWords.answers(0))).toBeVisible();
  await answer(ada, 'I have the wood');
  await expect(answers(ada)).toHaveCount(2);

  await bert.open('Garden');
  await bert.page
    .getByRole('main')
    .getByRole('button', { name: words.replies(1) })
    .click();
  await expect(answers(bert)).toContainText(['Shall we put up a shelf?', 'I have the wood']);
  await answer(bert, 'I have the screws');
  await expect(answers(ada)).toContainText(['shelf', 'wood', 'screws']);
  // Nobody misses a word: it is in the room too.
  await expect(ada.page.getByRole('main').getByRole('article').filter({ hasText: 'screws' })).toHaveCount(1);

  await bert.page.reload();
  await expect(answers(bert)).toContainText(['shelf', 'wood', 'screws']);
  await answer(ada, 'Saturday?');
  await expect(answers(bert).filter({ hasText: 'Saturday?' })).toHaveCount(1);
  await expect(pane(bert.page).getByText(besideWords.answers(3))).toBeVisible();

  const box = pane(bert.page).getByRole('textbox', { name: words.writeInThread });
  await box.press('ArrowUp');
  await pane(bert.page).getByRole('textbox', { name: words.editing }).fill('I have all the screws');
  await bert.page.keyboard.press('Enter');
  await expect(answers(ada).filter({ hasText: 'all the screws' })).toHaveCount(1);
  await ada.ask('DELETE', `/rooms/${id}/messages/${root}`);
  await expect(pane(bert.page).getByText(besideWords.rootDeleted)).toBeVisible();
});

test('what is written in a thread offline stands there and is sent later', async ({ join }) => {
  const [ada, bert] = [await join('Ada'), await join('Bert')];
  const id = await makeRoom(ada, 'private', [bert]);
  const root = await post(ada, id, 'Who waters?');
  for (const visitor of [ada, bert]) {
    await visitor.page.goto(new URL(`/room/${id}?thread=${root}`, visitor.page.url()).href);
    await expect(answers(visitor)).toHaveCount(1);
    await visitor.isUpToDate();
  }
  await bert.context.setOffline(true);
  await answer(bert, 'I do');
  await expect(answers(bert)).toHaveCount(2);
  await expect(answers(bert).last()).toContainText(words.willBeSent);
  await answer(ada, 'Or Cleo');
  await bert.context.setOffline(false);
  await expect(answers(ada)).toHaveCount(3, { timeout: 30_000 });
  await expect(answers(bert)).toHaveCount(3);
  await expect(answers(bert)).toContainText(['Who waters?', 'Or Cleo', 'I do']);
});

test('a long thread is read upwards without losing the place, and a thread that is not there says so', async ({
  join,
}) => {
  const ada = await join('Ada');
  const id = await makeRoom(ada, 'private');
  const root = await post(ada, id, 'Count!');
  for (let number = 1; number <= 130; number++) await post(ada, id, `answer number ${number}.`, root);
  await ada.page.goto(new URL(`/room/${id}?thread=${root}`, ada.page.url()).href);
  await expect(answers(ada).last()).toBeInViewport();
  await expect(answers(ada).last()).toContainText('answer number 130.');
  await answers(ada).last().hover();
  await expect(async () => {
    await ada.page.mouse.wheel(0, -3_000);
    await expect(answers(ada).first()).toBeInViewport({ timeout: 300 });
    await expect(answers(ada)).toHaveCount(131, { timeout: 300 });
  }).toPass();
  const texts = await answers(ada).locator('.text').allTextContents();
  const said = texts.slice(1).map((text) => text.trim());
  expect(said).toEqual(Array.from({ length: 130 }, (_, index) => `answer number ${index + 1}.`));
  await pane(ada.page).getByRole('button', { name: besideWords.toNewest }).click();
  await expect(answers(ada).last()).toBeInViewport();

  const nobody = '00000000-0000-7000-8000-000000000000';
  await ada.page.goto(new URL(`/room/${id}?thread=${nobody}`, ada.page.url()).href);
  await expect(pane(ada.page).getByText(besideWords.threadMissing)).toBeVisible();
});

for (const width of [1440, 900]) {
  test(`the focus goes into the pane and comes back, ${width} wide`, async ({ join }) => {
    const ada = await join('Ada', { viewport: { width, height: 800 } });
    await makeRoom(ada, 'private');
    await ada.open('Garden');
    for (const [name, kind] of [
      [words.details, 'details'],
      [words.pins, 'pins'],
    ] as const) {
      const button = ada.page.getByTitle(name, { exact: true });
      await button.focus();
      await ada.page.keyboard.press('Enter');
      await expect(title(ada.page, kind)).toBeFocused();
      await ada.page.keyboard.press('Escape');
      await expect(title(ada.page, kind)).toHaveCount(0);
      await expect(button).toBeFocused();
    }
  });
}
