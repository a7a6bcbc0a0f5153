// What one person writes with marks is for the other what was meant: code to copy, what is hidden, tables, pictures, links.

import { words } from '../src/words/all';
import { expect, test } from './fixtures/test';

test('code is copied, hidden words are shown when asked, pictures of others are asked for first', async ({
  join,
}) => {
  const ada = await join('Ada');
  const bert = await join('Bert', { permissions: ['clipboard-read', 'clipboard-write'] });
  await ada.open('General');
  await bert.open('General');
  const asked: string[] = [];
  bert.page.on('request', (request) => asked.push(new URL(request.url()).host));

  await ada.say('```rust\nfn main() {}\n```');
  const code = bert.log.getByRole('region', { name: words.codeBlock('Rust') });
  await expect(code).toHaveText('fn main() {}');
  await bert.log.getByRole('button', { name: words.copyCode }).click();
  await expect(bert.log.getByText(words.codeCopied).first()).toBeVisible();
  expect(await bert.page.evaluate(() => navigator.clipboard.readText())).toBe('fn main() {}');

  await ada.say('It was ||the gardener||');
  await expect(bert.line('It was')).not.toContainText('gardener');
  await bert.log.getByRole('button', { name: words.showHidden }).click();
  await expect(bert.line('It was')).toContainText('It was the gardener');
  await expect(bert.line('It was').getByText('the gardener')).toBeFocused();

  await ada.say('| What | When |\n| --- | --- |\n| Peas | March |');
  await expect(bert.log.getByRole('cell', { name: 'March' })).toBeVisible();

  await ada.say('![The wall](https://wall.example/wall.png)');
  await expect(bert.log.getByText(words.pictureWhy('wall.example'))).toBeVisible();
  expect(asked).not.toContain('wall.example');
  const card = bert.log.getByRole('button', { name: words.pictureShow });
  await card.click();
  // Nobody has this picture; that it was asked for now is what counts.
  await expect.poll(() => bert.log.getByText(words.pictureFailed).count()).toBe(1);
});

test('a copied link to a message leads who gets it there', async ({ join }) => {
  const ada = await join('Ada', { permissions: ['clipboard-read', 'clipboard-write'] });
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  await ada.say('The key is under the pot');
  for (let number = 1; number <= 80; number += 1) {
    await ada.ask('POST', `/rooms/${ada.roomId()}/messages`, { text: `small talk ${number}` });
  }
  await ada.hears('small talk 80');
  await ada.line('The key').focus();
  await ada.page.keyboard.press('c');
  await expect(ada.page.getByText(words.linkCopied)).toBeVisible();
  const link = await ada.page.evaluate(() => navigator.clipboard.readText());
  await ada.say(`Look: ${link}`);
  await bert.page.reload();
  await bert.line('Look').locator('.text').getByRole('link').click();
  await expect(bert.line('The key is under the pot')).toBeInViewport();
  await expect(bert.line('The key is under the pot')).toBeFocused();
  await expect(bert.page).toHaveURL(link);
});
