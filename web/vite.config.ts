// The build: dist/ with hashed assets, each compressible one also as .br and .gz; and the unit tests.
// Nothing is inlined as a data: address, because the content security policy refuses those.

import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { compress } from './compress.ts';
import { early } from './early.ts';
import { emoji } from './emoji.ts';
import { viewers } from './viewers.ts';
import { smaller } from './smaller.ts';
import { serviceWorker } from './worker.ts';

// Where `npm run dev` finds a running server.
const server = process.env.RILL_URL ?? 'http://127.0.0.1:8080';

/** What all parts of the page stand on: the clock's words, and of Svelte what the first load needs; the rest goes with its users. */
const isBase = (id: string) =>
  /src\/words\/time\.ts$/.test(id) ||
  (/node_modules\/(svelte|esm-env|clsx)\//.test(id) &&
    !/bindings\/(input|select|size)\.js|svelte-(element|component|head)|reactivity\/(set|media-query|reactive-value)/.test(
      id,
    ));

export default defineConfig({
  plugins: [svelte(), smaller(), early(), emoji(), viewers(), serviceWorker(), compress()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // Svelte does not say that its modules only define things; told so, what only later parts need stays out of the first load.
      treeshake: { moduleSideEffects: [{ test: /node_modules\/svelte\/src\//, sideEffects: false }] },
      output: { codeSplitting: { groups: [{ name: 'base', test: isBase }] } },
    },
  },
  server: {
    proxy: {
      // The server permits its own origin only, so the page borrows it while developing.
      '/api': { target: server, ws: true, changeOrigin: true, headers: { origin: server } },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node', restoreMocks: true },
});
