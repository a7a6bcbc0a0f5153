// Puts the viewers of the API's description (see viewers.js) into dist/docs-assets, where the server's pages look for them.

import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Plugin, ResolvedConfig } from 'vite';

/** A Vite plugin; does nothing where `npm ci` could not fetch the viewers. */
export function viewers(): Plugin {
  let config: ResolvedConfig;
  return {
    name: 'rill-viewers',
    apply: 'build',
    configResolved(resolved) {
      config = resolved;
    },
    async writeBundle() {
      const fetched = join(config.root, 'node_modules', '.viewers');
      if (!existsSync(join(fetched, 'fetched'))) return;
      const target = join(resolve(config.root, config.build.outDir), 'docs-assets');
      const isFile = (path: string) => !path.endsWith('fetched');
      await cp(fetched, target, { recursive: true, filter: isFile });
    },
  };
}
