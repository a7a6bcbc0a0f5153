"""aiohttp: a set of those who listen, and a send to each that is waited for, one after the other."""

import asyncio
import sys

import uvloop
from aiohttp import WSMsgType, web

listeners = set()


async def serve(request):
    socket = web.WebSocketResponse(compress=False, autoping=True)
    await socket.prepare(request)
    if request.query.get("hear") == "1":
        listeners.add(socket)
    try:
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                for listener in list(listeners):
                    await listener.send_str(message.data)
    finally:
        listeners.discard(socket)
    return socket


app = web.Application()
app.router.add_get("/", serve)
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
