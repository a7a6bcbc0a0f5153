// Every command has its request, and every request answers as a socket would have.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Command, Frame } from '../wire';
import { Speaker, translate } from './rest';

const room = 'r';
const message = 'm';
const ref = '1';
const at = '/rooms/r/messages/m';

describe('a command', () => {
  const post: Command = { type: 'post', ref, room, client_id: 'c', text: 'hello', reply_to: 'root' };
  it.each<[Command, string, string, object | null]>([
    [post, 'POST', '/rooms/r/messages', { client_id: 'c', text: 'hello', reply_to: 'root' }],
    [
      { type: 'edit', ref, room, message, text: 'b', client_id: 'c' },
      'PATCH',
      at,
      { text: 'b', client_id: 'c' },
    ],
    [{ type: 'delete', ref, room, message }, 'DELETE', at, null],
    [
      { type: 'react', ref, room, message, emoji: '👍', on: true },
      'PUT',
      `${at}/reactions/%F0%9F%91%8D`,
      null,
    ],
    [{ type: 'react', ref, room, message, emoji: '/', on: false }, 'DELETE', `${at}/reactions/%2F`, null],
    [{ type: 'pin', ref, room, message, on: true }, 'PUT', `${at}/pin`, null],
    [{ type: 'pin', ref, room, message, on: false }, 'DELETE', `${at}/pin`, null],
    [{ type: 'read', room, seq: 4 }, 'PUT', '/rooms/r/read', { seq: 4 }],
    [{ type: 'typing', room, on: true }, 'POST', '/rooms/r/typing', { on: true }],
    [{ type: 'presence', status: 'away' }, 'PUT', '/me/presence', { status: 'away' }],
  ])('%j becomes a request', (command, method, path, body) => {
    expect(translate(command)).toEqual({ method, path, body });
  });

  it.each<Command>([{ type: 'ping' }, { type: 'resume', rooms: {} }, { type: 'auth', token: 't' }])(
    '%j means nothing without a socket',
    (command) => expect(translate(command)).toBeNull(),
  );
});

describe('a request', () => {
  let answers: Frame[];
  let asked: { path: string; init: RequestInit; answer: (answer: Response) => void; fail: () => void }[];
  let speaker: Speaker;

  beforeEach(() => {
    answers = [];
    asked = [];
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
      return new Promise<Response>((answer, reject) => {
        asked.push({ path, init, answer, fail: () => reject(new TypeError('no network')) });
      });
    });
    speaker = new Speaker((frame) => answers.push(frame));
  });

  afterEach(() => vi.unstubAllGlobals());

  const settled = () => new Promise((resolve) => setTimeout(resolve));
  const post = (ref: string, where = room) =>
    speaker.say({ type: 'post', ref, room: where, client_id: ref, text: 'hello' });

  it('asks as this page and answers with what a socket answers', async () => {
    post('a');
    await settled();
    expect(asked[0]!.path).toBe('/api/v1/rooms/r/messages');
    expect(asked[0]!.init.headers).toMatchObject({ 'X-Rill': '1', 'Content-Type': 'application/json' });
    asked[0]!.answer(new Response('{"seq":5,"id":"x","at":"then","repeated":true}', { status: 200 }));
    await settled();
    expect(answers).toEqual([{ type: 'ok', ref: 'a', seq: 5, id: 'x', at: 'then' }]);
  });

  it('that is refused answers with the problem', async () => {
    post('a');
    await settled();
    const problem = {
      type: 'about:blank',
      title: '',
      status: 429,
      detail: '',
      code: 'too_many',
      retry_after: 3,
    };
    asked[0]!.answer(new Response(JSON.stringify(problem), { status: 429 }));
    await settled();
    expect(answers).toEqual([{ type: 'error', ref: 'a', problem }]);
  });

  it('without an answer, or with one that cannot be read, has an unknown outcome', async () => {
    post('a');
    await settled();
    asked[0]!.fail();
    await settled();
    post('b');
    await settled();
    asked[1]!.answer(new Response('<html>Welcome to our hotel</html>'));
    await settled();
    expect(answers).toMatchObject([
      { type: 'error', ref: 'a', problem: { code: 'unknown' } },
      { type: 'error', ref: 'b', problem: { code: 'unknown' } },
    ]);
  });

  it('for which nobody waits answers nothing', async () => {
    speaker.say({ type: 'typing', room, on: true });
    speaker.say({ type: 'read', room, seq: 3 });
    await settled();
    asked[0]!.fail();
    asked[1]!.answer(new Response('{"read_seq":3}'));
    await settled();
    expect(answers).toEqual([]);
  });

  it('waits for the one before it in its room, and for no other', async () => {
    post('a');
    post('b');
    post('c', 'elsewhere');
    speaker.say({ type: 'typing', room, on: false });
    await settled();
    expect(asked).toHaveLength(3);
    asked[0]!.fail();
    await settled();
    expect(asked).toHaveLength(4);
    expect(JSON.parse(asked[3]!.init.body as string)).toMatchObject({ client_id: 'b' });
  });
});
