// What axe-core finds in the pages, in light and dark, wide and narrow: nothing.

import { words } from '../src/words/all';
import { problems } from './fixtures/axe';
import { expect, test } from './fixtures/test';

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    test(`nobody is kept out, ${colorScheme}, ${viewport.width} wide`, async ({ arrive }) => {
      const ada = await arrive('Ada', { colorScheme, viewport });
      await expect(ada.page.getByRole('heading', { level: 1 })).toBeVisible();
      expect(await problems(ada.page)).toEqual([]);
      await ada.register();
      expect(await problems(ada.page)).toEqual([]);
      await ada.open('General');
      await ada.say('Hello **all**, see `code` and https://example.org/');
      await ada.say('@ada is me');
      await expect(ada.lines.nth(1)).toHaveAttribute('data-seq', /\d/);
      expect(await problems(ada.page)).toEqual([]);
      await ada.lines.nth(0).focus();
      await ada.page.keyboard.press('Enter');
      await expect(ada.page.getByRole('menu')).toBeVisible();
      expect(await problems(ada.page)).toEqual([]);
      await ada.page.keyboard.press('Escape');
      await ada.page.getByTitle(words.details).click();
      await expect(ada.page.locator('#beside-title')).toBeVisible();
      expect(await problems(ada.page)).toEqual([]);
    });
  }
}
