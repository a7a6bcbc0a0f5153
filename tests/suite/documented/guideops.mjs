// A client as the tutorial chat has it: node guideops.mjs PACKAGE.
// It signs in by the routes of guideops, listens to the event stream too, talks over Socket.IO in the namespace of
// everybody, and prints the texts that it heard.
import { createRequire } from "node:module";

const { io } = createRequire(import.meta.url)(process.argv[2]);
const url = process.env.RILL_URL;
const signedIn = await fetch(`${url}/login`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ username: process.env.RILL_LOGIN, password: process.env.RILL_PASSWORD }),
});
if (!signedIn.ok) throw new Error(`login: ${signedIn.status} ${await signedIn.text()}`);
const cookie = signedIn.headers.getSetCookie().find((line) => line.startsWith("session=")).split(";")[0];

const heard = [];
const events = [];
const limit = setTimeout(() => {
  throw new Error(`waited in vain: ${JSON.stringify([events, heard])}`);
}, 20_000);

const socket = io(url, { extraHeaders: { Cookie: cookie } });
// The page does so right after, and is connected once all the same.
socket.connect();
for (const name of ["connected", "user.connected", "room_joined", "message_ack", "error"]) {
  socket.on(name, (argument) => events.push([name, argument]));
}
socket.on("message", (message) => take(message));
socket.on("connected", async ({ status, rooms }) => {
  if (status !== "authenticated") throw new Error(status);
  // What comes over Socket.IO does not come by the stream once more.
  const stream = await fetch(`${url}/stream`, { headers: { Cookie: cookie } });
  listen(stream.body.pipeThrough(new TextDecoderStream()).getReader());
  for (const room of rooms) socket.emit("room.join", room);
  socket.emit("message", { roomId: "0", message: "one", from: "1", date: 1 });
});

async function listen(reader) {
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    for (const line of next.value.split("\n").filter((line) => line.startsWith("data:"))) {
      const event = JSON.parse(line.slice(5));
      if (event.type === "message") take(event.data);
    }
  }
}

function take(message) {
  if (message.roomId !== "0") throw new Error(`room ${message.roomId}`);
  heard.push(message.message);
  if (message.message !== "heard: one") return;
  const connections = events.filter(([name]) => name === "connected").length;
  if (connections !== 1) throw new Error(`connected ${connections} times`);
  clearTimeout(limit);
  console.log(heard.join("\n"));
  process.exit(0);
}
