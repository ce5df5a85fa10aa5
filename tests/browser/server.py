"""The live server of these tests: Django's, which can be waited for until it has nothing left to answer."""

from __future__ import annotations

import threading
from typing import Any
from urllib.request import urlopen

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import LiveServerThread
from pytest_django.live_server_helper import LiveServer

SECONDS = 120.0


class CountingServer(ThreadedWSGIServer):
    """Knows how many connections it has in hand, each with a thread of its own."""

    # A page's pictures, scripts and rails come all at once; a busy machine accepts them late.
    request_queue_size = 128

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_hand = 0
        self._changed = threading.Condition()

    def process_request(self, request: Any, client_address: Any) -> None:
        # In the thread that accepts: a connection counts before the next one is looked at.
        with self._changed:
            self._in_hand += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._in_hand -= 1
                self._changed.notify_all()

    def wait_until_idle(self) -> None:
        """Return when every connection made so far is closed. Raises AssertionError after `SECONDS`."""
        host, port = self.server_address[:2]
        # Connections are accepted in turn: what was sent before this is in hand once it is answered.
        with urlopen(f"http://{host!s}:{port}/robots.txt", timeout=SECONDS) as answer:
            answer.read()
        with self._changed:
            assert self._changed.wait_for(lambda: self._in_hand == 0, timeout=SECONDS), (
                f"the live server still has {self._in_hand} connections in hand after {SECONDS:.0f} s"
            )


def start() -> LiveServer:
    """A live server on a free port; `httpd(...)` is its CountingServer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LiveServerThread, "server_class", CountingServer)
        return LiveServer("localhost")


def httpd(server: LiveServer) -> CountingServer:
    found = server.thread.httpd
    assert isinstance(found, CountingServer)
    return found
