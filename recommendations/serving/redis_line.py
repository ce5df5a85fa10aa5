"""One connection to Redis for each thread, by hiredis' own calls: less than half of what a client costs.

redis-py opens it, as the URL says (TCP, TLS, a socket in the file system; password and database); afterwards
words are packed and answers are read here.
"""

from __future__ import annotations

import logging
import os
import ssl
import struct
import threading
from socket import SO_RCVTIMEO, SO_SNDTIMEO, SOL_SOCKET
from typing import Any

import hiredis
import redis
from django.conf import settings
from django.core.cache import cache
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 65_536
Word = str | bytes | int


class Line:
    """Belongs to one thread. `call` raises redis.RedisError or OSError; what is only told raises neither."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        pool = redis.ConnectionPool.from_url(
            url,
            socket_connect_timeout=options.get("socket_connect_timeout"),
            socket_timeout=options.get("socket_timeout"),
            retry=Retry(NoBackoff(), 0),
            # Nobody listens to what the third one's servers may push in between.
            protocol=2,
        )
        self._opened: Any = pool.make_connection()
        self._socket: Any = None
        self._reader = hiredis.Reader()
        self._owed = 0
        # Which cache a thread has is looked up anew each time it is named.
        self.key_of = cache.make_key

    def call(self, *words: Word) -> Any:
        """The answer to one command. Tried again once on a new connection: a server that was started again
        since is there at the second try."""
        packed = hiredis.pack_command(words)  # type: ignore[arg-type]  # a tuple of as many as there are
        for is_last in (False, True):
            try:
                if self._socket is None:
                    self._connect()
                self._socket.sendall(packed)
                while self._owed:
                    self._owed -= 1
                    _warn_of(self._next())
                answer = self._next()
            except (redis.RedisError, OSError) as error:
                self.hang_up()
                # A server that is silent would be silent again.
                if is_last or isinstance(error, (redis.TimeoutError, TimeoutError, BlockingIOError)):
                    raise
            else:
                if isinstance(answer, hiredis.ReplyError):
                    raise redis.ResponseError(str(answer))
                return answer
        raise AssertionError("either answered or raised")

    def tell(self, *words: Word) -> None:
        """Send a command whose answer nobody waits for: the next call reads that, too."""
        try:
            if self._socket is None:
                self._connect()
            self._socket.sendall(hiredis.pack_command(words))  # type: ignore[arg-type]  # the same
            self._owed += 1
        except (redis.RedisError, OSError) as error:
            self.hang_up()
            logger.warning("a list is not kept: %s", error)

    def hang_up(self) -> None:
        """The next call connects anew."""
        self._opened.disconnect()
        self._socket, self._owed = None, 0

    def _connect(self) -> None:
        self._opened.connect()
        # redis-py has no word for it: its own way of reading and writing goes through here, too.
        self._socket, self._reader = self._opened._sock, hiredis.Reader()
        seconds = self._socket.gettimeout()
        if seconds and not isinstance(self._socket, ssl.SSLSocket):
            # Told to the system, which looks at the clock in the same call. Python would ask before each
            # call whether there is anything, and let other threads in both times.
            span = struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))
            self._socket.settimeout(None)
            for direction in (SO_RCVTIMEO, SO_SNDTIMEO):
                self._socket.setsockopt(SOL_SOCKET, direction, span)

    def _next(self) -> Any:
        reader = self._reader
        while (answer := reader.gets()) is False:
            received = self._socket.recv(MOST_AT_ONCE)
            if not received:
                raise redis.ConnectionError("Redis has closed the connection.")
            reader.feed(received)
        return answer


def _warn_of(answer: Any) -> None:
    if isinstance(answer, hiredis.ReplyError):
        logger.warning("a list is not kept: %s", answer)


_local = threading.local()


def line() -> Line:
    """This thread's own; another one after a fork, or where REDIS_URL is another."""
    made_for = settings.REDIS_URL, os.getpid()
    if getattr(_local, "made_for", None) != made_for:
        options: dict[str, Any] = dict(settings.CACHES["default"]).get("OPTIONS", {})  # type: ignore[assignment]
        _local.line, _local.made_for = Line(settings.REDIS_URL, options), made_for
    found: Line = _local.line
    return found


def forget() -> None:
    """As a new process."""
    if (known := getattr(_local, "line", None)) is not None:
        known.hang_up()
        del _local.line, _local.made_for
