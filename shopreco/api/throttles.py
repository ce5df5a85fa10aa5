"""How often one caller may call: counted per address, account or key, in fixed windows.

One counter per caller and window, so that a request costs two small cache commands however high the rate is.
With the cache down nobody is held back, unless THROTTLE_WITHOUT_CACHE says so.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from catalog.limits import counted

if TYPE_CHECKING:  # REST framework imports this module while it defines APIView
    from rest_framework.views import APIView


# In a request's META, where no caller can write: the counter an express lane has used, and its count.
COUNTED = "shopreco.counted"


class CallerThrottle(SimpleRateThrottle):
    """The rate `user` for an account or a key, `anon` for an address."""

    timer: Callable[[], float] = staticmethod(time.time)

    def __init__(self) -> None:
        """Nothing to prepare: the rate depends on the request."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        scope = self.scope_of(request, view)
        rates: dict[str, str] = api_settings.DEFAULT_THROTTLE_RATES  # type: ignore[assignment]
        count, seconds = self.parse_rate(rates.get(scope) if scope else None)
        if count is None or seconds is None:
            return True
        now = self.timer()
        self.seconds_left = seconds - now % seconds
        key = f"throttle:{scope}:{self.caller(request)}:{int(now // seconds)}"
        counter, so_far = request.META.get(COUNTED, (None, 0))
        return (so_far if counter == key else counted(key, keep=seconds)) <= count

    def wait(self) -> float:
        return math.ceil(self.seconds_left)

    def scope_of(self, request: Request, view: APIView) -> str | None:
        return "user" if request.user.is_authenticated else "anon"

    def caller(self, request: Request) -> str:
        return str(request.user.pk) if request.user.is_authenticated else str(self.get_ident(request))


class ScopeThrottle(CallerThrottle):
    """The further rate of a view's `throttle_scope`, for callers who are not known."""

    def scope_of(self, request: Request, view: APIView) -> str | None:
        return None if request.user.is_authenticated else getattr(view, "throttle_scope", None)
