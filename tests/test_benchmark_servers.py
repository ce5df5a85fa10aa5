"""benchmarks.servers and benchmarks.growth: what they find out without a stack, and the tables they write."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks import growth, servers
from benchmarks.busy import own_megabytes
from benchmarks.ports import free_port
from benchmarks.servers import KINDS, WAYS, Found
from benchmarks.stack import Server, all_cores, children, other_cores


class Closing(BaseHTTPRequestHandler):
    """A connection per request."""

    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Keeping(Closing):
    protocol_version = "HTTP/1.1"


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[Server]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield Server(http.server_address[1], os.getpid(), {"Host": "shop.example"})
        http.shutdown()
        thread.join()


@pytest.mark.parametrize("handler, keeps", [(Keeping, True), (Closing, False)])
def test_a_server_that_keeps_connections_is_told_from_one_that_does_not(
    handler: type[BaseHTTPRequestHandler], keeps: bool
) -> None:
    with serving(handler) as server:
        assert servers._keeps(server) is keeps


def test_what_fails_in_a_reload_is_counted() -> None:
    outcomes: list[bool] = []
    with serving(Closing) as server:
        servers._ask(server, time.monotonic() + 0.5, outcomes)
    assert outcomes
    assert all(outcomes)
    nobody = Server(free_port(), 0, {})
    servers._ask(nobody, time.monotonic() + 0.05, outcomes)
    assert not outcomes[-1]


def test_memory_is_that_of_a_process_and_what_it_started() -> None:
    assert 10 < own_megabytes(os.getpid()) <= servers._megabytes(os.getpid()) * 1.5
    assert os.getpid() in children(os.getppid())


def test_the_cpu_of_a_process_goes_up_with_its_work() -> None:
    before = servers._cpu_seconds(os.getpid())
    ends = time.process_time() + 0.1
    while time.process_time() < ends:
        pass
    assert 0.05 < servers._cpu_seconds(os.getpid()) - before < 5


def test_the_web_has_a_core_that_nobody_else_has() -> None:
    assert other_cores() < all_cores()


def test_every_server_is_told_its_application_and_its_kind() -> None:
    for name, kind in KINDS.items():
        command, _ = kind.serving("shopreco")
        assert command[-1] == ("shopreco.asgi:application" if "ASGI" in name else "shopreco.wsgi:application")
        command, environment = kind.serving("benchmarks.bare")
        assert command[-1] == f"benchmarks.bare:{kind.app}"
        assert ("gunicorn" in name) == ("WEB_THREADS" in environment)


def test_the_ways_to_keep_connections_are_those_of_the_view() -> None:
    text = (Path(servers.__file__).parent / "one_query.py").read_text()
    assert all(f'"{way}": ' in text for way in WAYS)


def test_the_table_has_a_line_per_server_with_medians() -> None:
    found = {
        "gunicorn": Found(
            [100, 300, 200], [50], [10, 30, 20], [5, 9, 7], [0.25], [1.5], 61.4, True, "0 of 900 failed"
        )
    }
    head, _, line = servers._table(found)
    assert line == "| gunicorn | 200 | 50 | 20 | 10 to 30 | 7 ms | 0.25 | 1.50 | 61 | yes | 0 of 900 failed |"
    assert head.count("|") == line.count("|")


def test_growth_is_told_with_its_slope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "KEPT", tmp_path / "growth.json")
    assert growth.section() == []
    sizes = {"1000": 1.0, "10000": 10.0, "100000": 100.0}
    (tmp_path / "growth.json").write_text(json.dumps({"p50": sizes, "p99": dict.fromkeys(sizes, 7.0)}))
    lines = growth.section()
    assert "| p50 | 1.0 | 10.0 | 100.0 | 1.00 |" in lines
    assert "| p99 | 7.0 | 7.0 | 7.0 | 0.00 |" in lines
    assert "| | 1,000 products | 10,000 products | 100,000 products | slope (log-log) |" in lines
