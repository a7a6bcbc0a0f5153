"""A client of Socket.IO in Python, written from docs/socketio.md: python talk_socketio.py TRANSPORTS.

It talks in General, asks to be cut off there, and comes back from where it was; it prints the texts that it heard.
RILL_LIVE is where the connection goes that will be cut, RILL_URL the server itself.
"""

import json
import os
import sys
import threading
import urllib.request

import socketio

URL = os.environ["RILL_URL"]
API = f"{URL}/api/v1"
TRANSPORTS = sys.argv[1].split(",")
WAIT = 20


def request(path, body=None, token=None):
    """One REST request; raises on a refusal."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{API}/{path}", data, headers), timeout=WAIT) as answer:
        return json.load(answer)


login = {"login": os.environ["RILL_LOGIN"], "password": os.environ["RILL_PASSWORD"], "session": "token"}
token = request("sessions", login)["tokens"]["access_token"]
listed = request("rooms", token=token)["items"]
general = next(room for room in listed if room["name"] == "General")["id"]
rooms = {room["id"]: room["last_seq"] for room in listed}
heard = []
changed = threading.Condition()
resumed = 0

client = socketio.Client(reconnection_delay=0.3)


@client.on("entry", namespace="/rill")
def on_entry(frame):
    entry = frame["entry"]
    with changed:
        if entry["seq"] <= rooms[entry["room"]]:
            return
        assert entry["seq"] == rooms[entry["room"]] + 1, entry
        rooms[entry["room"]] = entry["seq"]
        if entry["body"]["kind"] == "message_posted":
            heard.append(entry["body"]["text"])
        changed.notify_all()


@client.on("resumed", namespace="/rill")
def on_resumed(_):
    global resumed
    with changed:
        resumed += 1
        changed.notify_all()


def until(what, ready):
    with changed:
        assert changed.wait_for(ready, WAIT), f"waited in vain for {what}"


def post(text):
    answer = {"room": general, "client_id": text, "text": text}
    return client.call("post", answer, namespace="/rill", timeout=WAIT)


# A callable is asked at each connection: the cursors are those of that moment.
client.connect(os.environ["RILL_LIVE"], namespaces=["/rill"], auth=lambda: {"token": token, "rooms": rooms}, transports=TRANSPORTS)
until("resumed", lambda: resumed == 1)
first = post("one")
assert first["type"] == "ok", first
until("the answer", lambda: len(heard) == 2)
assert client.transport() == TRANSPORTS[-1], client.transport()

# The connection breaks; what is said meanwhile comes after it was resumed.
client.emit("post", {"room": general, "client_id": "cut", "text": "cut"}, namespace="/rill")
until("the way back", lambda: resumed == 2)
until("what was missed", lambda: len(heard) == 4)
again = post("one")
assert again["seq"] == first["seq"] and again["repeated"], again
client.disconnect()
print("\n".join(heard))
