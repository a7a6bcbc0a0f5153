// Whatever somebody writes stays text: nothing of it runs, loads or leads where it should not.

import { words } from '../src/words';
import { expect, test } from './fixtures/test';

const TEXTS = [
  '<script>window.ran = true</script>',
  '<img src=x onerror="window.ran = true">',
  '<svg onload="window.ran = true"></svg>',
  '[click](javascript:window.ran=true)',
  '[click](data:text/html,<script>window.ran=true</script>)',
  '<a href="javascript:window.ran=true">click</a>',
  '<style>body { display: none }</style>',
  '![x](https://example.org/x.png)',
  '`<b>` **<i>bold</i>** _<u>_',
  '{@html "<img src=x onerror=window.ran=true>"} ${window.ran = true}',
  '__proto__ constructor toString',
];

test('what others write is shown as they wrote it and nothing of it runs', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await bert.ask('PATCH', '/me', { display_name: '<svg onload="window.ran = true">' });
  await ada.open('General');
  const room = ada.roomId();
  for (const text of TEXTS) await bert.ask('POST', `/rooms/${room}/messages`, { text });
  await expect(ada.lines).toHaveCount(TEXTS.length);
  for (const text of [TEXTS[0]!, TEXTS[1]!, TEXTS[5]!, TEXTS[6]!]) {
    await expect(ada.log.getByText(text, { exact: true })).toBeVisible();
  }
  const links = await ada.log
    .getByRole('link')
    .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).protocol));
  expect(links.filter((protocol) => protocol !== 'https:')).toEqual([]);
  expect(await ada.log.locator('img, script, style, iframe').count()).toBe(0);
  expect(await ada.page.evaluate(() => 'ran' in window)).toBe(false);
});

test('the page may run its own scripts only', async ({ arrive, server }) => {
  const ada = await arrive('Ada');
  await expect(ada.page.getByText(words.ownerText)).toBeVisible();
  const answer = await ada.context.request.get(server.url);
  const policy = answer.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'self'");
  expect(policy).not.toContain('unsafe');
  expect(answer.headers()['x-content-type-options']).toBe('nosniff');
  const ran = await ada.page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.head.append(script);
    return 'ran' in window;
  });
  expect(ran).toBe(false);
  // That refusal is the one trouble that this page should have had.
  expect(ada.troubles.splice(0)).toHaveLength(1);
});
