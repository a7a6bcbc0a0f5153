"""python-socketio under uvicorn: who listens enters a room, and what somebody says is emitted to it."""

import sys
from urllib.parse import parse_qs

import socketio
import uvicorn

server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"], http_compression=False)


@server.event
async def connect(who, environ):
    if parse_qs(environ["QUERY_STRING"]).get("hear") == ["1"]:
        await server.enter_room(who, "room")


@server.event
async def message(_who, text):
    await server.emit("message", text, room="room")


uvicorn.run(
    socketio.ASGIApp(server),
    host="127.0.0.1",
    port=int(sys.argv[1]),
    loop="uvloop",
    ws_per_message_deflate=False,
    log_level="error",
)
