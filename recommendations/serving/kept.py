"""Whole answers kept in Redis, by the version of everything they are made of: none is stale, none is deleted.

A list that is being made is waited for instead of being made twice. Without Redis every list is computed.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)
# One round trip: count the caller, bring the list, and where there is none say who makes it.
SCRIPT = """local count = 0
if KEYS[3] then
    count = redis.call('INCR', KEYS[3])
    if count == 1 then redis.call('EXPIRE', KEYS[3], ARGV[2]) end
end
local body = redis.call('GET', KEYS[1])
if body then return {count, body} end
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[1]) then return {count, false, 1} end
return {count, false, 0}"""
COUNT = """local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count"""
SHA = {script: sha1(script.encode(), usedforsecurity=False).hexdigest() for script in (SCRIPT, COUNT)}
# Whoever makes a list and dies is not waited for longer; a list takes some milliseconds.
MAKING_MS = 1000
LOOK_SECONDS, WAIT_SECONDS = 0.005, 0.25
REST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """body: the answer, if it is there. count: how often the caller has called. is_mine: whoever asks is to
    make it. is_there: whether Redis answered."""

    body: bytes | None
    count: int = 0
    is_mine: bool = True
    is_there: bool = True


NOTHING_THERE = Fetched(None, is_there=False)
_down_until = 0.0


_local = threading.local()


def _call(*words: Any) -> Any:
    """One command on this thread's own connection: half of the time that a client and its pool take.

    Raises RedisError, OSError.
    """
    connection = _connection()
    for is_last in (False, True):
        try:
            connection.send_command(*words, check_health=False)
            _read_owed(connection)
            return connection.read_response()
        except redis.exceptions.ResponseError:
            raise
        except (RedisError, OSError) as error:
            connection.disconnect()
            _local.owed = 0
            # A server that was started again since is there at the second try.
            if is_last or isinstance(error, redis.exceptions.TimeoutError):
                raise
    raise AssertionError("either answered or raised")


def _connection() -> Any:
    url = settings.REDIS_URL
    known = getattr(_local, "connection", None)
    if known is None or _local.made_for != (url, os.getpid()):
        options: dict[str, Any] = dict(settings.CACHES["default"]).get("OPTIONS", {})  # type: ignore[assignment]
        pool = redis.ConnectionPool.from_url(
            url,
            socket_connect_timeout=options.get("socket_connect_timeout"),
            socket_timeout=options.get("socket_timeout"),
            retry=Retry(NoBackoff(), 0),
        )
        known = _local.connection = pool.make_connection()
        _local.owed = 0
        _local.made_for = url, os.getpid()
    return known


def _run_script(script: str, keys: list[str], arguments: list[int]) -> Any:
    words = (len(keys), *keys, *arguments)
    try:
        return _call("EVALSHA", SHA[script], *words)
    except redis.exceptions.NoScriptError:
        return _call("EVAL", script, *words)


def fetch(name: str, *, counter: str | None = None, counter_seconds: int = 0) -> Fetched:
    """The answer kept under a name. counter: the key to count the caller up in, for so many seconds."""
    global _down_until
    if time.monotonic() < _down_until:
        return NOTHING_THERE
    # Which cache a thread has is looked up anew each time it is named.
    make_key = cache.make_key
    key = make_key(name)
    keys = [key, f"{key}:making", *([make_key(counter)] if counter else [])]
    try:
        count, body, *rest = _run_script(SCRIPT, keys, [MAKING_MS, counter_seconds + 1])
    except (RedisError, OSError) as error:
        _down_until = time.monotonic() + REST_SECONDS
        logger.warning("cache unreachable, computing without it: %s", error)
        return NOTHING_THERE
    return Fetched(body, count, is_mine=bool(rest and rest[0]))


def count_up(counter: str, *, seconds: int) -> int | None:
    """How often it was counted up in so many seconds, this time included; None without Redis."""
    global _down_until
    if time.monotonic() < _down_until:
        return None
    try:
        return int(_run_script(COUNT, [cache.make_key(counter)], [seconds + 1]))
    except (RedisError, OSError) as error:
        _down_until = time.monotonic() + REST_SECONDS
        logger.warning("cache unreachable, not counted: %s", error)
        return None


def wait_for(name: str) -> bytes | None:
    """The answer that somebody else is making; None when it does not come in time."""
    key, ends = cache.make_key(name), time.monotonic() + WAIT_SECONDS
    try:
        while time.monotonic() < ends:
            time.sleep(LOOK_SECONDS)
            found: bytes | None = _call("GET", key)
            if found is not None:
                return found
    except (RedisError, OSError) as error:
        logger.warning("cache unreachable, computing without it: %s", error)
    return None


def keep(name: str, body: bytes, *, seconds: int) -> None:
    """Keep an answer. Nobody waits for Redis to say that it does: the thread's next call reads that, too."""
    try:
        connection = _connection()
        connection.send_command("SET", cache.make_key(name), body, "EX", seconds, check_health=False)
        _local.owed += 1
    except (RedisError, OSError) as error:
        connection.disconnect()
        _local.owed = 0
        logger.warning("a list is not kept: %s", error)


def _read_owed(connection: Any) -> None:
    """The replies to `keep`, which come before that to anything that was asked since."""
    while _local.owed:
        _local.owed -= 1
        try:
            connection.read_response()
        except redis.exceptions.ResponseError as error:
            logger.warning("a list is not kept: %s", error)


def forget_connections() -> None:
    """As a new process."""
    global _down_until
    if (known := getattr(_local, "connection", None)) is not None:
        known.disconnect()
        del _local.connection
    _down_until = 0.0
