"""The express lane for ratings: a program with a key gives a rating in one call of Redis and one statement.

As in `shopreco.express`, what it cannot do at once goes the whole way: other callers, another body than
{"value": 1 to 5}, a shopper or a product nobody knows, a limit that is reached, a database that is away.
Whoever was counted here is not counted again there (`CallerThrottle`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import Error
from django.http import UnreadablePostError
from django.urls import ResolverMatch, resolve
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import DateTimeField

from catalog.changes.reading import stamp
from catalog.limits import REFUSE
from catalog.models import SKU_PATTERN
from feedback.api.fields import checked_shopper_id
from feedback.at_once import Given, rate_at_once
from feedback.services import Outcome
from recommendations.serving.kept import count_up
from shopreco.api.callers import Call, LiveKeys, Told, digest_of, is_plain, limit_of, secret_of, told
from shopreco.api.throttles import COUNTED
from shopreco.databases import drop_dead_connections, has_waited

PATH = re.compile(rf"/api/v1/shoppers/([^/]+)/ratings/({SKU_PATTERN})")
# What needs no parser. Anything else may be right all the same, and is read by one.
BODY = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"value"[ \t\r\n]*:[ \t\r\n]*([1-5])[ \t\r\n]*\}[ \t\r\n]*')
JSON = {"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"}
LONGEST_BODY = 100
# The shop's state and the shopper's may change while a rating is on its way; again, it is left to the locks.
TRIES = 2
WHEN, WRITTEN = DateTimeField(), JSONRenderer()


class RatingLane:
    """Answers PUT shoppers/{id}/ratings/{sku}, or leaves it alone."""

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    def answer(self, call: Call) -> Told | None:
        """The answer of the whole way; None where that has to give it.

        Raises the database's error where a lock or the statement took too long: who has waited for that is
        not to wait again.
        """
        found = PATH.fullmatch(call.path)
        value = _value_of(call) if found is not None else None
        if found is None or value is None:
            return None
        try:
            given = self._rate(call, checked_shopper_id(found[1]), found[2], value)
        except APIException:
            return None
        except Error as error:
            drop_dead_connections(error)
            if has_waited(error):
                raise
            return None
        if given is None:
            return None
        return _answer_of(found[2], given)

    def _rate(self, call: Call, shopper_id: str, sku: str, value: int) -> Given | None:
        digest, now = digest_of(secret_of(call.meta) or ""), timezone.now()
        seen, keys = self._keys.known
        if digest not in keys:
            seen = stamp()
            keys = self._keys.at(seen)
        is_counted = False
        for _ in range(TRIES):
            key = keys.get(digest)
            # Counted as soon as the caller is known, once, and then for the whole way, too.
            if key is None or not (is_counted or _may(key, call, now.timestamp())):
                return None
            is_counted = True
            found, given = rate_at_once(shopper_id, sku, value=value, now=now, seen=seen)
            if given is not None:
                return given
            if found != seen:
                seen, keys = found, self._keys.at(found)
        return None


def _value_of(call: Call) -> int | None:
    """The stars, if a program with a key sent them in the plainest way."""
    meta = call.meta
    if (
        meta.get("QUERY_STRING")
        or meta.get("CONTENT_TYPE", "").lower() not in JSON
        or not 0 < _length(meta) <= LONGEST_BODY
        or "indent" in meta.get("HTTP_ACCEPT", "")
        or not is_plain(meta)
        or not secret_of(meta)
    ):
        return None
    try:
        found = BODY.fullmatch(call.body())
        call.root()
    except (UnreadablePostError, DisallowedHost):
        return None
    return int(found[1]) if found else None


def _length(meta: dict[str, Any]) -> int:
    sent = str(meta.get("CONTENT_LENGTH") or "")
    return int(sent) if sent.isdecimal() else 0


def _may(key: int, call: Call, now: float) -> bool:
    """Count the caller; whether they are within their limit, as far as can be told here."""
    most, counter, seconds = limit_of(key, now)
    if most is None or counter is None:
        return True
    count = count_up(counter, seconds=seconds)
    if count is None:
        return bool(settings.SHOPRECO_WITHOUT_CACHE != REFUSE)
    call.meta[COUNTED] = (counter, count)
    return count <= most


def _answer_of(sku: str, given: Given) -> Told:
    body = WRITTEN.render(
        {
            "sku": sku, "title": given.title, "value": given.value,
            "rated_at": WHEN.to_representation(given.rated_at),
        }
    )  # fmt: skip
    status = 201 if given.outcome is Outcome.CREATED else 200
    return told(body, _route(), status=status)


@lru_cache(maxsize=1)
def _route() -> ResolverMatch:
    return resolve("/api/v1/shoppers/anybody/ratings/anything")
