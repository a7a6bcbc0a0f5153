// What axe-core finds in the pages, in light and dark, wide and narrow: nothing.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';
import { words } from '../src/words';
import { expect, test } from './fixtures/test';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function problems(page: Page): Promise<string[]> {
  // Half-way through an animation nothing has its colours yet.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
  await page.evaluate(axe);
  const results = (await page.evaluate('axe.run({ resultTypes: ["violations"] })')) as AxeResults;
  return results.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    test(`nobody is kept out, ${colorScheme}, ${viewport.width} wide`, async ({ arrive }) => {
      const ada = await arrive('Ada', { colorScheme, viewport });
      expect(await problems(ada.page)).toEqual([]);
      await ada.register();
      expect(await problems(ada.page)).toEqual([]);
      await ada.open('General');
      await ada.say('Hello **all**, see `code` and https://example.org/');
      await ada.say('@ada is me');
      await expect(ada.lines.nth(1)).toHaveAttribute('data-seq', /\d/);
      expect(await problems(ada.page)).toEqual([]);
      await ada.page.getByTitle(words.people).click();
      await expect(ada.page.getByRole('dialog')).toBeVisible();
      expect(await problems(ada.page)).toEqual([]);
    });
  }
}
