// Node with ws: a set of those who listen, and a send to each, as its documents show it.
// bufferutil is installed beside it, as they advise.

import { WebSocketServer } from "ws";

const listeners = new Set();
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), perMessageDeflate: false });

server.on("connection", (socket, request) => {
  if (request.url.includes("hear=1")) {
    listeners.add(socket);
    socket.on("close", () => listeners.delete(socket));
  }
  socket.on("message", (bytes) => {
    for (const listener of listeners) listener.send(bytes, { binary: false });
  });
});
