"""Starlette under uvicorn: a set of those who listen, and a send to each that is waited for, one after the other."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

listeners = set()


async def serve(socket):
    await socket.accept()
    if socket.query_params.get("hear") == "1":
        listeners.add(socket)
    try:
        while True:
            text = await socket.receive_text()
            for listener in list(listeners):
                await listener.send_text(text)
    except WebSocketDisconnect:
        pass
    finally:
        listeners.discard(socket)


app = Starlette(routes=[WebSocketRoute("/", serve)])
uvicorn.run(
    app,
    host="127.0.0.1",
    port=int(sys.argv[1]),
    loop="uvloop",
    ws_per_message_deflate=False,
    log_level="error",
)
