// Fetches the two pages' worth of foreign code that shows the API's description: Swagger UI and ReDoc, one bundle each.
// Runs after `npm ci`. As packages they would bring more than a hundred others; here it is two archives, checked by hash.
// Without a network it says so and goes on: the server then shows the plain description.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const TARGET = join(import.meta.dirname, 'node_modules', '.viewers');

const ARCHIVES = [
  {
    name: 'swagger-ui-dist@5.35.0',
    sha512: 'U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==',
    files: ['swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt', 'swagger-ui.css'],
  },
  {
    name: 'redoc@2.5.4',
    sha512: 'M6jWhG1qoBnH6TFmzJnstyCZ87HmOY/UzDm78mHiYihEdlV/YcS9ogOo1NlElnJMeLsyxHFe2yFc4sNjHTrABQ==',
    files: ['bundles/redoc.standalone.js', 'bundles/redoc.standalone.js.LICENSE.txt'],
  },
];

function fetchArchive({ name, sha512, files }) {
  const folder = mkdtempSync(join(tmpdir(), 'rill-viewers-'));
  try {
    const said = execFileSync('npm', ['pack', name, '--json', '--ignore-scripts'], {
      cwd: folder,
      encoding: 'utf8',
    });
    const archive = join(folder, JSON.parse(said)[0].filename);
    const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
    if (hash !== sha512) throw new Error(`${name} is not what it was: its hash is ${hash}`);
    execFileSync('tar', ['-xzf', archive, ...files.map((file) => `package/${file}`)], { cwd: folder });
    for (const file of files) keep(file.split('/').at(-1), readFileSync(join(folder, 'package', file)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function keep(name, bytes) {
  writeFileSync(join(TARGET, name), bytes);
  writeFileSync(join(TARGET, `${name}.br`), brotliCompressSync(bytes));
  writeFileSync(join(TARGET, `${name}.gz`), gzipSync(bytes, { level: 9 }));
}

const stamp = join(TARGET, 'fetched');
const wanted = ARCHIVES.map(({ sha512 }) => sha512).join('\n');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  try {
    mkdirSync(TARGET, { recursive: true });
    ARCHIVES.forEach(fetchArchive);
    writeFileSync(stamp, wanted);
  } catch (error) {
    console.warn(
      `viewers: /docs and /redoc will be plain, because their code could not be fetched: ${error.message}`,
    );
  }
}
