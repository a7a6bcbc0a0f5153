// Registers the service worker and notices when the server has a newer release of this page than the one that is shown.
// Says so and waits: only the person reloads. Loaded after the page; where there is no service worker nothing is lost.

import { mount } from 'svelte';
import UpdateLine from './controls/UpdateLine.svelte';
import { read, router } from './router.svelte';

const CHECK_EVERY_MS = 3_600_000;
/** Coming back to the page asks too, but not each time. */
const CHECK_AGAIN_MS = 60_000;
const REST_WAIT_MS = 5_000;
const ANSWER_WAIT_MS = 2_000;
/** If the new release does not take over by then, loading the page again is worth a try anyway. */
const CHANGE_WAIT_MS = 3_000;

class ReleaseWatch {
  /** There is a newer release, and nobody has waved it away. */
  offered: boolean = $state(false);
  #registration: ServiceWorkerRegistration | null = null;
  #shown = '';
  #dismissed: string | null = null;
  #newest = '';
  #checkedAt = Date.now();

  /** `shown` is the release of this page. */
  async start(shown: string): Promise<void> {
    this.#shown = shown;
    const workers = navigator.serviceWorker;
    try {
      this.#registration = await workers.register('/service-worker.js', { updateViaCache: 'none' });
    } catch {
      return;
    }
    const registration = this.#registration;
    mount(UpdateLine, { target: document.body, props: { release: this } });
    registration.addEventListener('updatefound', () => this.#arriving(registration.installing));
    this.#arriving(registration.installing);
    workers.addEventListener('controllerchange', () => void this.#compare());
    workers.addEventListener('message', (event) => follow(event.data));
    workers.startMessages();
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#check(CHECK_AGAIN_MS);
    });
    setInterval(() => this.#check(0), CHECK_EVERY_MS);
    await this.#compare();
    setTimeout(() => void this.#keepRest(), REST_WAIT_MS);
  }

  /** Loads the page anew, as the newest release. Drafts and unsent messages are kept by themselves. */
  reload(): void {
    const waiting = this.#registration?.waiting;
    if (!waiting) return location.reload();
    let reloading = false;
    const reload = () => {
      if (!reloading) location.reload();
      reloading = true;
    };
    navigator.serviceWorker.addEventListener('controllerchange', reload);
    setTimeout(reload, CHANGE_WAIT_MS);
    waiting.postMessage('skip_waiting');
  }

  /** Not now: this release is not offered again by this page. */
  dismiss(): void {
    this.#dismissed = this.#newest;
    this.offered = false;
  }

  #check(again: number): void {
    if (Date.now() - this.#checkedAt < again) return;
    this.#checkedAt = Date.now();
    // Without a network it is asked for later.
    this.#registration?.update().catch(() => undefined);
  }

  #arriving(worker: ServiceWorker | null): void {
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed' || worker.state === 'activated') void this.#compare();
    });
  }

  /** The page may be newer than the worker that controls it: it comes from the network first. */
  async #compare(): Promise<void> {
    const { waiting = null, active = null } = this.#registration ?? {};
    const newest = waiting ?? active;
    const release = newest && (await releaseOf(newest));
    if (!release) return;
    this.#newest = release;
    const known = release === this.#shown;
    // Another page may be of the old release still; the worker leaves it what it needs.
    if (known) waiting?.postMessage('skip_waiting');
    this.offered = !known && release !== this.#dismissed;
  }

  /** What is not needed yet is kept too, so that it works offline and after a new release came. */
  async #keepRest(): Promise<void> {
    const { active } = this.#registration ?? {};
    const saving = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData;
    if (active && !saving && (await releaseOf(active)) === this.#shown) active.postMessage('keep_rest');
  }
}

/** Which release a worker is; null if it does not say. */
function releaseOf(worker: ServiceWorker): Promise<string | null> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const settle = (answer: unknown) => {
      port1.close();
      resolve(typeof answer === 'string' ? answer : null);
    };
    port1.onmessage = (event) => settle(event.data);
    setTimeout(() => settle(null), ANSWER_WAIT_MS);
    worker.postMessage('which_release', [port2]);
  });
}

/** A click on a notification opens its place here. */
function follow(message: unknown): void {
  const { type, path } = (message ?? {}) as { type?: unknown; path?: unknown };
  if (type !== 'open' || typeof path !== 'string') return;
  const { pathname, search } = new URL(path, location.origin);
  router.go(read(pathname, search));
}

export type { ReleaseWatch };

/** Begins to watch, where this is a build that is served to be installed. */
export async function watchReleases(): Promise<void> {
  const shown = document.querySelector<HTMLMetaElement>('meta[name=release]')?.content;
  if (shown) await new ReleaseWatch().start(shown);
}
