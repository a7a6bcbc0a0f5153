// Whatever happens to the connection, both sides agree afterwards.

import { words } from '../src/words/all';
import type { Visitor } from './fixtures/people';
import { expect, test } from './fixtures/test';

/** For how long one is offline while both write; `MINUTES=10 npm run e2e -- offline` takes the time that it says. */
const MINUTES = Number(process.env.MINUTES ?? 0.05);
const WRITTEN = 20;

async function agree(one: Visitor, other: Visitor, texts: string[]): Promise<void> {
  await expect(one.lines).toHaveCount(texts.length);
  await expect(other.lines).toHaveCount(texts.length);
  await expect(one.page.getByText(words.willBeSent)).toHaveCount(0);
  const timeline = await one.timeline();
  expect(await other.timeline()).toEqual(timeline);
  expect(timeline.map((line) => line.replace(/^\d+ /, '')).sort()).toEqual([...texts].sort());
  const seqs = timeline.map((line) => Number(line.split(' ')[0]));
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
}

test('one goes offline, both write, it comes back: both see the same, in order, nothing doubled', async ({
  join,
}) => {
  test.setTimeout(60_000 + MINUTES * 90_000);
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  await ada.say('before');
  await bert.hears('before');

  await bert.context.setOffline(true);
  await expect(bert.page.getByText(words.offline)).toBeVisible();
  const texts = ['before'];
  for (let number = 1; number <= WRITTEN; number++) {
    await ada.say(`from Ada ${number}`);
    await bert.say(`from Bert ${number}`);
    texts.push(`from Ada ${number}`, `from Bert ${number}`);
    await bert.page.waitForTimeout((MINUTES * 60_000) / WRITTEN);
  }
  await expect(bert.page.getByText(words.willBeSent)).toHaveCount(WRITTEN);
  await expect(bert.lines).toHaveCount(1 + WRITTEN);

  await bert.context.setOffline(false);
  await bert.isUpToDate();
  await agree(ada, bert, texts);
  for (const { name } of [ada, bert]) {
    const own = (await bert.timeline()).filter((line) => line.includes(`from ${name}`));
    expect(own.map((line) => Number(line.split(' ').at(-1)))).toEqual(own.map((_, index) => index + 1));
  }
});

test('what was written offline is sent after the page was loaded again', async ({ join, server }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  await bert.context.setOffline(true);
  await bert.say('kept');
  await expect(bert.page.getByText(words.willBeSent)).toBeVisible();
  await bert.page.goto('about:blank').catch(() => undefined);
  await bert.context.setOffline(false);
  await bert.page.goto(server.url);
  await bert.open('General');
  await agree(ada, bert, ['kept']);
  await bert.page.reload();
  await bert.isUpToDate();
  await agree(ada, bert, ['kept']);
});

test('a server that restarts is waited for, and nothing is lost or doubled', async ({ join, server }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  await ada.say('before');
  await bert.hears('before');
  await server.down();
  await expect(bert.page.getByText(words.offline)).toBeVisible();
  await bert.say('while it was away');
  await ada.say('me too');
  await server.up();
  await bert.isUpToDate();
  await ada.isUpToDate();
  await agree(ada, bert, ['before', 'while it was away', 'me too']);
});

test('an answer that gets lost does not double the message', async ({ join }) => {
  const ada = await join('Ada');
  await ada.open('General');
  // The socket is cut as soon as the message has gone out, before anything is heard back.
  await ada.page.evaluate(() => {
    const send = WebSocket.prototype.send;
    let cut = false;
    WebSocket.prototype.send = function (data) {
      send.call(this, data);
      if (!cut && String(data).includes('"post"')) {
        cut = true;
        this.onmessage = null;
        this.close();
      }
    };
  });
  await ada.say('only once');
  await expect(ada.page.locator('[data-standing=up_to_date]')).toBeAttached();
  await expect(ada.lines).toHaveCount(1);
  await expect(ada.lines.first()).toHaveAttribute('data-seq', /\d+/);
  const page = (await ada.ask('GET', `/rooms/${ada.roomId()}/messages`)) as { items: unknown[] };
  expect(page.items).toHaveLength(1);
});

test('what is refused after a break says so, and can be tried again or discarded', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  const garden = { kind: 'public', name: 'Garden', topic: '', description: '', members: [] };
  const room = (await ada.ask('POST', '/rooms', garden)) as { id: string };
  await bert.ask('POST', `/rooms/${room.id}/join`);
  await bert.open('Garden');

  await bert.context.setOffline(true);
  await bert.say('too late');
  await bert.say('never mind');
  await ada.ask('POST', `/rooms/${room.id}/archive`);
  await bert.context.setOffline(false);
  await expect(bert.page.getByText(words.archived)).toBeVisible();
  await expect(bert.log.getByRole('alert')).toHaveCount(2);

  await bert.line('never mind').getByRole('button', { name: words.discard }).click();
  await expect(bert.lines).toHaveCount(1);
  await ada.ask('POST', `/rooms/${room.id}/unarchive`);
  await expect(bert.composer).toBeVisible();
  await bert.line('too late').getByRole('button', { name: words.retry }).click();
  await ada.open('Garden');
  await agree(ada, bert, ['too late']);
});
