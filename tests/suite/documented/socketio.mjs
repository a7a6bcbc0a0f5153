// A client of Socket.IO, written from docs/socketio.md: node socketio.mjs PACKAGE TRANSPORTS.
// It talks in General, asks to be cut off there, and comes back from where it was; it prints the texts that it heard.
// RILL_LIVE is where the connection goes that will be cut, RILL_URL the server itself.
import { createRequire } from "node:module";

const { io } = createRequire(import.meta.url)(process.argv[2]);
const transports = process.argv[3].split(",");
const api = `${process.env.RILL_URL}/api/v1`;
let token;

async function request(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(`${api}/${path}`, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
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
const all = (await request("rooms")).items;
const general = all.find((room) => room.name === "General").id;
const rooms = Object.fromEntries(all.map((room) => [room.id, room.last_seq]));
let epoch;

// Called at each connection: the cursors are those of that moment.
const auth = (tell) => tell({ token, rooms, ...(epoch && { epoch }) });
const socket = io(`${process.env.RILL_LIVE}/rill`, { auth, transports, reconnectionDelay: 300 });
const heard = [];
let resumed = 0;
let welcomed = 0;
socket.on("hello", (frame) => (epoch = frame.epoch));
socket.on("welcome", () => welcomed++);
socket.on("resumed", () => resumed++);
socket.on("entry", ({ entry }) => {
  if (entry.seq <= rooms[entry.room]) return;
  if (entry.seq !== rooms[entry.room] + 1) throw new Error(`a gap: ${entry.seq} after ${rooms[entry.room]}`);
  rooms[entry.room] = entry.seq;
  if (entry.body.kind === "message_posted") heard.push(entry.body.text);
});
socket.on("connect_error", (error) => console.error("connect_error", error.message));

const post = (text) =>
  new Promise((resolve) => socket.emit("post", { room: general, client_id: text, text }, resolve));

await until("resumed", () => resumed === 1);
// A second CONNECT on the same connection is answered, and nothing happens twice.
const again = `0/rill,${JSON.stringify({ token })}`;
socket.io.engine.write(again);
const first = await post("one");
if (first.type !== "ok" || !first.seq) throw new Error(`not posted: ${JSON.stringify(first)}`);
await until("the answer", () => heard.length === 2);
if (welcomed !== 1) throw new Error(`welcomed ${welcomed} times`);
const best = transports.at(-1);
await until(`${best}`, () => socket.io.engine.transport.name === best);

// The connection breaks; what is said meanwhile comes after it was resumed.
socket.emit("post", { room: general, client_id: "cut", text: "cut" });
await until("the way back", () => resumed === 2);
await until("what was missed", () => heard.length === 4);
const repeated = await post("one");
if (repeated.seq !== first.seq || !repeated.repeated) throw new Error(`doubled: ${JSON.stringify(repeated)}`);
const wrong = await new Promise((resolve) => socket.emit("post", { room: general, client_id: "x", text: "" }, resolve));
if (wrong.type !== "error") throw new Error(`not refused: ${JSON.stringify(wrong)}`);
const bytes = await new Promise((resolve) => socket.emit("post", { picture: Buffer.from([1, 2, 3]) }, resolve));
if (bytes.problem?.code !== "malformed") throw new Error(`bytes: ${JSON.stringify(bytes)}`);
socket.disconnect();
console.log(heard.join("\n"));
