// What the service worker answers itself, what it may keep and for how long. No I/O.

/** What a build is made of; worker.ts, a part of the build, fills it in. */
export interface Release {
  /** Changes with every byte of the build. */
  id: string;
  /** The paths without which the page does not open. */
  first: string[];
  /** Small parts that are loaded when they are needed. */
  rest: string[];
}

/** The page itself goes by this path, whichever of its addresses was asked for. */
export const PAGE = '/';

const CACHE = 'rill-';
/** What the server answers itself, always anew; the first part of a path. */
const NEVER = new Set([
  'api',
  'asyncapi.json',
  'docs',
  'docs-assets',
  'health',
  'healthz',
  'livez',
  'metrics',
  'openapi.json',
  'readyz',
  'redoc',
  'service-worker.js',
]);
/** The names of these hold a hash of what is in them. */
const HASHED = '/assets/';

/** What to do with a request: `page` and `asset` may come from here, null is none of our business. */
export type Kind = 'page' | 'asset' | null;

export function kindOf(
  asked: { url: string; method: string; mode: string },
  origin: string,
  release: Release,
): Kind {
  const url = new URL(asked.url);
  if (url.origin !== origin || asked.method !== 'GET') return null;
  if (asked.mode === 'navigate') return isPage(url.pathname) ? 'page' : null;
  if (url.search !== '') return null;
  return url.pathname.startsWith(HASHED) || release.first.includes(url.pathname) ? 'asset' : null;
}

/** Whether the path is one of the page's addresses. */
export function isPage(path: string): boolean {
  const [, first = ''] = path.split('/');
  return !NEVER.has(first) && !path.split('/').at(-1)?.includes('.');
}

/** Whether the file is the same in every release that has it. */
export function isHashed(path: string): boolean {
  return path.startsWith(HASHED);
}

/**
 * Whether the answer is what was asked for, and may be kept: no error, nothing that cannot be looked into,
 * and no page of somebody in between, such as a hotel's.
 */
export function isKeepable(
  answer: Pick<Response, 'status' | 'type' | 'redirected' | 'headers'>,
  path: string,
): boolean {
  if (answer.status !== 200 || answer.type !== 'basic' || answer.redirected) return false;
  const isHtml = (answer.headers.get('Content-Type') ?? '').startsWith('text/html');
  return isHtml === (path === PAGE);
}

/** Whether the text is the page of this release. */
export function isPageOf(text: string, id: string): boolean {
  return text.includes(`<meta name="release" content="${id}">`);
}

export function cacheOf(id: string): string {
  return CACHE + id;
}

/**
 * The caches that a new release makes needless, of all in the order in which they were made.
 * One that took over while pages of the last one are open leaves them theirs.
 */
export function needless(names: string[], id: string, hurried: boolean): string[] {
  const others = names.filter((name) => name.startsWith(CACHE) && name !== cacheOf(id));
  return hurried ? others.slice(0, -1) : others;
}

/** Where a click on a notification leads: an address of the page, and of nothing else. */
export function placeOf(data: unknown, origin: string): string {
  const path = (data as { path?: unknown } | null)?.path;
  if (typeof path !== 'string' || !URL.canParse(path, origin)) return PAGE;
  const url = new URL(path, origin);
  return url.origin === origin && isPage(url.pathname) ? url.pathname + url.search : PAGE;
}
