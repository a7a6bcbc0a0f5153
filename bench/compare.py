#!/usr/bin/env python3
"""Measures Rill, bare sockets and other servers side by side: the same room, the same text, the same load, in turns.

Each server runs on one core and `rill bench peer` on another; every round measures each of them once, freshly started.
What is printed are the medians of the rounds, and the medians of what Rill and each of them are to each other in the
same round, because on a shared machine only a ratio can be believed.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from install import PEERS, Missing

TOP = Path(__file__).resolve().parent.parent
START_SECONDS_MAX = 30
# A load that is stuck says so itself after half a minute of silence.
LOAD_SECONDS_MAX = 180
# Paths into the report of `rill bench peer`, by the name that they have here.
FIGURES = {
    "one": "fastest/one_at_a_time/per_second",
    "one_core": "fastest/one_at_a_time/per_core_second",
    "burst": "fastest/in_bursts/per_second",
    "burst_core": "fastest/in_bursts/per_core_second",
    "p50": "latency_last/server/p50_ms",
    "p99": "latency_last/server/p99_ms",
    "memory": "memory/server/resident_bytes_each",
}
# What is started by the load itself, and how. That Rill waits for its disk shows beside a Rill that has none.
OWN = {
    "Rill": ["--dialect", "rill"],
    "Rill, data in memory": ["--dialect", "rill", "--folder", "/dev/shm"],
    "bare sockets": ["--dialect", "floor"],
}


def main():
    options = read_options()
    options.rill = options.rill.resolve()
    options.folder = options.folder.resolve()
    options.folder.mkdir(parents=True, exist_ok=True)
    peers, missing = install(options)
    kept = {"settings": {}, "versions": {}, "rounds": []}
    if options.add and options.add.exists():
        kept = json.loads(options.add.read_text())
    settings = {name: getattr(options, name) for name in ("listeners", "burst", "rate", "messages", "seconds")}
    if kept["settings"] not in ({}, settings):
        sys.exit(f"{options.add} was measured with other settings: {kept['settings']}")
    kept["settings"] = settings
    kept["versions"] |= {peer.name: peer.version(options.folder) for peer in peers}
    for number in range(options.rounds):
        kept["rounds"].append(measure_all(options, peers, len(kept["rounds"]) + 1))
        if options.add:
            options.add.write_text(json.dumps(kept, indent=1))
    report = summed_up(kept, missing)
    print(json.dumps(report, indent=2) if options.json else written(report))


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rill", type=Path, default=TOP / "target/release/rill", help="the binary, of a release build")
    parser.add_argument("--folder", type=Path, default=TOP / "target/peers", help="where the others are installed")
    parser.add_argument("--only", help="names of some of the others, with commas between; none of them: -")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of full speed, each alone and in bursts")
    parser.add_argument("--listeners", type=int, default=1000)
    parser.add_argument("--burst", type=int, default=16)
    parser.add_argument("--rate", type=int, default=20, help="messages a second while latency is measured")
    parser.add_argument("--messages", type=int, default=100, help="of which latency is measured in each round")
    parser.add_argument("--add", type=Path, help="a file of earlier rounds, to which these are added")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    return parser.parse_args()


def install(options):
    """Who is there, and why the others are not."""
    wanted = None if options.only is None else {name.strip().lower() for name in options.only.split(",")}
    there, missing = [], {}
    for peer in PEERS:
        if wanted is not None and peer.name.lower() not in wanted:
            continue
        say(f"installing {peer.name}")
        try:
            peer.install(options.folder)
            there.append(peer)
        except Missing as reason:
            missing[peer.name] = str(reason)
    return there, missing


def measure_all(options, peers, number):
    """One round. Whoever comes later finds a warmer machine, so that each round begins with another one."""
    runs = [(name, flags, None) for name, flags in OWN.items()]
    runs += [(peer.name, ["--dialect", peer.dialect], peer) for peer in peers]
    first = number * 3 % len(runs)
    results = {}
    for name, flags, peer in runs[first:] + runs[:first]:
        say(f"round {number}: {name}")
        try:
            results[name] = measure(options, flags, peer)
        except Missing as reason:
            results[name] = {"problem": str(reason)}
    return results


def measure(options, flags, peer):
    load = [options.rill, "bench", "peer", "--json", *flags]
    for name in ("seconds", "listeners", "burst", "rate", "messages"):
        load += [f"--{name}", str(getattr(options, name))]
    if peer is None:
        return ended(load)
    port = free_port()
    command, environment = peer.start(options.folder, port)
    # `pinned` stays on the core, takes as many files as it may, and dies with this script.
    core = [f"--core={min(os.sched_getaffinity(0))}"] if len(os.sched_getaffinity(0)) > 1 else []
    log = (options.folder / "server.log").open("ab")
    server = subprocess.Popen(
        [options.rill, "bench", "pinned", *core, "--", *command],
        cwd=options.folder,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        wait_for(server, port)
        return ended(load + ["--url", f"http://127.0.0.1:{port}", "--pid", str(server.pid)])
    finally:
        server.kill()
        server.wait()
        log.close()


def ended(load):
    try:
        run = subprocess.run(load, capture_output=True, text=True, timeout=LOAD_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise Missing("the load did not come to its end") from None
    if run.returncode != 0:
        raise Missing(run.stderr.strip())
    return json.loads(run.stdout)["figures"]


def free_port():
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def wait_for(server, port):
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end:
        if server.poll() is not None:
            raise Missing(f"it ended with {server.returncode}, see server.log")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Missing(f"it did not listen within {START_SECONDS_MAX} seconds")


def found(report, path):
    for key in path.split("/"):
        report = report.get(key) or {}
    return report or None


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def summed_up(kept, missing):
    rounds = kept["rounds"]
    names = list(OWN) + [peer.name for peer in PEERS if any(peer.name in results for results in rounds)]
    servers, ratios = {}, {}
    for name in names:
        own = [results.get(name, {}) for results in rounds]
        servers[name] = {key: median(found(each, path) for each in own) for key, path in FIGURES.items()}
        if servers[name]["one"] is None:
            missing[name] = next((each["problem"] for each in own if "problem" in each), "not measured")
            del servers[name]
            continue
        ratios[name] = {}
        for key, path in FIGURES.items():
            pairs = [(found(results.get("Rill", {}), path), found(results.get(name, {}), path)) for results in rounds]
            ratios[name][key] = median(rill / other for rill, other in pairs if rill and other)
    order = sorted(servers, key=lambda name: -(servers[name]["one_core"] or 0))
    return {
        "settings": kept["settings"] | {"rounds": len(rounds)},
        "versions": kept["versions"],
        "servers": {name: servers[name] for name in order},
        "rill_to": {name: ratios[name] for name in order if name != "Rill"},
        "missing": missing,
    }


def written(report):
    settings = report["settings"]
    head = (
        f"{settings['listeners']} listeners, texts of 200 bytes, medians of {settings['rounds']} rounds. "
        f"Deliveries a second (per core second), one message at a time and in bursts of {settings['burst']}; "
        f"latency in ms to the last listener at {settings['rate']} messages a second; KiB for each connection.\n"
    )
    lines = [["server", "one at a time", f"bursts of {settings['burst']}", "p50", "p99", "KiB"]]
    for name, figures in report["servers"].items():
        title = " ".join(filter(None, [name, report["versions"].get(name)]))
        speed = [f"{count(figures[key])} ({count(figures[key + '_core'])})" for key in ("one", "burst")]
        memory = figures["memory"] and figures["memory"] / 1024
        lines.append([title, *speed, digits(figures["p50"]), digits(figures["p99"]), digits(memory)])
    keys = ["one", "one_core", "burst", "burst_core", "p99"]
    titles = ["one at a time", "per core second", f"bursts of {settings['burst']}", "per core second", "p99"]
    ratios = [["Rill to", *titles]]
    for name, figures in report["rill_to"].items():
        ratios.append([name, *(digits(figures[key]) for key in keys)])
    parts = [head, table(lines), table(ratios)]
    parts += [f"{name} is missing: {reason}" for name, reason in report["missing"].items()]
    return "\n".join(parts)


def table(lines):
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    lines.insert(1, ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]])
    rows = [
        " | ".join(cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(line, widths)))
        for line in lines
    ]
    return "".join(f"| {row} |\n" for row in rows)


def count(value):
    if value is None:
        return "–"
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    return f"{value / 1e3:.0f} k" if value >= 1e4 else f"{value / 1e3:.1f} k"


def digits(value):
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def say(what):
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
