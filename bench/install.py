"""Brings the servers that Rill is compared with into a folder of their own, from the ordinary registries.

Nothing is installed for the machine as a whole. What cannot be had is told with its reason, and the others go on.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

SERVERS = Path(__file__).resolve().parent / "servers"
SOCKUDO = "5.2.0"
# Compiling somebody else's server is optional, and must not take the afternoon.
INSTALL_SECONDS_MAX = 15 * 60


class Missing(Exception):
    """A server that is not to be had here, and why."""


@dataclass
class Peer:
    name: str
    dialect: str
    # Brings it into the folder; does nothing if it is there.
    install: Callable[[Path], None]
    version: Callable[[Path], str]
    # From the folder and a port to a command and what it needs in its environment.
    start: Callable[[Path, int], tuple[list[str], dict[str, str]]]


def run(folder, *command, **environment):
    """Runs a step of an installation; its words go into a file, and the last of them into the reason."""
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.which(command[0]) is None:
        raise Missing(f"{command[0]} is not on this machine")
    log = folder / "install.log"
    with log.open("ab") as out:
        try:
            ended = subprocess.run(
                command,
                cwd=folder,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=INSTALL_SECONDS_MAX,
            )
        except subprocess.TimeoutExpired:
            raise Missing(f"not installed after {INSTALL_SECONDS_MAX // 60} minutes") from None
    if ended.returncode != 0:
        raise Missing(f"`{' '.join(command[:3])}` failed, see {log}")


def once(folder, manifest, install):
    """Installs if it was not done with the same manifest; a failure is remembered until the folder is removed."""
    stamp, failure = folder / "installed", folder / "failed"
    if stamp.exists() and stamp.read_text() == manifest:
        return
    if failure.exists():
        raise Missing(failure.read_text())
    try:
        install()
    except Missing as missing:
        failure.write_text(str(missing))
        raise
    stamp.write_text(manifest)


def install_node(root):
    folder = root / "node"
    manifest = (SERVERS / "package.json").read_text()

    def install():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(manifest)
        run(folder, "npm", "install", "--no-audit", "--no-fund")

    once(folder, manifest, install)
    # Modules are looked for beside the file that imports them.
    for file in SERVERS.glob("*.js"):
        shutil.copy(file, folder)


def install_python(root):
    folder = root / "python"
    manifest = (SERVERS / "requirements.txt").read_text()

    def install():
        run(folder, sys.executable, "-m", "venv", ".")
        run(folder, str(folder / "bin/pip"), "install", "--quiet", "-r", str(SERVERS / "requirements.txt"))

    once(folder, manifest, install)


def install_nats(root):
    folder = root / "nats"

    def install():
        # Unpacked instead of installed, so that it needs no rights and starts no service.
        run(folder, "apt-get", "download", "nats-server")
        run(folder, "dpkg-deb", "-x", *(path.name for path in folder.glob("*.deb")), ".")

    once(folder, "nats-server", install)


def install_sockudo(root):
    folder = root / "sockudo"

    def install():
        # Fewer things to compile; none of them is on the way of a message within one process.
        only = ["--no-default-features", "--features", "local"]
        run(folder, "cargo", "install", "--locked", "--root", ".", *only, f"sockudo@{SOCKUDO}")

    once(folder, SOCKUDO, install)


def of_node(package):
    return lambda root: json.loads((root / "node/node_modules" / package / "package.json").read_text())["version"]


def of_python(package):
    def version(root):
        found = next((root / "python").glob(f"lib/*/site-packages/{package}-*.dist-info"))
        return found.name.split("-")[1].removesuffix(".dist")

    return version


def of_nats(root):
    said = subprocess.run([root / "nats/usr/sbin/nats-server", "--version"], capture_output=True, text=True)
    return said.stdout.strip().rpartition("v")[2]


def with_node(file):
    # Node's own advice for servers; some packages leave out checks then.
    return lambda root, port: (["node", str(root / "node" / file), str(port)], {"NODE_ENV": "production"})


def with_bun(root, port):
    bun = str(root / "node/node_modules/bun/bin/bun.exe")
    return [bun, str(root / "node/broadcast_bun.js"), str(port)], {"NODE_ENV": "production"}


def with_python(file):
    return lambda root, port: ([str(root / "python/bin/python"), "-O", str(SERVERS / file), str(port)], {})


def with_nats(root, port):
    return [str(root / "nats/usr/sbin/nats-server"), "--config", str(SERVERS / "nats.conf")], {"PORT": str(port)}


def with_sockudo(root, port):
    # The name and secret of the app are those of `crates/rill/src/bench/peer/dialect.rs`; zero is no limit.
    return [str(root / "sockudo/bin/sockudo")], {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "RUST_LOG": "error",
        "METRICS_ENABLED": "false",
        "RATE_LIMITER_ENABLED": "false",
        "WEBSOCKET_COMPRESSION": "disabled",
        "SOCKUDO_DEFAULT_APP_ID": "bench",
        "SOCKUDO_DEFAULT_APP_KEY": "bench-key",
        "SOCKUDO_DEFAULT_APP_SECRET": "bench-secret",
        "SOCKUDO_DEFAULT_APP_MAX_CONNECTIONS": "100000",
        "SOCKUDO_DEFAULT_APP_MAX_CLIENT_EVENTS_PER_SECOND": "0",
        "SOCKUDO_ENABLE_CLIENT_MESSAGES": "true",
    }


PEERS = [
    Peer("Bun", "plain", install_node, of_node("bun"), with_bun),
    Peer("Node ws", "plain", install_node, of_node("ws"), with_node("broadcast_ws.js")),
    Peer("Node socket.io", "socketio", install_node, of_node("socket.io"), with_node("broadcast_socketio.js")),
    Peer("aiohttp", "plain", install_python, of_python("aiohttp"), with_python("broadcast_aiohttp.py")),
    Peer("Starlette", "plain", install_python, of_python("starlette"), with_python("broadcast_starlette.py")),
    Peer(
        "python-socketio",
        "socketio",
        install_python,
        of_python("python_socketio"),
        with_python("broadcast_python_socketio.py"),
    ),
    Peer("NATS", "nats", install_nats, of_nats, with_nats),
    Peer("Sockudo", "pusher", install_sockudo, lambda _: SOCKUDO, with_sockudo),
]
