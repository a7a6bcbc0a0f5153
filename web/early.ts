// Lets the browser show nothing before the program has dressed the page: otherwise who chose dark colours on a light
// system would see a flash of light at each visit. There is nothing to see before it anyway.

import type { Plugin } from 'vite';

const SCRIPT = '<script type="module"';

/** A Vite plugin that marks the program in the written index.html. */
export function early(): Plugin {
  return {
    name: 'rill-early',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html) {
        if (html.split(SCRIPT).length !== 2) throw new Error('index.html should have one script.');
        return html.replace(SCRIPT, `${SCRIPT} blocking="render"`);
      },
    },
  };
}
