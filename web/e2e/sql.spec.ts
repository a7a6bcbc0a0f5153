// What another program writes into the database by plain SQL is on people's pages within a second.

import { Cluster } from './fixtures/cluster';
import { Visitor } from './fixtures/people';
import { expect, test as base } from './fixtures/test';

const ALICE = '5e787c3f-8dde-4a6b-b092-2e12f115b6d9';
const TIMES = 7;
const SECOND_MS = 1_000;

const test = base.extend<{ cluster: Cluster }>({
  cluster: async ({}, use) => {
    const cluster = await Cluster.start({ RILL_DATABASE_DOOR: 'true' });
    await use(cluster);
    await cluster.stop();
  },
});

test('a row inserted by SQL is on the pages of both servers within a second, and so are its changes', async ({
  browser,
  cluster,
  visitors,
}) => {
  test.setTimeout(180_000);
  const ada = await Visitor.register(browser, cluster.server(1), 'Ada');
  const bert = await Visitor.register(browser, cluster.server(2), 'Bert');
  visitors.push(ada, bert);
  for (const visitor of visitors) await visitor.open('General');

  const took: number[] = [];
  for (let number = 1; number <= TIMES; number += 1) {
    const text = `Row ${number} by SQL`;
    const begin = performance.now();
    await cluster.sql(`insert into chatroom_messages (content, sender_id) values ('${text}', '${ALICE}')`);
    await Promise.all(
      visitors.map((visitor) => visitor.page.getByText(text, { exact: true }).first().waitFor()),
    );
    took.push(performance.now() - begin);
  }
  console.log('ms from before psql is started to both pages:', took.map(Math.round).join(' '));
  // One may meet a moment in which the machine does something else.
  expect(took.toSorted((a, b) => a - b)[Math.floor(TIMES / 2)]).toBeLessThan(SECOND_MS);
  for (const visitor of visitors) await visitor.hears('Row 1 by SQL');

  await cluster.sql(`update chatroom_messages set content = 'It is dry' where content = 'Row 1 by SQL'`);
  await cluster.sql(`delete from chatroom_messages where content = 'Row 2 by SQL'`);
  for (const visitor of visitors) {
    await visitor.hears('It is dry');
    await expect(visitor.line('Row 1 by SQL')).toHaveCount(0);
    await expect(visitor.line('Row 2 by SQL')).toHaveCount(0);
  }
});
