// Opens the page without a network, or with a bad one, from what was kept of it; leads from a notification to its room.
// The server's answers are not its business: everything under /api passes by. It never reloads a page.

import {
  cacheOf,
  isHashed,
  isKeepable,
  isPage,
  isPageOf,
  kindOf,
  needless,
  PAGE,
  placeOf,
  type Release,
} from './worker/rules';

// The types of workers and of pages exclude each other; these are the few that are needed here.
interface Lasting extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Asked extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Clicked extends Lasting {
  readonly notification: Notification;
}
interface Told extends Lasting {
  readonly data: unknown;
  readonly ports: readonly MessagePort[];
}
interface OpenPage {
  readonly url: string;
  readonly visibilityState: DocumentVisibilityState;
  focus(): Promise<unknown>;
  postMessage(message: unknown): void;
}
interface ServiceWorkerScope {
  readonly clients: {
    claim(): Promise<void>;
    matchAll(which: { type: 'window'; includeUncontrolled: boolean }): Promise<OpenPage[]>;
    openWindow(path: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', hear: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', hear: (event: Asked) => void): void;
  addEventListener(type: 'message', hear: (event: Told) => void): void;
  addEventListener(type: 'notificationclick', hear: (event: Clicked) => void): void;
}

/** Filled in by the build. */
declare const RELEASE: Release;
const release = RELEASE;
const worker = self as unknown as ServiceWorkerScope;
const { origin } = self.location;
const cacheName = cacheOf(release.id);

/** How long the network may take for the page before the kept one is shown. */
const PAGE_WAIT_MS = 2_500;

/** A page asked this release to take over while others may still show the last one. */
let hurried = false;

worker.addEventListener('install', (event) => event.waitUntil(keepFirst()));

worker.addEventListener('activate', (event) => {
  event.waitUntil(dropNeedless().then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
  const kind = kindOf(event.request, origin, release);
  if (kind === 'page') event.respondWith(page(event.request));
  else if (kind === 'asset') event.respondWith(asset(event.request));
});

worker.addEventListener('message', (event) => {
  if (event.data === 'which_release') event.ports[0]?.postMessage(release.id);
  else if (event.data === 'keep_rest') event.waitUntil(keepRest());
  else if (event.data === 'skip_waiting') {
    hurried = true;
    event.waitUntil(worker.skipWaiting());
  }
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(show(placeOf(event.notification.data, origin)));
});

async function keepFirst(): Promise<void> {
  await Promise.all([PAGE, ...release.first].map(keep));
}

/** One after the other: what is on the screen goes first. What fails is loaded when it is needed. */
async function keepRest(): Promise<void> {
  for (const path of release.rest) await keep(path).catch(() => undefined);
}

/** Puts a file into the cache of this release, if it is not there. */
async function keep(path: string): Promise<void> {
  const cache = await caches.open(cacheName);
  if (await cache.match(path)) return;
  const same = isHashed(path) ? await caches.match(path, { ignoreVary: true }) : undefined;
  const answer = same ?? (await fetch(path, { cache: isHashed(path) ? 'default' : 'no-cache' }));
  // While a new release is spread over several servers, one of them may still answer with the old page.
  const fits = path !== PAGE || isPageOf(await answer.clone().text(), release.id);
  if (!fits || !isKeepable(answer, path)) throw new Error(`${path} is not what it should be`);
  await cache.put(path, answer);
}

async function dropNeedless(): Promise<void> {
  const names = needless(await caches.keys(), release.id, hurried);
  await Promise.all(names.map((name) => caches.delete(name)));
}

/** From the network if it answers soon, so that a new release is seen at once. */
async function page(request: Request): Promise<Response> {
  const asked = fetch(request).then(
    // A proxy whose server restarts.
    (answer) => (answer.status >= 500 ? null : answer),
    () => null,
  );
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PAGE_WAIT_MS));
  const soon = await Promise.race([asked, late]);
  if (soon) return soon;
  const kept = await caches.match(PAGE, { cacheName, ignoreVary: true });
  return kept ?? (await asked) ?? Response.error();
}

/** What was kept; of this release first, then of the last one, whose pages may still be open. */
async function asset(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  const kept =
    (await caches.match(path, { cacheName, ignoreVary: true })) ??
    (isHashed(path) ? await caches.match(path, { ignoreVary: true }) : undefined);
  if (kept) return kept;
  const answer = await fetch(request);
  if (isHashed(path) && isKeepable(answer, path)) {
    const copy = answer.clone();
    // A full disk is no reason not to answer.
    await caches
      .open(cacheName)
      .then((cache) => cache.put(path, copy))
      .catch(() => undefined);
  }
  return answer;
}

/** In a window that is open, if there is one. */
async function show(path: string): Promise<void> {
  const all = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const pages = all.filter((one) => isPage(new URL(one.url).pathname));
  const open = pages.find((one) => one.visibilityState === 'visible') ?? pages[0];
  if (!open) return void (await worker.clients.openWindow(path));
  await open.focus().catch(() => undefined);
  open.postMessage({ type: 'open', path });
}
