// Builds src/service-worker.ts into one file of a name that never changes, with the list of what the page consists of,
// and writes into the page which release it is.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin, type ResolvedConfig, type Rolldown } from 'vite';
import type { Release } from './src/worker/rules.ts';

const NAME = 'service-worker.js';
/** Files outside of the bundle that belong to the page; others in public/ are for the system only. */
const PUBLIC = ['icon.svg', 'manifest.webmanifest'];
/** Loaded on demand, but by everybody: the part that shows a room. */
const ALWAYS = /\/src\/room\/Room\.svelte$/;
/** Greater parts are kept when somebody has needed them. */
const REST_BYTES_MAX = 64 * 1024;

/** A Vite plugin; must come before the one that compresses. */
export function serviceWorker(): Plugin {
  let config: ResolvedConfig;
  return {
    name: 'rill-service-worker',
    apply: 'build',
    configResolved(resolved) {
      config = resolved;
    },
    generateBundle: {
      order: 'post',
      async handler(_options, bundle) {
        const page = bundle['index.html'];
        if (page?.type !== 'asset') throw new Error('the build made no index.html');
        const code = await compile(config, { id: '', first: [], rest: [] });
        const id = hashOf(bundle, config.publicDir, code);
        page.source = String(page.source).replace(
          '</head>',
          `  <meta name="release" content="${id}">\n  </head>`,
        );
        const first = firstOf(bundle, String(page.source));
        const rest = restOf(bundle, first);
        const source = await compile(config, {
          id,
          first: [...first, ...PUBLIC].map(toPath),
          rest: rest.map(toPath),
        });
        this.emitFile({ type: 'asset', fileName: NAME, source });
      },
    },
  };
}

async function compile(config: ResolvedConfig, release: Release): Promise<string> {
  const made = await build({
    configFile: false,
    root: config.root,
    publicDir: false,
    logLevel: 'warn',
    define: { RELEASE: JSON.stringify(release) },
    build: {
      write: false,
      target: config.build.target,
      rolldownOptions: { input: join(config.root, 'src/service-worker.ts'), output: { format: 'iife' } },
    },
  });
  const [output] = [made].flat() as Rolldown.RolldownOutput[];
  const [chunk] = output?.output ?? [];
  if (chunk?.type !== 'chunk' || output?.output.length !== 1)
    throw new Error('the service worker is not one file');
  return chunk.code;
}

/** The names in a bundle hold the hashes of what is in them, those of other files do not. */
function hashOf(bundle: Rolldown.OutputBundle, publicDir: string, worker: string): string {
  const hash = createHash('sha256').update(worker);
  for (const name of Object.keys(bundle).sort()) hash.update(name);
  const page = bundle['index.html'];
  if (page?.type === 'asset') hash.update(page.source);
  for (const name of readdirSync(publicDir).sort())
    hash.update(name).update(readFileSync(join(publicDir, name)));
  return hash.digest('hex').slice(0, 16);
}

/** The page's own scripts and styles, what shows a room, and all that they import before they run. */
function firstOf(bundle: Rolldown.OutputBundle, page: string): string[] {
  const first = new Set<string>();
  const add = (name: string) => {
    const file = bundle[name];
    if (!file || first.has(name)) return;
    first.add(name);
    if (file.type !== 'chunk') return;
    file.imports.forEach(add);
    file.viteMetadata?.importedCss.forEach(add);
  };
  for (const [, name] of page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) add(name!);
  for (const file of Object.values(bundle)) {
    if (file.type === 'chunk' && ALWAYS.test(file.facadeModuleId ?? '')) add(file.fileName);
  }
  return [...first];
}

function restOf(bundle: Rolldown.OutputBundle, first: string[]): string[] {
  const files = Object.values(bundle).filter(({ fileName }) => /^assets\/.*\.(js|css)$/.test(fileName));
  const small = files.filter(
    (file) => (file.type === 'chunk' ? file.code : file.source).length <= REST_BYTES_MAX,
  );
  return small
    .map(({ fileName }) => fileName)
    .filter((name) => !first.includes(name))
    .sort();
}

const toPath = (name: string) => `/${name}`;
