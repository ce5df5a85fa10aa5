"""A Redis cache that is missed, not missing: when Redis is down the site computes instead of failing."""

import json
import logging
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
T = TypeVar("T")
REST_SECONDS = 2.0


class JsonSerializer:
    """JSON instead of Django's pickle: whoever can write to Redis must not be able to run code here."""

    def dumps(self, value: Any) -> bytes | int:
        # Plain integers stay integers, so that Redis itself can count them up.
        return value if type(value) is int else json.dumps(value, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache in which an unreachable server is an empty one.

    After a failure the server is left alone for two seconds, so that a page does not wait once per key. Then
    one caller tries it, and the other threads go on without it until it has answered.
    """

    _down_until = 0.0

    @property
    def is_down(self) -> bool:
        """Whether this process found the server unreachable at its last try: what was counted was not."""
        return ForgivingRedisCache._down_until > 0

    def _forgive(self, call: Callable[[], T], otherwise: T) -> T:
        if self.is_down:
            if monotonic() < ForgivingRedisCache._down_until:
                return otherwise
            # Others go on without it while this call finds out.
            ForgivingRedisCache._down_until = monotonic() + REST_SECONDS
        try:
            answer = call()
        except (RedisError, OSError) as error:
            ForgivingRedisCache._down_until = monotonic() + REST_SECONDS
            logger.warning("cache unreachable, computing without it: %s", error)
            return otherwise
        except ValueError:  # such as a number that is not there to be counted up: an answer, too
            ForgivingRedisCache._down_until = 0.0
            raise
        ForgivingRedisCache._down_until = 0.0
        return answer

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return self._forgive(lambda: super(ForgivingRedisCache, self).add(*args, **kwargs), True)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._forgive(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._forgive(lambda: super(ForgivingRedisCache, self).set(*args, **kwargs), None)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return self._forgive(lambda: super(ForgivingRedisCache, self).touch(*args, **kwargs), False)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return self._forgive(lambda: super(ForgivingRedisCache, self).delete(*args, **kwargs), False)

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return self._forgive(lambda: super(ForgivingRedisCache, self).get_many(*args, **kwargs), {})

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return self._forgive(lambda: super(ForgivingRedisCache, self).has_key(*args, **kwargs), False)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._forgive(lambda: super(ForgivingRedisCache, self).incr(key, delta, version), delta)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return self._forgive(
            lambda: super(ForgivingRedisCache, self).set_many(data, *args, **kwargs), list(data)
        )

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._forgive(lambda: super(ForgivingRedisCache, self).delete_many(*args, **kwargs), None)

    def clear(self) -> None:
        """Forget what is ours; Django's own would empty the queue and what others keep there, too."""
        self._forgive(self._clear_own, None)

    def _clear_own(self) -> None:
        client = self._cache.get_client(None, write=True)
        for key in client.scan_iter(match=self.make_key("*", version="*"), count=1000):  # type: ignore[arg-type]
            client.unlink(key)

    def delete_matching(self, pattern: str) -> int:
        """Delete every key that matches the pattern (`*` for anything); how many.

        Not forgiving: who has to be forgotten must not be taken for it. Raises RedisError, OSError.
        """
        client = self._cache.get_client(write=True)
        keys = list(client.scan_iter(match=self.make_key(pattern), count=1000))
        return int(client.delete(*keys)) if keys else 0
