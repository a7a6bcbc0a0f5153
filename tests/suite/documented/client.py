"""A client in Python, written from docs/protocol.md: it signs in, posts, listens and resumes over a WebSocket.

RILL_URL, RILL_LOGIN and RILL_PASSWORD say where and as whom; it prints the texts that it heard, in order.
"""

import asyncio
import json
import os
import urllib.request

from websockets.asyncio.client import connect

URL = os.environ["RILL_URL"]
API = f"{URL}/api/v1"
WAIT = 20


def request(path, body=None, token=None):
    """One REST request; raises on a refusal."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{API}/{path}", data, headers), timeout=WAIT) as answer:
        return json.load(answer)


class Client:
    """Keeps a cursor for each room and follows the rule of the page: repeats are dropped, gaps are resumed."""

    def __init__(self, token, cursors):
        self.token = token
        self.cursors = cursors
        self.epoch = None
        self.heard = []
        self.references = 0

    async def open(self):
        ticket = request("ws-ticket", {}, self.token)["ticket"]
        self.socket = await connect(API.replace("http", "ws", 1) + "/ws")
        hello = await self.frame()
        assert hello["type"] == "hello" and hello["protocol"] == "rill/1", hello
        await self.send({"type": "auth", "ticket": ticket})
        await self.until(lambda frame: frame["type"] == "welcome")
        await self.send({"type": "resume", "ref": "resume", "epoch": self.epoch or hello["epoch"], "rooms": self.cursors})
        await self.until(lambda frame: frame["type"] == "resumed")
        self.epoch = hello["epoch"]

    async def close(self):
        await self.socket.close()

    async def send(self, command):
        await self.socket.send(json.dumps(command))

    async def frame(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), WAIT))

    async def until(self, wanted):
        """Handles frames until one is wanted, and returns that one."""
        while True:
            frame = await self.frame()
            if frame["type"] == "entry":
                self.take(frame["entry"])
            if wanted(frame):
                return frame

    def take(self, entry):
        cursor = self.cursors.get(entry["room"], entry["seq"] - 1)
        if entry["seq"] <= cursor:
            return
        assert entry["seq"] == cursor + 1, f"a gap: {entry['seq']} after {cursor}"
        self.cursors[entry["room"]] = entry["seq"]
        if entry["body"]["kind"] == "message_posted":
            self.heard.append(entry["body"]["text"])

    async def post(self, room, client_id, text):
        self.references += 1
        ref = str(self.references)
        await self.send({"type": "post", "ref": ref, "room": room, "client_id": client_id, "text": text})
        answer = await self.until(lambda frame: frame["type"] in ("ok", "error") and frame.get("ref") == ref)
        assert answer["type"] == "ok", answer
        while self.cursors[room] < answer["seq"]:
            await self.until(lambda frame: frame["type"] == "entry")
        return answer


async def main():
    login = {"login": os.environ["RILL_LOGIN"], "password": os.environ["RILL_PASSWORD"], "session": "token"}
    token = request("sessions", login)["tokens"]["access_token"]
    rooms = request("rooms", token=token)["items"]
    general = next(room for room in rooms if room["name"] == "General")["id"]

    client = Client(token, {room["id"]: room["last_seq"] for room in rooms})
    await client.open()
    first = await client.post(general, "python-1", "one from python")
    await client.close()

    request(f"rooms/{general}/messages", {"text": "two from python", "client_id": "python-2"}, token)
    await client.open()
    again = await client.post(general, "python-1", "one from python")
    assert again["seq"] == first["seq"] and again["repeated"], again
    await client.close()
    print("\n".join(client.heard))


asyncio.run(main())
