// Whatever somebody writes stays text: nothing of it runs, loads or leads where it should not.

import { words } from '../src/words/all';
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
  '<iframe srcdoc="<script>parent.ran = true</script>"></iframe>',
  '<math><mtext><table><mglyph><style><img src=x onerror="window.ran = true">',
  '<svg><style><!--</style><img src=x onerror="window.ran = true">--></svg>',
  '<noscript><p title="</noscript><img src=x onerror=window.ran=true>">',
  '<template><script>window.ran = true</script></template>',
  '<input autofocus onfocus="window.ran = true">',
  '<details open ontoggle="window.ran = true">x</details>',
  '<video><source onerror="window.ran = true"></video>',
  '<object data="javascript:window.ran=true"></object>',
  '<base href="https://example.org/"><meta http-equiv="refresh" content="0;url=javascript:window.ran=true">',
  '<form action="javascript:window.ran=true"><button>x</button></form>',
  '&lt;script&gt;window.ran = true&lt;/script&gt; &#60;img src=x onerror=window.ran=true&#62;',
  '</p></div></main><script>window.ran = true</script>',
  '"><script>window.ran = true</script>',
  "' onmouseover='window.ran = true",
  '[x](https://example.org/" onmouseover="window.ran = true)',
  '[x](https://example.org/"onmouseover="window.ran=true")',
  '[**<img src=x onerror=window.ran=true>**](https://example.org/)',
  'https://example.org/"><img/src=x/onerror=window.ran=true>',
  '[click](JaVaScRiPt:window.ran=true) [click](\u0001javascript:window.ran=true) [click](java\tscript:window.ran=true)',
  '[click](vbscript:x) [click](blob:x) [click](file:///etc/passwd) [click](//example.org)',
  '```html\n<script>window.ran = 1</script>\n```',
  '> <img src=y onerror="window.ran = true">\n- <svg onload="window.ran = true">',
  '@<img src=x onerror="window.ran = true"> @ada<script>window.ran = true</script>',
];

test('what others write is shown as they wrote it and nothing of it runs', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await bert.ask('PATCH', '/me', { display_name: '<svg onload="window.ran = true">' });
  const named = '<img src=x onerror="window.ran = true">';
  await ada.ask('POST', '/rooms', { kind: 'public', name: named, topic: named, description: named });
  await ada.page.reload();
  await expect(ada.page.getByText(named).first()).toBeVisible();
  await ada.open('General');
  const room = ada.roomId();
  for (const text of TEXTS) await bert.ask('POST', `/rooms/${room}/messages`, { text });
  await expect(ada.lines).toHaveCount(TEXTS.length);
  const unmarked = TEXTS.filter((text) => text.startsWith('<') && !/[*_`[\n]|https?:/.test(text));
  expect(unmarked.length).toBeGreaterThan(10);
  for (const text of unmarked) {
    await expect(ada.log.getByText(text, { exact: true })).toBeVisible();
  }
  const links = await ada.log
    .locator('.text')
    .getByRole('link')
    .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).protocol));
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((protocol) => protocol !== 'https:')).toEqual([]);
  const unguarded = ada.log.locator('.text a:not([rel="noopener noreferrer nofollow"][target="_blank"])');
  await expect(unguarded).toHaveCount(0);
  expect(
    await ada.log
      .locator('img, script, style, iframe, object, video, math, template, form, base, meta, input, details')
      .count(),
  ).toBe(0);
  const handlers = await ada.page
    .locator('*')
    .evaluateAll((all) =>
      all.flatMap((one) => one.getAttributeNames().filter((name) => name.startsWith('on'))),
    );
  expect(handlers).toEqual([]);
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
