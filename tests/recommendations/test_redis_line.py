"""A thread's own connection to Redis: what is asked, told, lost and waited for."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from recommendations.serving import redis_line
from recommendations.serving.redis_line import Line, line


@pytest.fixture
def own(redis_url: str) -> Iterator[Line]:
    made = Line(redis_url, {"socket_timeout": 5, "socket_connect_timeout": 5})
    yield made
    made.hang_up()


def test_words_of_every_kind_are_sent_and_answers_are_read(own: Line) -> None:
    assert own.call("SET", "a", b"\x00bytes") == b"OK"
    assert own.call("GET", "a") == b"\x00bytes"
    assert own.call("GET", "nothing") is None
    assert own.call("INCRBY", "n", 3) == 3
    assert own.call("EVAL", "return {1, false, 'é'}", 0) == [1, None, "é".encode()]


def test_what_was_told_is_done_before_the_next_call_and_an_answer_is_never_taken_for_another(
    own: Line, caplog: pytest.LogCaptureFixture
) -> None:
    own.tell("SET", "a", b"x" * 100_000)
    own.tell("INCRBY", "a", 1)
    with caplog.at_level(logging.WARNING):
        assert own.call("STRLEN", "a") == 100_000
    assert "not an integer" in caplog.text
    assert own.call("GET", "nothing") is None


def test_an_error_is_raised_and_the_connection_goes_on(own: Line) -> None:
    with pytest.raises(redis.ResponseError, match="unknown command"):
        own.call("NONSENSE")
    assert own.call("PING") == b"PONG"


def test_a_connection_that_was_closed_meanwhile_is_made_again(own: Line, redis_url: str) -> None:
    name = own.call("CLIENT", "ID")
    redis.Redis.from_url(redis_url).client_kill_filter(_id=str(name))
    assert own.call("PING") == b"PONG"
    assert own.call("CLIENT", "ID") != name


class Silent:
    """A server that takes connections and says nothing."""

    def __init__(self, path: Path) -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._taken: list[Any] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                self._taken.append(self._server.accept())
            except OSError:
                return

    def close(self) -> None:
        self._server.close()


def test_a_server_that_says_nothing_is_waited_for_once(tmp_path: Path, redis_url: str) -> None:
    """As one that is frozen: it answered when the connection was made."""
    own = Line(redis_url, {"socket_timeout": 0.2, "socket_connect_timeout": 0.2})
    assert own.call("PING") == b"PONG"
    began = time.monotonic()
    with pytest.raises((OSError, redis.RedisError)):
        own.call("BLPOP", "nothing", 0)
    assert 0.15 < time.monotonic() - began < 2
    assert own.call("PING") == b"PONG"
    server = Silent(tmp_path / "silent")
    began = time.monotonic()
    with pytest.raises((OSError, redis.RedisError)):
        Line(f"unix://{tmp_path / 'silent'}", {"socket_timeout": 0.2, "socket_connect_timeout": 0.2}).call(
            "PING"
        )
    assert time.monotonic() - began < 5
    server.close()


def test_nobody_there_is_an_error_for_who_asks_and_a_line_in_the_log_for_who_tells(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = Line(f"unix://{tmp_path / 'nobody'}", {})
    with pytest.raises(redis.ConnectionError):
        own.call("PING")
    with caplog.at_level(logging.WARNING):
        own.tell("SET", "a", "b")
    assert "not kept" in caplog.text


def test_each_thread_has_its_own_and_a_forked_process_too() -> None:
    mine, others = line(), []
    assert line() is mine
    thread = threading.Thread(target=lambda: others.append(line()))
    thread.start()
    thread.join()
    assert others[0] is not mine
    redis_line._local.made_for = redis_line._local.made_for[0], os.getpid() + 1
    assert line() is not mine
