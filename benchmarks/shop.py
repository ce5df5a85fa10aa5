"""A whole shop in a folder of its own, started as an operator starts it: to measure and to break."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import starter
from benchmarks.ports import free_port

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0


def manage(var_dir: Path, *arguments: str, **environment: str) -> str:
    """Run a management command on the data in `var_dir`; its output. Raises CalledProcessError."""
    done = starter.python(["manage.py", *arguments], _environment(var_dir, environment))
    done.check_returncode()
    return done.stdout


@dataclass(frozen=True)
class Answer:
    """What the shop answered, and how long that took from the first byte sent to the last one read."""

    status: int
    body: Any
    seconds: float


@dataclass
class Shop:
    """A running shop: its address and its processes."""

    port: int
    process: subprocess.Popen[str]
    var_dir: Path

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        payload = None if body is None else json.dumps(body)
        started = time.perf_counter()
        connection.request(method, path, payload, {"Content-Type": "application/json"} if payload else {})
        response = connection.getresponse()
        raw = response.read()
        seconds = time.perf_counter() - started
        connection.close()
        is_json = "json" in (response.getheader("Content-Type") or "")
        return Answer(response.status, json.loads(raw) if is_json and raw else raw, seconds)

    def pids(self, *words: str) -> list[int]:
        """The processes of this shop whose command line holds all the words."""
        return [pid for pid, line in _descendants(self.process.pid) if all(word in line for word in words)]

    def everyone(self) -> list[int]:
        """The starter and all processes below it."""
        return [self.process.pid, *(pid for pid, _ in _descendants(self.process.pid))]


@contextmanager
def running_shop(var_dir: Path, *, log: Path, **environment: str) -> Iterator[Shop]:
    """Start the shop of `var_dir` on a free port and stop it as Ctrl-C does."""
    port = free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "shopreco.run"],
            cwd=PROJECT,
            env=_environment(var_dir, {"PORT": str(port), **environment}),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        shop = Shop(port, process, var_dir)
        try:
            _wait(shop, log)
            yield shop
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(timeout=180)


def _environment(var_dir: Path, more: dict[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DATABASE_URL"}}
    return own | {
        "DJANGO_SETTINGS_MODULE": "shopreco.settings.dev",
        "SHOPRECO_VAR_DIR": str(var_dir),
        # No search of the shop's own begins in the middle of what is measured or broken.
        "RECOMMENDATION_ALGORITHM": "svd",
        "THROTTLE_ANON": "1000000/min",
        "THROTTLE_FEEDBACK": "1000000/min",
        **more,
    }


def _wait(shop: Shop, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "is up at" not in log.read_text():
        if shop.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the shop did not start:\n{log.read_text()}")
        time.sleep(0.05)


def _descendants(root: int) -> list[tuple[int, str]]:
    """(pid, command line) of every process below `root`."""
    listed = subprocess.run(
        ["ps", "-ewwo", "pid=,ppid=,args="], check=True, capture_output=True, text=True
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    below, found = {root}, []
    for _ in range(len(rows)):
        more = [
            (int(pid), args) for pid, parent, args in rows if int(parent) in below and int(pid) not in below
        ]
        if not more:
            break
        below |= {pid for pid, _ in more}
        found += more
    return found
