// Node with socket.io: who listens joins a room, and what somebody says is emitted to it.

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, { transports: ["websocket"], perMessageDeflate: false });

server.on("connection", (socket) => {
  if (socket.handshake.query.hear === "1") socket.join("room");
  socket.on("message", (text) => server.to("room").emit("message", text));
});

http.listen(Number(process.argv[2]), "127.0.0.1");
