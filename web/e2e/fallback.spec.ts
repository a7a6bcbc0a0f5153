// Where no WebSocket gets through, one talks all the same.

import { words } from '../src/words/all';
import { Visitor } from './fixtures/people';
import { Gate } from './fixtures/gate';
import { expect, test as base } from './fixtures/test';

/** How long it takes to see that sockets are blocked, with the waits in between. */
const FALL_BACK_WAIT_MS = 20_000;

const test = base.extend<{ gate: Gate; joinBehind: (name: string) => Promise<Visitor> }>({
  gate: async ({ server }, use) => {
    const gate = await Gate.start(server);
    gate.blocksSockets = true;
    await use(gate);
    await gate.stop();
  },
  joinBehind: async ({ browser, gate, visitors }, use) => {
    await use(async (name) => {
      const visitor = await Visitor.register(browser, gate, name);
      visitors.push(visitor);
      return visitor;
    });
  },
});

async function agree(one: Visitor, other: Visitor, texts: string[]): Promise<void> {
  await expect(one.lines).toHaveCount(texts.length);
  await expect(other.lines).toHaveCount(texts.length);
  await expect(one.page.getByText(words.willBeSent)).toHaveCount(0);
  await expect(other.page.getByText(words.willBeSent)).toHaveCount(0);
  const timeline = await one.timeline();
  expect(await other.timeline()).toEqual(timeline);
  expect(timeline.map((line) => line.replace(/^\d+ /, '')).sort()).toEqual([...texts].sort());
}

test('two people talk without a socket, one goes offline and back: nothing is lost or doubled', async ({
  join,
  joinBehind,
  gate,
}) => {
  const ada = await joinBehind('Ada');
  const bert = await join('Bert');
  expect(gate.streams).toBeGreaterThan(0);
  await ada.open('General');
  await bert.open('General');
  await ada.say('from Ada');
  await bert.hears('from Ada');
  await bert.say('from Bert');
  await ada.hears('from Bert');
  await bert.composer.pressSequentially('typ');
  await expect(ada.page.getByText(words.typing(['Bert']))).toBeVisible();
  await bert.composer.fill('');

  await ada.context.setOffline(true);
  await expect(ada.page.getByText(words.offline)).toBeVisible();
  const texts = ['from Ada', 'from Bert'];
  for (const number of [1, 2, 3]) {
    await ada.say(`offline Ada ${number}`);
    await bert.say(`meanwhile Bert ${number}`);
    texts.push(`offline Ada ${number}`, `meanwhile Bert ${number}`);
  }
  await expect(ada.page.getByText(words.willBeSent)).toHaveCount(3);
  const streams = gate.streams;
  await ada.context.setOffline(false);
  await ada.isUpToDate();
  await agree(ada, bert, texts);
  const own = (await ada.timeline()).filter((line) => line.includes('offline Ada'));
  expect(own.map((line) => line.at(-1))).toEqual(['1', '2', '3']);
  expect(gate.streams).toBeGreaterThan(streams);
});

test('a stream that is cut is taken up again where it was', async ({ join, joinBehind, gate }) => {
  const ada = await joinBehind('Ada');
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  const texts: string[] = [];
  for (const number of [1, 2, 3]) {
    await bert.say(`before ${number}`);
    await ada.hears(`before ${number}`);
    gate.cut();
    await bert.say(`after ${number}`);
    await ada.say(`own ${number}`);
    texts.push(`before ${number}`, `after ${number}`, `own ${number}`);
    await expect(ada.line(`after ${number}`)).toHaveCount(1, { timeout: FALL_BACK_WAIT_MS });
  }
  await agree(ada, bert, texts);
});

test('a server that restarts finds everybody again, and where sockets work they come back to them', async ({
  joinBehind,
  gate,
  server,
}) => {
  test.setTimeout(150_000);
  const ada = await joinBehind('Ada');
  await ada.open('General');
  await ada.say('before');
  await server.down();
  await expect(ada.page.getByText(words.offline)).toBeVisible();
  await ada.say('while it was away');
  await server.up();
  await ada.isUpToDate();
  await expect(ada.line('while it was away')).toHaveAttribute('data-seq', /\d+/);

  gate.blocksSockets = false;
  const socket = await ada.page.waitForEvent('websocket', { timeout: 60_000 });
  await socket.waitForEvent('framereceived', {
    predicate: ({ payload }) => String(payload).includes('"resumed"'),
  });
  await ada.isUpToDate();
  await ada.say('over a socket');
  await expect(ada.line('over a socket')).toHaveAttribute('data-seq', /\d+/);
  await expect(ada.lines).toHaveCount(3);
});
