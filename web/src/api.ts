// Typed requests to /api/v1, and the one error that they end in. Knows nothing of the screen.

import type {
  Account,
  List,
  Member,
  Message,
  MessagePage,
  Problem,
  Room,
  ServerInfo,
  SignedIn,
} from './wire';

const BASE = '/api/v1';
const WAIT_MS = 20_000;
/** Messages asked for at once. */
export const PAGE = 50;

/** A request that did not do what it should: refused, with a problem object, or not heard of again. */
export class Refusal extends Error {
  constructor(
    /** What the server said; null if no answer came. */
    readonly problem: Problem | null,
  ) {
    super(problem?.detail ?? 'no answer');
  }

  /** The stable code; `unreachable` if no answer came. */
  get code(): string {
    return this.problem?.code ?? 'unreachable';
  }
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  return (await exchange<T>(method, path, body === undefined ? null : JSON.stringify(body))).value;
}

/** A request and its answer, with the `ETag` where there is one; a text as the body is JSON. */
export async function exchange<T>(
  method: string,
  path: string,
  body: string | Blob | null = null,
  ifMatch: string | null = null,
): Promise<{ value: T; tag: string | null }> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-Rill'] = '1';
  if (body !== null) headers['Content-Type'] = typeof body === 'string' ? 'application/json' : body.type;
  if (ifMatch !== null) headers['If-Match'] = ifMatch;
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(BASE + path, { method, headers, body, signal: AbortSignal.timeout(WAIT_MS) });
    text = await answer.text();
  } catch {
    throw new Refusal(null);
  }
  if (!answer.ok) throw new Refusal(problemOf(answer, text));
  return { value: (text ? JSON.parse(text) : undefined) as T, tag: answer.headers.get('ETag') };
}

function problemOf(answer: Response, text: string): Problem {
  try {
    const problem = JSON.parse(text) as Problem;
    if (typeof problem.code === 'string') return problem;
  } catch {
    // Something between here and the server answered; say what its status says.
  }
  return {
    type: 'about:blank',
    title: answer.statusText,
    status: answer.status,
    detail: answer.statusText || String(answer.status),
    code: answer.status === 401 ? 'not_signed_in' : 'unavailable',
  };
}

export const get = <T>(path: string) => ask<T>('GET', path);
export const post = <T>(path: string, body?: unknown) => ask<T>('POST', path, body);
export const put = <T>(path: string, body?: unknown) => ask<T>('PUT', path, body);
const remove = <T>(path: string) => ask<T>('DELETE', path);

/** What is filled in to register. */
export interface Registration {
  username: string;
  password: string;
  display_name?: string;
  setup_code?: string;
}

/** Which part of a room's messages; the newest without any. `at` is a moment, RFC 3339. */
export type Range = { before: number } | { after: number } | { around: number } | { at: string } | null;

// The server, and who one is.
export const server = () => get<ServerInfo>('/server');
export const register = (form: Registration) => post<SignedIn>('/accounts', { ...form, session: 'cookie' });
export const signIn = (login: string, password: string) =>
  post<SignedIn>('/sessions', { login, password, session: 'cookie' });
export const signOut = () => remove<void>('/sessions/current');
export const me = () => get<Account>('/me');

// Rooms.
export const rooms = () => get<List<Room>>('/rooms');
export const room = (id: string) => get<Room>(`/rooms/${id}`);
export const members = (id: string) => get<List<Member>>(`/rooms/${id}/members?limit=200`);

// Messages.
export function messages(id: string, range: Range, limit = PAGE): Promise<MessagePage> {
  const where = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(range ?? {})) where.set(name, String(value));
  return get<MessagePage>(`/rooms/${id}/messages?${where}`);
}
export const message = (room: string, id: string) => get<Message>(`/rooms/${room}/messages/${id}`);
