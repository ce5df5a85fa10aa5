"""Clients that rate and look at the list that follows: they are timed, and a shop that errs is found out."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from benchmarks.pairs import rate_and_list, read
from benchmarks.stack import Server

needs_wrk = pytest.mark.skipif(shutil.which("wrk") is None, reason="no wrk: apt-get install wrk")


class Shop(BaseHTTPRequestHandler):
    """Lists of 3 of what a shopper has not rated; `forgets`: of everything. From the `fails`-th on, ratings
    are refused."""

    protocol_version = "HTTP/1.1"
    rated: list[tuple[str, str, Any]]
    forgets, fails = False, 10**9

    def do_GET(self) -> None:
        *_, shopper, _ = self.path.split("/")
        gone = set() if self.forgets else {sku for who, sku, _ in self.rated if who == shopper}
        left = [sku for sku in (f"P-{number}" for number in range(10**5)) if sku not in gone]
        self._answer(200, {"items": [{"sku": sku} for sku in left[:3]]})

    def do_PUT(self) -> None:
        *_, shopper, _, sku = self.path.split("/")
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.rated.append((shopper, sku, sent))
        self._answer(201 if len(self.rated) < self.fails else 503, {})

    def _answer(self, status: int, told: Any) -> None:
        body = json.dumps(told, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def shop() -> Iterator[tuple[Server, type[Shop]]]:
    handler = type("Handler", (Shop,), {"rated": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield Server(http.server_address[1], 0, {"Host": "shop.example"}), handler
        http.shutdown()
        thread.join()


@needs_wrk
def test_every_client_rates_what_its_list_shows_and_is_timed(shop: tuple[Server, type[Shop]]) -> None:
    server, handler = shop
    taken = rate_and_list(server, ["ann", "bob"], shown=3, seconds=1, pause=0.05)
    assert len(taken) >= 10 and all(0 < each < 1000 for each in taken)
    assert {who for who, _, _ in handler.rated} == {"ann", "bob"}
    assert all(sent == {"value": 4} for _, _, sent in handler.rated)
    for who in ("ann", "bob"):
        own = [sku for shopper, sku, _ in handler.rated if shopper == who]
        assert len(set(own)) == len(own)
    # At most one of each client was still on its way.
    assert len(taken) <= len(handler.rated) <= len(taken) + 2


@needs_wrk
def test_a_list_that_does_not_follow_is_no_figure(shop: tuple[Server, type[Shop]]) -> None:
    server, handler = shop
    handler.forgets = True
    with pytest.raises(RuntimeError, match="did not follow P-"):
        rate_and_list(server, ["ann"], shown=3, seconds=1, pause=0)


@needs_wrk
def test_a_rating_that_is_refused_is_no_figure(shop: tuple[Server, type[Shop]]) -> None:
    server, handler = shop
    handler.fails = 3
    with pytest.raises(RuntimeError, match="503"):
        rate_and_list(server, ["ann"], shown=3, seconds=1, pause=0)


def test_what_wrk_prints_is_read_and_nothing_timed_is_no_figure() -> None:
    assert read("Running 1s test\nWRONG \nPAIR 1.500\nWRONG \nPAIR 20.250\n") == [1.5, 20.25]
    with pytest.raises(RuntimeError, match="No rating"):
        read("Running 1s test\nWRONG \n")
    with pytest.raises(RuntimeError, match="2 connections failed"):
        read("WRONG \nWRONG 2 connections failed\nPAIR 1.000\n")
