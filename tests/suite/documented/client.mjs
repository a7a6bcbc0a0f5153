// A client in JavaScript, written from docs/protocol.md: it signs in, posts, listens and resumes with an EventSource.
// RILL_URL, RILL_LOGIN and RILL_PASSWORD say where and as whom; it prints the texts that it heard, in order.
import { EventSource } from "eventsource";

const api = `${process.env.RILL_URL}/api/v1`;
let token;

async function request(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(`${api}/${path}`, {
    method: body ? "POST" : "GET",
    headers,
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const heard = [];
const connections = [];
let cut;

/** Sends the token with the stream's requests, and can break the connection as a network would. */
async function carry(url, init) {
  const breaker = new AbortController();
  cut = () => breaker.abort(new Error("the network broke"));
  connections.push(init.headers["Last-Event-ID"] ?? null);
  const answer = await fetch(url, {
    ...init,
    signal: AbortSignal.any([init.signal, breaker.signal]),
    headers: { ...init.headers, Authorization: `Bearer ${token}` },
  });
  return answer;
}

function until(what, ready) {
  return new Promise((resolve, reject) => {
    const looking = setInterval(() => ready() && finish(resolve), 20);
    const limit = setTimeout(() => finish(() => reject(new Error(`waited in vain for ${what}`))), 20_000);
    function finish(then) {
      clearInterval(looking);
      clearTimeout(limit);
      then();
    }
  });
}

const credentials = { login: process.env.RILL_LOGIN, password: process.env.RILL_PASSWORD, session: "token" };
token = (await request("sessions", credentials)).tokens.access_token;
const general = (await request("rooms")).items.find((room) => room.name === "General");
const messages = `rooms/${general.id}/messages`;

const stream = new EventSource(`${api}/events?rooms=${general.id}:${general.last_seq}`, { fetch: carry });
stream.onmessage = (event) => {
  const frame = JSON.parse(event.data);
  if (frame.type === "entry" && frame.entry.body.kind === "message_posted") heard.push(frame.entry.body.text);
};

const first = await request(messages, { text: "one from node", client_id: "node-1" });
await until("the first message", () => heard.length === 1);

// The connection breaks; the stream comes back by itself and says where it was.
cut();
await request(messages, { text: "two from node", client_id: "node-2" });
await until("the second message", () => heard.length === 2);
if (connections.length < 2 || !connections.at(-1)) throw new Error("the stream was not resumed with Last-Event-ID");

const again = await request(messages, { text: "one from node", client_id: "node-1" });
if (again.seq !== first.seq || !again.repeated) throw new Error("the same client_id made another message");
stream.close();
console.log(heard.join("\n"));
