// One sheet for each screen: phone, tablet and desktop side by side, light above dark.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from '@playwright/test';

export const SIZES = [
  { name: 'phone', width: 390, height: 844, touch: true },
  { name: 'tablet', width: 820, height: 1180, touch: true },
  { name: 'desktop', width: 1440, height: 900, touch: false },
] as const;
export const SCHEMES = ['light', 'dark'] as const;
export type Size = (typeof SIZES)[number];

/** Where the pictures go: `PICTURES`, or the documents. */
const FOLDER = process.env.PICTURES ?? join(import.meta.dirname, '../../docs/pictures');
const HEIGHT_SHOWN = 560;

/** How a screen is reached, by somebody who is signed in or not. */
export type Reach = (page: Page, size: Size) => Promise<void>;

/** Takes the six pictures of a screen and lays them out on one. */
export async function sheet(browser: Browser, name: string, url: string, open: Opener, reach: Reach) {
  const shots: { label: string; width: number; height: number; data: string }[] = [];
  for (const colorScheme of SCHEMES) {
    for (const size of SIZES) {
      const context = await open(browser, url, {
        baseURL: url,
        viewport: { width: size.width, height: size.height },
        hasTouch: size.touch,
        isMobile: size.touch,
        colorScheme,
        locale: 'en-GB',
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      await page.goto(url);
      await reach(page, size);
      await page.evaluate(() => document.fonts.ready);
      await page.waitForTimeout(250);
      const data = (await page.screenshot()).toString('base64');
      shots.push({ label: `${size.name}, ${colorScheme}`, width: size.width, height: size.height, data });
      await context.close();
    }
  }
  await lay(browser, name, shots);
}

/** Makes a context; signed in, where the screen needs that. */
export type Opener = (
  browser: Browser,
  url: string,
  options: Parameters<Browser['newContext']>[0],
) => Promise<BrowserContext>;

async function lay(
  browser: Browser,
  name: string,
  shots: { label: string; width: number; height: number; data: string }[],
) {
  const page = await browser.newPage({ deviceScaleFactor: 1.5 });
  const cells = shots.map(({ label, width, height, data }) => {
    const shown = Math.round((width * HEIGHT_SHOWN) / height);
    return `<img alt="${label}" width="${shown}" height="${HEIGHT_SHOWN}" src="data:image/png;base64,${data}">`;
  });
  const rows = [cells.slice(0, 3), cells.slice(3)].map((row) => `<div>${row.join('')}</div>`);
  await page.setContent(
    `<style>body{margin:0;padding:16px;background:#8a9499;width:max-content}div{display:flex;gap:16px}
     div+div{margin-top:16px}img{border-radius:8px}</style>${rows.join('')}`,
  );
  await page.setViewportSize({ width: 1640, height: 2 * HEIGHT_SHOWN + 48 });
  await mkdir(FOLDER, { recursive: true });
  await page.locator('body').screenshot({ path: join(FOLDER, `${name}.jpg`), type: 'jpeg', quality: 50 });
  await page.close();
}
