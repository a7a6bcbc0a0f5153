"""A client that talks in General beside others: python beside.py PACKAGE NAME.

It says each line that it reads, and prints `ready` and each text that it hears. By PACKAGE it is one of the rooms over
WebSocket (websockets), or of the tutorial chat (socketio).
"""

import asyncio
import json
import os
import sys
import threading
import urllib.request

PACKAGE, WHO = sys.argv[1:]
URL, ROOM = os.environ["RILL_URL"], os.environ["RILL_ROOM"]


def say_lines(say):
    """Says what is read, and ends with it."""
    for line in sys.stdin:
        say(line.rstrip("\n"))


async def by_websockets():
    """As the clients of the aiohttp server."""
    import websockets

    loop = asyncio.get_running_loop()
    async with websockets.connect(f"{URL.replace('http', 'ws', 1)}/ws/{ROOM}/{WHO}") as socket:
        print("ready", flush=True)

        def say(text):
            frame = json.dumps({"type": "message", "message": text})
            asyncio.run_coroutine_threadsafe(socket.send(frame), loop).result()

        def say_all():
            say_lines(say)
            asyncio.run_coroutine_threadsafe(socket.close(), loop)

        threading.Thread(target=say_all, daemon=True).start()
        async for frame in socket:
            heard = json.loads(frame)
            if heard["type"] == "message":
                print(heard["message"], flush=True)


def by_socketio():
    """As the clients of the tutorial chat and of GuideOps."""
    import socketio

    account = {"name": WHO, "email": f"{WHO}@x.example", "password": "correct horse battery"}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{URL}/register", json.dumps(account).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        cookies = answer.headers.get_all("Set-Cookie")
    session = next(line for line in cookies if line.startswith("session=")).split(";")[0]
    client = socketio.Client()

    @client.on("room_joined")
    def on_joined(_):
        print("ready", flush=True)

    @client.on("message")
    def on_message(message):
        if message["roomId"] == "0":
            print(message["message"], flush=True)

    client.connect(URL, headers={"Cookie": session})
    client.emit("room.join", "0")
    say_lines(lambda text: client.emit("message", {"roomId": "0", "message": text}))
    client.disconnect()


if PACKAGE == "websockets":
    asyncio.run(by_websockets())
else:
    by_socketio()
