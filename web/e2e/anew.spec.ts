// Who stays and hears of everything sees the same as who comes anew: after each thing that can happen, one by one.

import type { Browser, Locator, Page, WebSocketRoute } from '@playwright/test';
import { besideWords } from '../src/words/beside';
import { words } from '../src/words/all';
import type { EntryBody, Frame } from '../src/wire';
import type { Visitor } from './fixtures/people';
import type { Server } from './fixtures/server';
import { seen, type Seen } from './fixtures/seen';
import { Someone } from './fixtures/someone';
import { expect, test } from './fixtures/test';

interface Made {
  id: string;
}

/** Who and what the deeds are about. */
class Stage {
  /** Made on the way. */
  readonly ids: Record<string, string> = {};

  constructor(
    readonly ada: Someone,
    readonly cleo: Someone,
    readonly dora: Someone,
    readonly bert: Visitor,
    readonly bertId: string,
    /** The room that Bert looks at. */
    readonly room: string,
    /** The message whose thread he looks at. */
    readonly root: string,
    /** A room that he does not look at. */
    readonly other: string,
  ) {}

  async note(name: string, made: Promise<unknown>): Promise<void> {
    this.ids[name] = ((await made) as Made).id;
  }

  /** The path of a message in the room. */
  path(name: string): string {
    return `/rooms/${this.room}/messages/${name === 'root' ? this.root : this.ids[name]}`;
  }
}

/** Answers `over` if it is over already when it is done, and has been seen meanwhile. */
type Deed = [name: string, (stage: Stage) => Promise<unknown>];

const like = encodeURIComponent('👍');
const post = (stage: Stage, room: string, text: string, more = {}) =>
  stage.ada.ask('POST', `/rooms/${room}/messages`, { text, ...more });

/** Every kind of entry; another kind in the contract does not compile until it is done here, too. */
const ENTRIES: Record<EntryBody['kind'], Deed[]> = {
  room_opened: [
    [
      'a room with Bert in it',
      async (stage) => {
        const room = { kind: 'private', name: 'Cellar', topic: '', description: '', members: [stage.bertId] };
        await stage.note('cellar', stage.ada.ask('POST', '/rooms', room));
      },
    ],
    [
      'a conversation with Bert',
      async ({ ada, bertId, ...stage }) => {
        const { id } = (await ada.ask('POST', '/directs', { people: [bertId] })) as Made;
        stage.ids.direct = id;
        await ada.say(id, 'Psst');
      },
    ],
  ],
  message_posted: [
    ['a message', (stage) => stage.note('plain', post(stage, stage.room, 'Good **morning**'))],
    ['an answer', (stage) => stage.note('answer', post(stage, stage.room, 'I do', { reply_to: stage.root }))],
    [
      'a place',
      (stage) =>
        post(stage, stage.room, 'Here', { location: { latitude: 48.2, longitude: 16.4, label: 'The gate' } }),
    ],
    ['his name', (stage) => post(stage, stage.room, '@bert, look')],
    ['a message in another room', (stage) => post(stage, stage.other, 'Nothing much')],
    [
      'his name in another room',
      (stage) => stage.note('named', post(stage, stage.other, '@bert, look here')),
    ],
    ['everybody in another room', (stage) => stage.note('all', post(stage, stage.other, '@room, look here'))],
    [
      'what he says elsewhere',
      (stage) =>
        stage.note('own', stage.bert.ask('POST', `/rooms/${stage.room}/messages`, { text: 'It is me' })),
    ],
  ],
  message_edited: [
    ['a message', (stage) => stage.ada.ask('PATCH', stage.path('plain'), { text: 'Good evening' })],
    ['the root', (stage) => stage.ada.ask('PATCH', stage.path('root'), { text: 'Who waters the roses?' })],
    ['an answer', (stage) => stage.ada.ask('PATCH', stage.path('answer'), { text: 'I did' })],
    ['his own', (stage) => stage.bert.ask('PATCH', stage.path('own'), { text: 'It was me' })],
    [
      'what named him and does not any longer',
      ({ ada, other, ids }) => ada.ask('PATCH', `/rooms/${other}/messages/${ids.named}`, { text: 'Nobody' }),
    ],
  ],
  reaction_added: [
    ['on a message', (stage) => stage.ada.ask('PUT', `${stage.path('plain')}/reactions/${like}`)],
    ['on the root', (stage) => stage.cleo.ask('PUT', `${stage.path('root')}/reactions/${like}`)],
    ['his own', (stage) => stage.bert.ask('PUT', `${stage.path('plain')}/reactions/${like}`)],
  ],
  reaction_removed: [
    ['on a message', (stage) => stage.ada.ask('DELETE', `${stage.path('plain')}/reactions/${like}`)],
    [
      'his own, the last one',
      (stage) => stage.bert.ask('DELETE', `${stage.path('plain')}/reactions/${like}`),
    ],
  ],
  message_pinned: [
    ['a message', (stage) => stage.ada.ask('PUT', `${stage.path('plain')}/pin`)],
    ['the root', (stage) => stage.ada.ask('PUT', `${stage.path('root')}/pin`)],
    ['an answer', (stage) => stage.ada.ask('PUT', `${stage.path('answer')}/pin`)],
  ],
  message_unpinned: [['a message', (stage) => stage.ada.ask('DELETE', `${stage.path('plain')}/pin`)]],
  member_joined: [['Dora', ({ dora, room }) => dora.ask('POST', `/rooms/${room}/join`)]],
  member_role_changed: [
    [
      'Cleo moderates',
      ({ ada, cleo, room }) => ada.ask('PATCH', `/rooms/${room}/members/${cleo.id}`, { role: 'moderator' }),
    ],
    [
      'Bert moderates',
      ({ ada, bertId, room }) => ada.ask('PATCH', `/rooms/${room}/members/${bertId}`, { role: 'moderator' }),
    ],
  ],
  member_left: [['Dora', ({ dora, room }) => dora.ask('POST', `/rooms/${room}/leave`)]],
  member_removed: [['Cleo', ({ ada, cleo, room }) => ada.ask('DELETE', `/rooms/${room}/members/${cleo.id}`)]],
  member_invited: [['Cleo', ({ ada, cleo, room }) => ada.ask('PUT', `/rooms/${room}/members/${cleo.id}`)]],
  room_changed: [
    ['the name', ({ ada, room }) => ada.ask('PATCH', `/rooms/${room}`, { name: 'Orchard' })],
    ['the topic', ({ ada, room }) => ada.ask('PATCH', `/rooms/${room}`, { topic: 'Pears' })],
    [
      'the description',
      ({ ada, room }) => ada.ask('PATCH', `/rooms/${room}`, { description: 'All of them' }),
    ],
    ['the history', ({ ada, room }) => ada.ask('PATCH', `/rooms/${room}`, { history: 'joined' })],
    ['the name of another room', ({ ada, other }) => ada.ask('PATCH', `/rooms/${other}`, { name: 'Barn' })],
  ],
  room_archived: [
    ['the room', ({ ada, room }) => ada.ask('POST', `/rooms/${room}/archive`)],
    ['another room', ({ ada, other }) => ada.ask('POST', `/rooms/${other}/archive`)],
  ],
  room_unarchived: [
    ['the room', ({ ada, room }) => ada.ask('POST', `/rooms/${room}/unarchive`)],
    ['another room', ({ ada, other }) => ada.ask('POST', `/rooms/${other}/unarchive`)],
  ],
  message_deleted: [
    ['an answer, which is pinned', (stage) => stage.ada.ask('DELETE', stage.path('answer'))],
    [
      'what named him, unread',
      ({ ada, other, ids }) => ada.ask('DELETE', `/rooms/${other}/messages/${ids.all}`),
    ],
    ['the root', (stage) => stage.ada.ask('DELETE', stage.path('root'))],
  ],
  room_deleted: [['another room', ({ ada, ids }) => ada.ask('DELETE', `/rooms/${ids.cellar}`)]],
};

/** What is no entry; null where it says nothing about the state, or is heard with the entries. */
const FRAMES: Record<Frame['type'], Deed[] | null> = {
  hello: null,
  welcome: null,
  entry: null,
  resumed: null,
  ok: null,
  error: null,
  pong: null,
  drain: null,
  /** Below, each in a test of its own. */
  reset: null,
  resync: null,
  profile: [
    ['another name', ({ ada }) => ada.ask('PATCH', '/me', { display_name: 'Augusta' })],
    ['his own other name', ({ bert }) => bert.ask('PATCH', '/me', { display_name: 'Bertrand' })],
  ],
  presence: [
    ['somebody comes', ({ ada }) => ada.come()],
    ['somebody is away', ({ ada }) => ada.ask('PUT', '/me/presence', { status: 'away' })],
  ],
  read: [
    [
      'he reads elsewhere',
      async ({ bert, other }) => {
        const { last_seq: seq } = (await bert.ask('GET', `/rooms/${other}`)) as { last_seq: number };
        await bert.ask('PUT', `/rooms/${other}/read`, { seq });
      },
    ],
  ],
  typing: [
    [
      'somebody writes, and stops without a word',
      async ({ ada, bert, room }) => {
        await ada.ask('POST', `/rooms/${room}/typing`, { on: true });
        await expect(bert.page.getByText(words.typing(['Augusta']))).toBeVisible();
        return 'over';
      },
    ],
  ],
  room_added: [
    [
      'he is brought into a room',
      async (stage) => {
        const room = { kind: 'private', name: 'Loft', topic: '', description: '', members: [] };
        await stage.note('loft', stage.ada.ask('POST', '/rooms', room));
        await stage.ada.say(stage.ids.loft!, 'Nobody hears this');
        await stage.ada.ask('PUT', `/rooms/${stage.ids.loft}/members/${stage.bertId}`);
      },
    ],
  ],
  room_gone: [
    [
      'he is removed from a room',
      ({ ada, bertId, ids }) => ada.ask('DELETE', `/rooms/${ids.loft}/members/${bertId}`),
    ],
  ],
};

const PANES = ['details', 'pins', 'thread'] as const;
type Pane = (typeof PANES)[number];
type Pages = Record<Pane, Page>;
type Views = Record<Pane, Seen>;

/** Everything that was asked for is there. */
async function isThere(page: Page): Promise<void> {
  await page.waitForFunction((loading) => {
    const has = (selector: string) => document.querySelector(selector) !== null;
    const all = ['[data-standing=up_to_date]', 'main [role=log][aria-busy=false] article', '#beside-title'];
    return all.every(has) && !has('[aria-busy=true]') && !document.body.innerText.includes(loading);
  }, words.loading);
}

/** What he looks at is marked as read, so that it is not new to who comes anew. */
async function hasRead(bert: Visitor): Promise<void> {
  const unread = async () =>
    ((await bert.ask('GET', `/rooms/${bert.roomId()}`)) as { me: { unread: number } }).me.unread;
  await expect.poll(unread).toBe(0);
}

/** The same room, opened by who has nothing but his session; then one thing beside it after the other. */
async function anew(
  browser: Browser,
  bert: Visitor,
  panes: readonly Pane[] = PANES,
): Promise<{ see: () => Promise<Views>; close: () => Promise<void> }> {
  await hasRead(bert);
  const { cookies } = await bert.context.storageState();
  const context = await browser.newContext({
    storageState: { cookies, origins: [] },
    serviceWorkers: 'block',
  });
  const page = await context.newPage();
  await page.goto(bert.page.url());
  const ways: Record<Pane, Locator> = {
    details: page.getByTitle(words.details, { exact: true }),
    pins: page.getByTitle(words.pins, { exact: true }),
    thread: page.getByRole('main').getByRole('log').locator('.replies').first(),
  };
  let shown: Pane = 'details';
  const see = async () => {
    const views = {} as Views;
    for (const pane of [shown, ...panes.filter((pane) => pane !== shown)]) {
      if (pane !== shown) await ways[pane].click();
      shown = pane;
      await expect(page.getByRole('heading', { level: 2, name: besideWords[pane] })).toBeVisible();
      await isThere(page);
      views[pane] = await seen(page);
    }
    return views;
  };
  return { see, close: () => context.close() };
}

async function all(pages: Pages): Promise<Views> {
  const views = await Promise.all(PANES.map((pane) => seen(pages[pane])));
  return Object.fromEntries(PANES.map((pane, index) => [pane, views[index]])) as Views;
}

/** Bert, and a room that he and Ada are in, with one message. */
async function begin(join: (name: string) => Promise<Visitor>, server: Server) {
  const ada = await Someone.register(server, 'ada', 'Ada');
  const bert = await join('Bert');
  const { id: bertId } = (await bert.ask('GET', '/me')) as Made;
  const garden = { kind: 'public', name: 'Garden', topic: '', description: '', members: [bertId] };
  const { id: room } = (await ada.ask('POST', '/rooms', garden)) as Made;
  await ada.say(room, 'before');
  return { ada, bert, room };
}

async function isAsAnew(browser: Browser, bert: Visitor): Promise<void> {
  const asAnew = await anew(browser, bert, ['details']);
  await expect(async () => expect({ details: await seen(bert.page) }).toEqual(await asAnew.see())).toPass({
    timeout: 30_000,
    intervals: [200],
  });
  await asAnew.close();
}

test('who was too slow to hear everything is told so, and asks for it', async ({ browser, join, server }) => {
  const { ada, bert, room } = await begin(join, server);
  let deaf = false;
  let line: WebSocketRoute | undefined;
  await bert.page.routeWebSocket(/./, (own) => {
    line = own;
    const onward = own.connectToServer();
    own.onMessage((said) => onward.send(said));
    onward.onMessage((said) => void (deaf || own.send(said)));
  });
  await bert.page.goto(`${server.url}/room/${room}?pane=details`);
  await isThere(bert.page);
  deaf = true;
  const missed = await ada.say(room, 'not heard');
  await ada.ask('PUT', `/rooms/${room}/messages/${missed}/pin`);
  await ada.ask('PATCH', `/rooms/${room}`, { topic: 'Missed' });
  await bert.ask('GET', '/me');
  await bert.hears('before');
  await expect(bert.line('not heard')).toHaveCount(0);
  deaf = false;
  line!.send('{"type":"resync"}');
  await bert.hears('not heard');
  await isAsAnew(browser, bert);
});

test('a server that was restored from a backup: what it forgot is gone, what comes then is seen', async ({
  browser,
  join,
  server,
}) => {
  test.setTimeout(90_000);
  const { ada, bert, room } = await begin(join, server);
  await bert.page.goto(`${server.url}/room/${room}?pane=details`);
  await isThere(bert.page);
  const elsewhere = (await bert.ask('GET', '/rooms')) as { items: { id: string; name: string }[] };
  const general = elsewhere.items.find(({ name }) => name === 'General')!.id;
  await server.backUp();
  for (const text of ['forgotten 1', 'forgotten 2']) await ada.say(room, text);
  await ada.say(general, '@bert, forgotten');
  await bert.hears('forgotten 2');
  await expect(bert.roomLine('General').getByTitle(words.mentions(1))).toBeVisible();

  await server.down();
  await server.restore();
  await server.up();
  await bert.isUpToDate();
  await expect(bert.line('forgotten')).toHaveCount(0);
  await bert.hears('before');
  await expect(bert.roomLine('General').getByTitle(words.mentions(1))).toHaveCount(0);
  await isAsAnew(browser, bert);
  // It has the number of one that was forgotten.
  await ada.say(room, 'after');
  await bert.hears('after');
  await isAsAnew(browser, bert);
});

test('logs of another incarnation are loaded anew', async ({ browser, join, server }) => {
  const { ada, bert, room } = await begin(join, server);
  let epoch: string | null = null;
  const lines: WebSocketRoute[] = [];
  await bert.page.routeWebSocket(/./, (own) => {
    lines.push(own);
    const onward = own.connectToServer();
    own.onMessage((said) => onward.send(said));
    onward.onMessage((said) =>
      own.send(epoch ? String(said).replace(/"epoch":"[^"]*"/, `"epoch":"${epoch}"`) : said),
    );
  });
  await bert.page.goto(`${server.url}/room/${room}?pane=details`);
  await isThere(bert.page);
  await bert.hears('before');
  epoch = 'another';
  await lines[0]!.close();
  await expect.poll(() => lines.length).toBeGreaterThan(1);
  await bert.isUpToDate();
  await isAsAnew(browser, bert);
  await ada.say(room, 'after');
  await bert.hears('after');
  await isAsAnew(browser, bert);
});

test('each thing that happens leaves the page as it would be loaded anew', async ({
  browser,
  join,
  server,
}) => {
  test.setTimeout(480_000);
  const ada = await Someone.register(server, 'ada', 'Ada');
  const cleo = await Someone.register(server, 'cleo', 'Cleo');
  const dora = await Someone.register(server, 'dora', 'Dora');
  const bert = await join('Bert');
  const { id: bertId } = (await bert.ask('GET', '/me')) as Made;
  const open = async (name: string) => {
    const room = { kind: 'public', name, topic: 'Apples', description: '', members: [bertId, cleo.id] };
    return ((await ada.ask('POST', '/rooms', room)) as Made).id;
  };
  const [room, other] = [await open('Garden'), await open('Shed')];
  const root = await ada.say(room, 'Who waters?');
  await ada.say(room, 'Not I', { reply_to: root });
  const stage = new Stage(ada, cleo, dora, bert, bertId, room, root, other);

  const pages = { details: bert.page } as Pages;
  for (const pane of ['pins', 'thread'] as const) pages[pane] = await bert.context.newPage();
  for (const pane of PANES) {
    const beside = pane === 'thread' ? `thread=${root}` : `pane=${pane}`;
    await pages[pane].goto(`${server.url}/room/${room}?${beside}`);
    await isThere(pages[pane]);
  }
  let before = await all(pages);
  expect(before.thread.pane.join(' ')).toContain(besideWords.answers(1));

  const kinds = { ...ENTRIES, ...FRAMES };
  for (const [kind, deeds] of Object.entries(kinds)) {
    for (const [name, deed] of deeds ?? []) {
      await test.step(`${kind}: ${name}`, async () => {
        const done = await deed(stage);
        const asAnew = await anew(browser, bert);
        await expect(async () => expect(await all(pages)).toEqual(await asAnew.see())).toPass({
          timeout: 15_000,
          intervals: [100],
        });
        await asAnew.close();
        const after = await all(pages);
        if (done !== 'over') expect(after, `${kind}: ${name} is to be seen somewhere`).not.toEqual(before);
        before = after;
      });
    }
  }
  ada.go();
});
