"""Kept connections are shared evenly between the web processes, whoever is quickest to take them."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.shop import PROJECT

# Who answers, nothing else: what is asked here is asked of gunicorn.
APPLICATION = """
import os

def application(environ, start_response):
    start_response("200 OK", [("Content-Length", str(len(str(os.getpid()))))])
    return [str(os.getpid()).encode()]
"""
CONNECTIONS, TIMES = 16, 8


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Of two web processes, by the configuration for production."""
    (tmp_path / "who_answers.py").write_text(APPLICATION)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    command = ["-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "who_answers"]
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path),
        "BIND": f"127.0.0.1:{free}",
        "WEB_WORKERS": "2",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }
    with subprocess.Popen([sys.executable, *command], cwd=PROJECT, env=environment) as server:
        try:
            _until_both_answer(free)
            yield free
        finally:
            server.send_signal(signal.SIGTERM)


def _until_both_answer(port: int) -> None:
    ends, seen = time.monotonic() + 60, set[bytes]()
    while len(seen) < 2:
        assert time.monotonic() < ends, "there are not two processes that answer"
        with contextlib.suppress(OSError):
            seen |= _burst(port).keys()
        time.sleep(0.1)


def _burst(port: int) -> Counter[bytes]:
    """By process, how many of some connections that are opened together and kept it answers."""
    kept = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(CONNECTIONS)]
    try:
        for connection in kept:
            connection.connect()
        for connection in kept:
            connection.request("GET", "/")
        return Counter(connection.getresponse().read() for connection in kept)
    finally:
        for connection in kept:
            connection.close()


def test_connections_that_are_opened_together_are_not_taken_by_one_process(port: int) -> None:
    fewest = [CONNECTIONS - max(_burst(port).values()) for _ in range(TIMES)]
    assert sum(fewest) >= TIMES * CONNECTIONS / 4, fewest
