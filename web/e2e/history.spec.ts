// Older messages come while one scrolls up, the place is kept, and the page never holds more than its window.

import { words } from '../src/words/all';
import { expect, test } from './fixtures/test';

const COUNT = 420;

test('scrolling up loads what is older, keeps the place, and comes back to the newest', async ({ join }) => {
  test.setTimeout(120_000);
  const ada = await join('Ada');
  await ada.open('General');
  const room = ada.roomId();
  for (let number = 1; number <= COUNT; number++) {
    await ada.ask('POST', `/rooms/${room}/messages`, { text: `message number ${number}` });
  }
  await ada.page.reload();
  await ada.isUpToDate();
  await expect(ada.line(`message number ${COUNT}`)).toBeInViewport();

  // Whatever line is in sight stays where it is while older ones are put above it.
  const place = () =>
    ada.log.evaluate((log) => {
      const edge = log.getBoundingClientRect().top + 80;
      const line = [...log.querySelectorAll('article')].find(
        (line) => line.getBoundingClientRect().top > edge,
      )!;
      return { seq: line.getAttribute('data-seq'), top: line.getBoundingClientRect().top };
    });
  await expect(ada.lines).not.toHaveCount(0);
  const first = await ada.lines.count();
  await ada.log.evaluate((log) => (log.scrollTop = 900));
  await expect(ada.lines).not.toHaveCount(0);
  let count = await ada.lines.count();
  if (count > first) {
    // On a slow machine older ones have come for this place already, and it is far from the top now.
    await ada.log.evaluate((log) => (log.scrollTop = 900));
    await expect(ada.lines).not.toHaveCount(0);
    count = await ada.lines.count();
  }
  const before = await place();
  await ada.log.evaluate((log) => (log.scrollTop -= 300));
  await expect.poll(() => ada.lines.count()).toBeGreaterThan(count);
  // What is painted counts: a line that says "Loading" may go a moment after the messages came.
  const after = await ada.log.evaluate(async (log, seq) => {
    await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
    return log.querySelector(`[data-seq="${seq}"]`)!.getBoundingClientRect().top;
  }, before.seq);
  expect(Math.abs(after - (before.top + 300))).toBeLessThan(3);

  await expect
    .poll(
      async () => {
        await ada.log.evaluate((log) => (log.scrollTop = 0));
        return ada.page.getByText('message number 1', { exact: true }).isVisible();
      },
      { timeout: 30_000 },
    )
    .toBe(true);
  await expect(ada.page.getByText(words.beginning('General'))).toBeVisible();
  expect(await ada.lines.count()).toBeLessThanOrEqual(320);
  const seqs = (await ada.timeline()).map((line) => Number(line.split(' ')[0]));
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));

  await ada.page.getByRole('button', { name: words.toNewest }).click();
  await expect(ada.line(`message number ${COUNT}`)).toBeInViewport();
});
