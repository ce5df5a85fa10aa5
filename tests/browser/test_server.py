"""The live server these tests wait for: it is idle when the last answer is given, and not before."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test.testcases import QuietWSGIRequestHandler

from tests.browser.server import CountingServer

ASKED = b"POST /beacon HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"


class SlowAnswers:
    """A WSGI application that is asked at once and answers when it may."""

    def __init__(self) -> None:
        self.may_answer, self.is_asked = threading.Event(), threading.Event()
        self.answered = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == "/beacon":
            self.is_asked.set()
            self.may_answer.wait(60)
            self.answered += 1
        start_response("200 OK", [("Content-Length", "0")])
        return []


@pytest.fixture
def slow() -> SlowAnswers:
    return SlowAnswers()


@pytest.fixture
def server(slow: SlowAnswers) -> Iterator[CountingServer]:
    with CountingServer(("localhost", 0), QuietWSGIRequestHandler) as started:
        started.set_app(slow)
        thread = threading.Thread(target=started.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield started
        slow.may_answer.set()
        started.shutdown()
        thread.join()


def waiting(server: CountingServer) -> threading.Thread:
    thread = threading.Thread(target=server.wait_until_idle, daemon=True)
    thread.start()
    return thread


def test_a_server_nobody_asks_is_idle_at_once(server: CountingServer) -> None:
    server.wait_until_idle()


def test_what_a_page_sent_before_it_went_is_answered_first(server: CountingServer, slow: SlowAnswers) -> None:
    with socket.create_connection(server.server_address[:2]) as page:  # type: ignore[arg-type]
        page.sendall(ASKED)
    thread = waiting(server)
    assert slow.is_asked.wait(60)
    thread.join(0.2)
    assert thread.is_alive() and slow.answered == 0
    slow.may_answer.set()
    thread.join(60)
    assert not thread.is_alive() and slow.answered == 1


def test_a_page_that_stays_is_waited_for_too(server: CountingServer, slow: SlowAnswers) -> None:
    slow.may_answer.set()
    with socket.create_connection(server.server_address[:2]) as page:  # type: ignore[arg-type]
        page.sendall(ASKED)
        assert page.recv(1000).startswith(b"HTTP/1.1 200")
        thread = waiting(server)
        thread.join(0.2)
        assert thread.is_alive(), "it may send more"
    thread.join(60)
    assert not thread.is_alive()
