"""The benchmarks' load: wrk's answer as it is read, requests on the clock, and rounds in turn."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.asking import Run, addresses, affordable, in_turn
from benchmarks.load import read, wrk
from benchmarks.loops import run
from benchmarks.stack import CannotMeasureError, Server
from benchmarks.steady import CONNECTIONS, Connection, peak, steady

SLOW = 0.5


class Pages(BaseHTTPRequestHandler):
    """200 for everything but /missing; /slow takes its time; without the key 401."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/slow":
            time.sleep(SLOW)
        status = (
            401 if self.headers["Authorization"] != "Api-Key k" else 404 if self.path == "/missing" else 200
        )
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        # Who measures hangs up in the middle of an answer when the time is over.
        with suppress(ConnectionError):
            self.wfile.write(b"ok")

    def do_PUT(self) -> None:
        """What was sent, in chunks."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (sent[:3], sent[3:], b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def server(asked: list[str]) -> Iterator[Server]:
    handler = type("Handler", (Pages,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield Server(http.server_address[1], 0, {"Host": "shop.example", "Authorization": "Api-Key k"})
        http.shutdown()
        thread.join()


def test_what_wrk_prints_is_read() -> None:
    line = 'LOAD {"requests": 900, "microseconds": 3000000, "failed": 0, "p50": 2500, "p99": 40000}'
    found = read(f"Running 3s test\n\n{line}\n")
    assert found.rate == 300
    assert (found.p50_ms, found.p99_ms) == (2.5, 40)


def test_failed_requests_are_no_figure() -> None:
    with pytest.raises(RuntimeError, match="7 of 900 requests failed"):
        read('LOAD {"requests": 900, "microseconds": 1, "failed": 7, "p50": 1, "p99": 1}')


def test_without_wrk_it_is_said_how_to_get_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(CannotMeasureError, match="apt-get install wrk"):
        wrk(server, ["/"], seconds=1)


@pytest.mark.skipif(shutil.which("wrk") is None, reason="no wrk: apt-get install wrk")
class TestWrk:
    def test_the_paths_are_asked_for_in_turn_from_the_start_given(
        self, server: Server, asked: list[str]
    ) -> None:
        found = wrk(server, ["/a", "/b", "/c"], seconds=1, start=1, connections=1)
        assert asked[:4] == ["/b", "/c", "/a", "/b"]
        assert found.requests == pytest.approx(len(asked), abs=2)

    def test_a_page_that_is_missing_is_noticed(self, server: Server) -> None:
        with pytest.raises(RuntimeError, match="requests failed"):
            wrk(server, ["/a", "/missing"], seconds=1)


def test_requests_come_at_their_rate_and_in_their_order(server: Server, asked: list[str]) -> None:
    began = time.perf_counter()
    taken = steady(server, ["/a", "/b"], rate=50, seconds=0.5, start=1)
    assert time.perf_counter() - began > 0.45
    assert len(taken) == len(asked) == 25
    assert sorted(set(asked)) == ["/a", "/b"]
    assert asked[0] == "/b"


def test_one_slow_answer_does_not_hold_up_the_next_request(server: Server) -> None:
    taken = steady(server, ["/slow", "/a", "/a", "/a", "/a"], rate=100, seconds=0.05)
    assert len(taken) == 5
    assert sum(each >= 1000 * SLOW for each in taken) == 1


def test_an_answer_other_than_200_ends_the_measurement(server: Server) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        steady(server, ["/missing"], rate=10, seconds=0.1)
    assert raised.group_contains(RuntimeError, match="404")


def test_the_peak_is_what_is_answered_when_every_connection_asks_again_at_once(
    server: Server, asked: list[str]
) -> None:
    began = time.perf_counter()
    rate = peak(server, ["/a", "/b"], seconds=0.3)
    took = time.perf_counter() - began
    assert len(asked) > CONNECTIONS
    # Those begun in time are waited for.
    assert len(asked) / took <= rate <= len(asked) / 0.3
    assert abs(asked.count("/a") - asked.count("/b")) <= 1


def test_an_answer_other_than_200_is_no_peak(server: Server) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        peak(server, ["/missing"], seconds=0.1)
    assert raised.group_contains(RuntimeError, match="404")


def test_a_body_is_sent_and_one_in_chunks_is_read(server: Server, asked: list[str]) -> None:
    async def twice() -> list[tuple[int, bytes]]:
        connection = Connection(server)
        answers = [await connection.call("PUT", "/a", {"value": each}) for each in (4, 5)]
        answers.append(await connection.call("GET", "/b"))
        await connection.close()
        return answers

    assert run(twice()) == [(201, b'{"value": 4}'), (201, b'{"value": 5}'), (200, b"ok")]


def test_the_sides_take_turns_at_going_first() -> None:
    order: list[tuple[str, int]] = []

    def side(name: str, value: float) -> Run:
        def run(number: int) -> float:
            order.append((name, number))
            return value + number

        return run

    ours, base = in_turn(2, side("ours", 10), side("base", 20))
    assert (ours, base) == ([10, 11], [20, 21])
    assert order == [("base", 0), ("ours", 0), ("ours", 1), ("base", 1)]


@pytest.mark.parametrize("rate, shoppers", [(10, 6_000), (1_000, 6_000), (5_000, 6_040), (900, 4_000)])
def test_a_round_is_over_before_a_shopper_comes_again(rate: float, shoppers: int) -> None:
    seconds = affordable(rate, shoppers)
    assert 1 <= seconds <= 4
    assert seconds == int(seconds), "wrk takes whole seconds"
    assert rate * seconds < shoppers


def test_every_shopper_has_an_address_of_their_own() -> None:
    paths = addresses(3, first=5)
    assert len(set(paths)) == 3
    assert paths[0] == "/api/v1/shoppers/s5/recommendations?limit=20"
