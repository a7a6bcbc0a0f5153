// What is measured: a demo server of its own (BIN_UNDER_TEST, else the release build) on a free port, without limits
// that somebody who measures would meet.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const RAISED = [
  'sends_per_user',
  'sends_per_room',
  'rooms_opened_per_user',
  'requests_per_user',
  'requests_per_address',
  'sign_ins_per_account',
  'sign_ins_per_address',
];

export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/**
 * Starts the server; `stop` ends it and removes its folder.
 * @param {string[]} flags those of `rill demo`
 */
export async function demo(...flags) {
  const folder = mkdtempSync(join(tmpdir(), 'rill-measure-'));
  const ready = join(folder, 'ready');
  const binary = resolve(process.env.BIN_UNDER_TEST ?? '../target/release/rill');
  const limits = RAISED.flatMap((name) => ['--limit', `${name}=5000/1s:5000`]);
  const asked = ['demo', '--listen', '127.0.0.1:0', '--ready-file', ready, ...limits, ...flags];
  const server = spawn(binary, asked, { stdio: 'ignore', cwd: folder });
  while (!existsSync(ready) || !/:\d+$/.test(readFileSync(ready, 'utf8'))) {
    if (server.exitCode !== null) throw new Error(`${binary} did not start.`);
    await passed(100);
  }
  const stop = () => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `http://${readFileSync(ready, 'utf8')}`, folder, stop };
}

/**
 * Signs in one of the people of the demo: answers how to ask in their name.
 * @param {string} url @param {string} login
 * @returns {Promise<(method: string, path: string, body?: unknown) => Promise<any>>}
 */
export async function person(url, login) {
  const form = { login, password: 'correct horse', session: 'token' };
  const { tokens } = await asked(url, 'POST', '/sessions', form);
  return (method, path, body) => asked(url, method, path, body, tokens.access_token);
}

/**
 * @param {string} url @param {string} method @param {string} path @param {unknown} [body] @param {string} [token]
 * @returns {Promise<any>}
 */
async function asked(url, method, path, body, token) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

/**
 * Signs in on a page of this context.
 * @param {import('@playwright/test').BrowserContext} context @param {string} url @param {string} login
 */
export async function enter(context, url, login) {
  const answer = await context.request.post(`${url}/api/v1/sessions`, {
    headers: { Origin: url, 'X-Rill': '1' },
    data: { login, password: 'correct horse', session: 'cookie' },
  });
  if (!answer.ok()) throw new Error(await answer.text());
}

/** @param {number[]} list */
export function median(list) {
  return [...list].sort((a, b) => a - b)[list.length >> 1] ?? NaN;
}

/** @param {number} milliseconds */
export function passed(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
