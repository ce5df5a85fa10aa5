"""How often pages may be written to: counted in the cache, per browser and per address, in fixed windows.

A small throttle of our own, because nothing more is needed: two cache commands per attempt, no table, and the
same for sign-in, feedback and orders. With the cache down nobody is held back, since selling goes before
counting; a shop that sees it the other way round sets THROTTLE_WITHOUT_CACHE=refuse.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.throttling import BaseThrottle

from catalog.answers import is_fragment

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
MINUTE, HOUR = 60, 3600
REFUSE = "refuse"
UNITS = {"s": 1, "min": MINUTE, "hour": HOUR, "day": 24 * HOUR}
# Many people can share one address; one browser is one person.
ADDRESS_SHARE = 5


class CannotCountError(Exception):
    """The cache is away, and the settings say to refuse what cannot be counted: 503 until it is back."""


def counted(key: str, *, keep: int) -> int:
    """Count the key up; how often it was, this time included, in `keep` seconds. Raises CannotCountError."""
    if cache.add(key, 1, timeout=keep + 1):
        count = 1
    else:
        try:
            count = cache.incr(key)
        except ValueError:  # it ran out between the two commands
            count = 1
    _check_cache()
    return count


def _check_cache() -> None:
    # The cache forgives an unreachable server, so only it can tell that nothing was counted.
    if settings.SHOPRECO_WITHOUT_CACHE == REFUSE and getattr(cache, "is_down", False):
        raise CannotCountError("the cache that counts requests cannot be reached")


@dataclass(frozen=True)
class Limit:
    """So many times in so many seconds. Written as "120/min" or "10/15min"."""

    name: str
    most: int
    seconds: int

    @classmethod
    def named(cls, name: str) -> Limit:
        """The limit of that name in the settings."""
        rate: str = settings.SHOPRECO_LIMITS[name]
        count, _, span = rate.partition("/")
        digits = span.rstrip("abcdefghijklmnopqrstuvwxyz")
        return cls(name, int(count), int(digits or 1) * UNITS[span[len(digits) :]])

    def take(self, caller: str, *, now: datetime, share: int = 1) -> int:
        """Count one attempt; 0 when it is within the limit, else how many seconds to wait.

        Raises CannotCountError.
        """
        count = counted(self._key(caller, now), keep=self.seconds)
        return self._wait(now) if count > self.most * share else 0

    def wait(self, caller: str, *, now: datetime, share: int = 1) -> int:
        """How many seconds to wait before the next attempt, without counting one. Raises CannotCountError."""
        count: int = cache.get(self._key(caller, now), 0)
        _check_cache()
        return self._wait(now) if count >= self.most * share else 0

    def _wait(self, now: datetime) -> int:
        return math.ceil(self.seconds - now.timestamp() % self.seconds)

    def _key(self, caller: str, now: datetime) -> str:
        # Hashed: a caller can be a typed name of any length and any characters.
        digest = salted_hmac("limit", caller).hexdigest()
        return f"limit:{self.name}:{digest}:{int(now.timestamp() // self.seconds)}"


def address_of(request: HttpRequest) -> str:
    """The caller's address; what a caller writes into X-Forwarded-For itself is ignored (`NUM_PROXIES`)."""
    return str(BaseThrottle().get_ident(request))  # type: ignore[arg-type]  # reads META only


def limited(name: str) -> Callable[[View], View]:
    """A view whose POSTs are counted: per account or browser, and five times as many per address."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST" and (wait := _take(Limit.named(name), request)):
                return too_many(request, wait)
            return view(request, *args, **kwargs)

        return cast("View", counted)

    return decorate


def too_many(request: HttpRequest, wait: int) -> HttpResponse:
    """429 with how long to wait: a line for htmx, a page otherwise."""
    words = f"That was a lot at once. Please try again in {wait_words(wait)}."
    template = "shop/_said.html" if is_fragment(request) else "429.html"
    context = {"said": {"text": words, "is_error": True}, "words": words}
    response = render(request, template, context, status=429)
    response["Retry-After"] = str(wait)
    return response


def wait_words(seconds: int) -> str:
    """How long to wait, as a shopper would say it."""
    if seconds < 2 * MINUTE:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{math.ceil(seconds / MINUTE)} minutes"


def _take(limit: Limit, request: HttpRequest) -> int:
    now = timezone.now()
    user = request.user
    browser = f"account:{user.pk}" if user.is_authenticated else f"session:{request.session.session_key}"
    by_address = limit.take(f"address:{address_of(request)}", now=now, share=ADDRESS_SHARE)
    # A browser that has no session yet is known by its address alone.
    known = user.is_authenticated or request.session.session_key is not None
    return max(by_address, limit.take(browser, now=now) if known else 0)
