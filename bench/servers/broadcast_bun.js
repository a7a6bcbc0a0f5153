// Bun: who listens subscribes to a topic, and what somebody says is published to it.
// uWebSockets, which is inside, keeps the subscribers and writes to them.

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch(request, server) {
    const hears = new URL(request.url).searchParams.get("hear") === "1";
    return server.upgrade(request, { data: { hears } }) ? undefined : new Response("not a socket", { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      if (socket.data.hears) socket.subscribe("room");
    },
    // `server.publish` reaches everybody; `socket.publish` would leave out who speaks.
    message(socket, text) {
      server.publish("room", text);
    },
  },
});
