"""Who calls with a key, and how often they may: what the express lanes for reading and for rating share.

They ask for what they know how to answer; everything else is left to authentication and throttles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import ResolverMatch
from rest_framework.settings import api_settings

from catalog.changes.reading import Stamp
from shopreco.api.authentication import HEADER, SCHEME
from shopreco.api.throttles import CallerThrottle
from shopreco.models import ApiKey

KEY, AUTHORIZATION = f"HTTP_{HEADER.upper().replace('-', '_')}", f"{SCHEME} "
PLAIN = {"*/*", "application/json"}
HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
    "Vary": "Accept, Authorization, X-API-Key, Cookie, origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}
"""What an answer for a program carries."""


@dataclass(slots=True)
class Call:
    """A request, as much of it as an express lane looks at.

    path: below the shop's own prefix. meta: as in WSGI. root: where the shop is, such as
    "https://shop.example"; raises DisallowedHost. body: reads it; raises UnreadablePostError.
    """

    method: str
    path: str
    meta: dict[str, Any]
    root: Callable[[], str]
    body: Callable[[], bytes]


@dataclass(slots=True)
class Told:
    """An answer. route: the one that it would have been given by on the whole way."""

    body: bytes
    route: ResolverMatch
    headers: dict[str, str]
    status: int = 200


def told(body: bytes, route: ResolverMatch, *, status: int = 200, **headers: str) -> Told:
    # Without its length the server would send the body in chunks: a call to the system more for each answer.
    return Told(body, route, {**HEADERS, "Content-Length": str(len(body)), **headers}, status)


class LiveKeys:
    """The keys in force, as one process knows them."""

    def __init__(self) -> None:
        self.known: tuple[Stamp, dict[str, int]] = (Stamp(), {})

    def at(self, stamp: Stamp) -> dict[str, int]:
        """digest -> key, of the live ones. A key that is made or revoked moves the shop's version on."""
        known = self.known
        if known[0] != stamp:
            live = ApiKey.objects.filter(revoked_at__isnull=True)
            known = self.known = stamp, dict(live.values_list("digest", "pk"))
        return known[1]


def secret_of(meta: dict[str, Any]) -> str | None:
    """The key that was sent plainly; None where there is none, or where it takes more care to read it."""
    sent: str = meta.get("HTTP_AUTHORIZATION", "")
    if sent.startswith(AUTHORIZATION):
        return sent[len(AUTHORIZATION) :]
    return None if sent else meta.get(KEY)


@lru_cache(maxsize=64)
def digest_of(secret: str) -> str:
    """`ApiKey.digest_of`, found out once for the few keys that ask thousands of times a second.

    The latest secrets stay in this process's memory for it, live or not; what is stored is digests.
    """
    return ApiKey.digest_of(secret)


def is_plain(meta: dict[str, Any]) -> bool:
    """Whether a program asks, and for JSON: what a browser sends across sites needs more than an answer."""
    accepted = meta.get("HTTP_ACCEPT", "*/*")
    # REST framework's own way of asking for another format is a field of the query.
    return (
        "HTTP_ORIGIN" not in meta
        and "format=" not in meta.get("QUERY_STRING", "")
        and (accepted in PLAIN or not PLAIN.isdisjoint(map(_media_type, accepted.split(","))))
    )


def _media_type(accepted: str) -> str:
    return accepted.partition(";")[0].strip()


def limit_of(key: int, now: float) -> tuple[int | None, str | None, int]:
    """(calls allowed, the counter they are counted in, its seconds), as `CallerThrottle` counts them."""
    rates: dict[str, str] = api_settings.DEFAULT_THROTTLE_RATES  # type: ignore[assignment]
    most, seconds = _rate(rates.get("user"))
    if most is None or seconds is None:
        return None, None, 0
    return most, f"throttle:user:key-{key}:{int(now // seconds)}", seconds


@lru_cache(maxsize=8)
def _rate(text: str | None) -> tuple[int | None, int | None]:
    return CallerThrottle().parse_rate(text)
