// Only the page and its files come from the service worker, and nothing wrong is kept.

import { describe, expect, it } from 'vitest';
import { isKeepable, isPage, isPageOf, kindOf, needless, placeOf, type Release } from './rules';

const ORIGIN = 'https://rill.example';
const release: Release = { id: 'new', first: ['/assets/a-1.js', '/icon.svg'], rest: [] };

function kind(path: string, mode = 'cors', method = 'GET') {
  return kindOf({ url: new URL(path, ORIGIN).href, method, mode }, ORIGIN, release);
}

describe('a request', () => {
  it.each(['/', '/room/00000000-0000-7000-8000-000000000000/4?pane=pins', '/search?q=a', '/settings/look'])(
    'for %s opens the page',
    (path) => {
      expect(kind(path, 'navigate')).toBe('page');
      expect(kind(path)).toBeNull();
    },
  );

  it.each([
    '/api/v1/server',
    '/docs',
    '/docs/start.js',
    '/docs-assets/swagger-ui.css',
    '/redoc',
    '/metrics',
    '/healthz',
    '/livez',
    '/readyz',
    '/health',
    '/openapi.json',
    '/asyncapi.json',
    '/service-worker.js',
    '/manual.pdf',
    'https://elsewhere.example/',
  ])('for %s is never touched', (path) => {
    expect(kind(path, 'navigate')).toBeNull();
    expect(kind(path)).toBeNull();
  });

  it('for a file of the page is answered from what is kept', () => {
    expect(kind('/assets/a-1.js')).toBe('asset');
    expect(kind('/assets/of-another-release-2.js')).toBe('asset');
    expect(kind('/icon.svg')).toBe('asset');
    expect(kind('/icon-192.png')).toBeNull();
    expect(kind('/icon.svg?again')).toBeNull();
    expect(kind('https://elsewhere.example/assets/a-1.js')).toBeNull();
  });

  it('that changes something is never touched', () => {
    expect(kind('/', 'navigate', 'POST')).toBeNull();
    expect(kind('/assets/a-1.js', 'cors', 'HEAD')).toBeNull();
  });
});

describe('an answer', () => {
  const answer = (status: number, media: string, type: ResponseType = 'basic', redirected = false) => ({
    status,
    type,
    redirected,
    headers: new Headers({ 'Content-Type': media }),
  });

  it('that is what was asked for is kept', () => {
    expect(isKeepable(answer(200, 'text/javascript'), '/assets/a-1.js')).toBe(true);
    expect(isKeepable(answer(200, 'text/html; charset=utf-8'), '/')).toBe(true);
  });

  it.each([
    ['an error', answer(404, 'text/javascript')],
    ['a part', answer(206, 'text/javascript')],
    ['opaque', answer(0, '', 'opaque')],
    ['from elsewhere', answer(200, 'text/javascript', 'cors')],
    ['from where it led to', answer(200, 'text/javascript', 'basic', true)],
    ['a page instead of a script', answer(200, 'text/html')],
  ])('that is %s is not kept', (_what, answer) => {
    expect(isKeepable(answer, '/assets/a-1.js')).toBe(false);
  });

  it('that is no page is not kept as the page', () => {
    expect(isKeepable(answer(200, 'application/json'), '/')).toBe(false);
    expect(isPageOf('<title>Hotel</title>', 'new')).toBe(false);
    expect(isPageOf('<meta name="release" content="old">', 'new')).toBe(false);
    expect(isPageOf('<head><meta name="release" content="new"></head>', 'new')).toBe(true);
  });
});

describe('a new release', () => {
  const names = ['rill-oldest', 'somebody-else', 'rill-old', 'rill-new'];

  it('drops what the releases before it kept', () => {
    expect(needless(names, 'new', false)).toEqual(['rill-oldest', 'rill-old']);
  });

  it('leaves the last one its files if its pages may be open', () => {
    expect(needless(names, 'new', true)).toEqual(['rill-oldest']);
    expect(needless(['rill-new'], 'new', true)).toEqual([]);
  });
});

it('a notification leads to an address of the page and nowhere else', () => {
  const to = (path: unknown) => placeOf({ path }, ORIGIN);
  expect(to('/room/1/2?thread=3')).toBe('/room/1/2?thread=3');
  expect(to('//elsewhere.example/room')).toBe('/');
  expect(to('https://elsewhere.example/')).toBe('/');
  expect(to('javascript:alert(1)')).toBe('/');
  expect(to('/api/v1/me')).toBe('/');
  expect(to(3)).toBe('/');
  expect(placeOf(null, ORIGIN)).toBe('/');
});

it('addresses of the page have no ending', () => {
  expect(isPage('/room/1')).toBe(true);
  expect(isPage('/notes.txt')).toBe(false);
});
