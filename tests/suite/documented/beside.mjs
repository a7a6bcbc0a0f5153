// A client that talks in General beside others: node beside.mjs PACKAGE NAME.
// It says each line that it reads, and prints `ready` and each text that it hears. By PACKAGE it is one of the tutorial
// chat (socket.io-client-3), of the native protocol (socket.io-client), or of the one room for everybody (eventsource).
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [name, who] = process.argv.slice(2);
const { RILL_URL: url, RILL_ROOM: room } = process.env;
const password = "correct horse battery";

const print = (line) => console.log(line);

async function ask(path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

// Each answers how it says a line.
const clients = {
  "socket.io-client-3": async ({ io }) => {
    const registered = await ask("/register", { name: who, email: `${who}@x.example`, password });
    const session = registered.headers.getSetCookie().find((line) => line.startsWith("session="));
    const socket = io(url, { extraHeaders: { Cookie: session.split(";")[0] } });
    // The page does so right after, and is connected once all the same.
    socket.connect();
    socket.on("connected", () => socket.emit("room.join", "0"));
    socket.on("room_joined", () => print("ready"));
    socket.on("message", ({ roomId, message }) => roomId === "0" && print(message));
    return (message) => socket.emit("message", { roomId: "0", message, from: "1", date: 1 });
  },
  "socket.io-client": async ({ io }) => {
    const registered = await ask("/api/v1/accounts", { username: who, password, session: "token" });
    const token = (await registered.json()).tokens.access_token;
    const socket = io(`${url}/rill`, { auth: { token } });
    socket.once("resumed", () => print("ready"));
    socket.on("entry", ({ entry: { body } }) => body.kind === "message_posted" && print(body.text));
    return (text) => socket.emit("post", { room, client_id: randomUUID(), text }, (answer) => {
      if (answer.type !== "ok") throw new Error(JSON.stringify(answer));
    });
  },
  eventsource: async ({ EventSource }) => {
    const sender_id = randomUUID();
    const stream = new EventSource(`${url}/stream`);
    stream.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === "connected") print("ready");
      if (event.type === "new_message") print(event.data.content);
    };
    return (content) => ask("/message", { content, sender_id });
  },
};

const say = await clients[name](createRequire(import.meta.url)(name));
for await (const line of createInterface({ input: process.stdin })) await say(line);
process.exit(0);
