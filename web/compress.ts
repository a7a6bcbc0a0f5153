// Writes .br and .gz beside every file of dist/ that gets smaller by it, so that the server need not compress.
// Deterministic: the same files give the same bytes.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin, ResolvedConfig } from 'vite';

const COMPRESSIBLE = /\.(html|js|css|svg|json|webmanifest|txt)$/;
const BYTES_MIN = 256;

/** A Vite plugin that runs when everything else has been written. */
export function compress(): Plugin {
  let config: ResolvedConfig;
  let written = false;
  return {
    name: 'rill-compress',
    apply: 'build',
    enforce: 'post',
    configResolved(resolved) {
      config = resolved;
    },
    writeBundle() {
      written = true;
    },
    async closeBundle() {
      // A build that failed has said why.
      if (!written) return;
      const folder = resolve(config.root, config.build.outDir);
      const names = await readdir(folder, { recursive: true });
      const ours = names.filter((name) => COMPRESSIBLE.test(name) && !name.startsWith('docs-assets'));
      for (const name of ours.sort()) {
        await compressFile(join(folder, name));
      }
    },
  };
}

async function compressFile(path: string): Promise<void> {
  const bytes = await readFile(path);
  if (bytes.length < BYTES_MIN) return;
  const brotli = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  const gzip = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });
  if (brotli.length < bytes.length) await writeFile(`${path}.br`, brotli);
  if (gzip.length < bytes.length) await writeFile(`${path}.gz`, gzip);
}
