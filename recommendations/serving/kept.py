"""Whole answers kept in Redis, by the version of everything they are made of: none is stale, none is deleted.

A list that is being made is waited for instead of being made twice. Without Redis every list is computed.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from redis.exceptions import RedisError, ResponseError

from recommendations.serving import redis_line
from recommendations.serving.redis_line import Line, Word, line

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


def _run_script(there: Line, script: str, keys: list[str], arguments: list[int]) -> Any:
    words: list[Word] = [len(keys), *keys, *arguments]
    try:
        return there.call("EVALSHA", SHA[script], *words)
    except ResponseError as error:
        if not str(error).startswith("NOSCRIPT"):
            raise
        return there.call("EVAL", script, *words)


def fetch(name: str, *, counter: str | None = None, counter_seconds: int = 0) -> Fetched:
    """The answer kept under a name. counter: the key to count the caller up in, for so many seconds."""
    global _down_until
    if time.monotonic() < _down_until:
        return NOTHING_THERE
    there = line()
    key = there.key_of(name)
    keys = [key, f"{key}:making"]
    if counter is not None:
        keys.append(there.key_of(counter))
    try:
        count, body, *rest = _run_script(there, SCRIPT, keys, [MAKING_MS, counter_seconds + 1])
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
    there = line()
    try:
        return int(_run_script(there, COUNT, [there.key_of(counter)], [seconds + 1]))
    except (RedisError, OSError) as error:
        _down_until = time.monotonic() + REST_SECONDS
        logger.warning("cache unreachable, not counted: %s", error)
        return None


def wait_for(name: str) -> bytes | None:
    """The answer that somebody else is making; None when it does not come in time."""
    there, ends = line(), time.monotonic() + WAIT_SECONDS
    key = there.key_of(name)
    try:
        while time.monotonic() < ends:
            time.sleep(LOOK_SECONDS)
            found: bytes | None = there.call("GET", key)
            if found is not None:
                return found
    except (RedisError, OSError) as error:
        logger.warning("cache unreachable, computing without it: %s", error)
    return None


def keep(name: str, body: bytes, *, seconds: int) -> None:
    """Keep an answer. Nobody waits for Redis to say that it does."""
    there = line()
    there.tell("SET", there.key_of(name), body, "EX", seconds)


def forget_connections() -> None:
    """As a new process."""
    global _down_until
    redis_line.forget()
    _down_until = 0.0
