// Everybody in one room: the web client, and the clients of the other servers as they are installed.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test as base } from './fixtures/test';
import { Server } from './fixtures/server';

const FOLDER = resolve('../tests/suite/documented');
const PYTHON = resolve(FOLDER, '.venv/bin/python');

/** Each with the command that runs it. Who speaks over Socket.IO has an account; the others are guests. */
const CLIENTS: [string, string[]][] = [
  ['tutorial', ['node', 'beside.mjs', 'socket.io-client-3']],
  ['newest', ['node', 'beside.mjs', 'socket.io-client']],
  ['viewer', ['node', 'beside.mjs', 'eventsource']],
  ['snake', [PYTHON, 'beside.py', 'socketio']],
  ['python', [PYTHON, 'beside.py', 'websockets']],
  ['curl', ['./beside.sh']],
];

/** A client as a process of its own. */
class Client {
  readonly #process: ChildProcess;
  #complaints = '';
  #said = '';

  constructor(
    readonly name: string,
    [program, ...words]: string[],
    env: Record<string, string>,
  ) {
    this.#process = spawn(program!, [...words, name], { cwd: FOLDER, env: { ...process.env, ...env } });
    this.#process.stdout!.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    this.#process.stderr!.on('data', (chunk: Buffer) => (this.#complaints += chunk.toString()));
  }

  say(text: string): void {
    this.#process.stdin!.write(`${text}\n`);
  }

  /** What it printed so far, and what went wrong. */
  get lines(): string[] {
    return [...this.#said.split('\n').slice(0, -1), ...this.#complaints.split('\n').filter(Boolean)];
  }

  async hears(text: string): Promise<void> {
    await expect.poll(() => this.lines, { message: `${this.name} hears it` }).toContain(text);
  }

  /** Has it end by itself, having nothing more to say. */
  async end(): Promise<void> {
    const { exitCode } = this.#process;
    const gone = exitCode === null ? new Promise((done) => this.#process.once('exit', done)) : null;
    this.#process.stdin!.end();
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 3_000);
    await gone;
    clearTimeout(late);
  }
}

const test = base.extend({
  server: async ({}, use) => {
    const server = await Server.start('--guests', 'true', '--limit', 'registrations_per_address=100/1s:100');
    await use(server);
    await server.stop();
  },
});

test('socket.io-client, python-socketio, websockets, EventSource and curl talk with somebody in a browser', async ({
  join,
  server,
}) => {
  for (const path of [PYTHON, ...['socket.io-client-3', 'socket.io-client', 'eventsource'].map(packageOf)]) {
    expect(existsSync(path), `${path} is there: run bin/setup`).toBe(true);
  }
  const ada = await join('Ada');
  await ada.open('General');
  const env = { RILL_URL: server.url, RILL_ROOM: ada.roomId() };
  const clients = CLIENTS.map(([name, command]) => new Client(name, command, env));
  try {
    for (const client of clients) await client.hears('ready');
    await ada.say('Hello from the browser');
    for (const client of clients) await client.hears('Hello from the browser');
    for (const client of clients) {
      client.say(`Hello from ${client.name}`);
      await ada.hears(`Hello from ${client.name}`);
      for (const other of clients) await other.hears(`Hello from ${client.name}`);
    }
    const texts = (await ada.timeline()).map((line) => line.replace(/^\d+ /, ''));
    const said = ['the browser', ...CLIENTS.map(([name]) => name)].map((name) => `Hello from ${name}`);
    expect(texts).toEqual(said);
    // Everybody heard each once, and the same order.
    for (const client of clients) expect(client.lines, client.name).toEqual(['ready', ...said]);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
});

function packageOf(name: string): string {
  return resolve(FOLDER, 'node_modules', name);
}
