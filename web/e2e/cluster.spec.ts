// People on two servers that share a database talk as on one.

import { words } from '../src/words/all';
import { Cluster } from './fixtures/cluster';
import { Visitor } from './fixtures/people';
import { expect, test as base } from './fixtures/test';

const test = base.extend<{ cluster: Cluster }>({
  cluster: async ({}, use) => {
    const cluster = await Cluster.start();
    await use(cluster);
    await cluster.stop();
  },
});

test('one on the first server and one on the second talk, write and see each other', async ({
  browser,
  cluster,
  visitors,
}) => {
  test.setTimeout(180_000);
  const ada = await Visitor.register(browser, cluster.server(1), 'Ada');
  const bert = await Visitor.register(browser, cluster.server(2), 'Bert');
  const cleo = await Visitor.register(browser, cluster.proxy, 'Cleo');
  visitors.push(ada, bert, cleo);
  for (const visitor of visitors) await visitor.open('General');

  await ada.say('Hello from the first');
  await bert.hears('Hello from the first');
  await bert.say('Hello from the **second**');
  await cleo.say('And hello from between');
  for (const visitor of visitors) {
    for (const text of ['the first', 'the second', 'from between']) await visitor.hears(text);
  }
  expect(await bert.timeline()).toEqual(await ada.timeline());
  expect(await cleo.timeline()).toEqual(await ada.timeline());

  await bert.composer.pressSequentially('Hm');
  await expect(ada.page.getByText(words.typing(['Bert']))).toBeVisible();
});
