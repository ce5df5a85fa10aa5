"""The express lane: shoppers' lists for programs with a key, without what only pages and browsers need.

It answers what it can answer at once and lets everything else go the whole way: other callers, a bad key or
query, a limit that is reached, a database that is away. So there is one place for every error, and this is
not it. What it answers is what the whole way would, see docs/adr/0017-express-lane.md.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import Error
from django.urls import ResolverMatch, resolve
from django.utils import timezone
from rest_framework.exceptions import APIException

from catalog.limits import REFUSE
from feedback.api.fields import checked_shopper_id
from recommendations.api import lists
from recommendations.conf import conf
from recommendations.serving import kept
from recommendations.serving.snapshot import current
from recommendations.serving.state import look_up
from shopreco.api.callers import Call, LiveKeys, Told, digest_of, is_plain, limit_of, secret_of, told
from shopreco.databases import drop_dead_connections, is_not_now
from shopreco.express_ratings import RatingLane

PATH = re.compile(r"/api/v1/shoppers/([^/]+)/recommendations")
# While the database is away, answers are given again for so long, of so many shoppers.
STALE_SECONDS, REMEMBERED = 600, 10_000
# How much one list says of whether lists are found where they were kept.
NEWEST = 1 / 16


class Known(NamedTuple):
    """An answer that was given: what it is kept under, whose key asked where and what for, and when (unix
    seconds)."""

    name: str
    digest: str
    root: str
    query_string: str
    seen_at: float
    # They have rated since, as far as this process knows.
    is_over: bool = False


class ExpressLane:
    """Answers a call, or leaves it alone. It comes to calls by the doors in `shopreco.express_doors`."""

    def __init__(self) -> None:
        self._keys = LiveKeys()
        self._ratings = RatingLane(self._keys)
        self._last: OrderedDict[str, Known] = OrderedDict()
        # Of the lists that were kept, the part that was found again lately.
        self._found_again = 1.0

    def answer(self, call: Call) -> Told | None:
        """The answer of the whole way; None where that has to give it.

        Raises the database's error where a rating has waited for a lock in vain, see `RatingLane.answer`.
        """
        if call.method == "GET" and (found := PATH.fullmatch(call.path)):
            try:
                return self._list(call, found[1])
            except (APIException, SuspiciousOperation):
                return None
            except Error as error:
                drop_dead_connections(error)
                return self._last_known(call, found[1]) if is_not_now(error) else None
        if call.method == "PUT" and (rated := self._ratings.answer(call)) is not None:
            shopper_id = call.path.split("/", 5)[4]
            if known := self._last.get(shopper_id):
                self._remember(shopper_id, known._replace(is_over=True))
            return rated
        return None

    def _list(self, call: Call, shopper_id: str) -> Told | None:
        secret = secret_of(call.meta)
        if secret is None or not is_plain(call.meta):
            return None
        root = call.root()
        query_string = call.meta.get("QUERY_STRING", "")
        was_kept = self._was_kept(shopper_id, query_string)
        # Whose list is likely there needs no history.
        newest = 0 if was_kept and self._found_again >= 1 / 2 else conf().history_events
        stamp, shopper, history = look_up(checked_shopper_id(shopper_id), newest=newest)
        snapshot, now = current(stamp), timezone.now()
        digest = digest_of(secret)
        key = self._keys.at(snapshot.stamp).get(digest)
        if key is None:
            return None
        question = lists.question_of(query_string, snapshot.catalogue)
        name = lists.name_of(shopper, question, query_string, root, snapshot, now)
        most, counter, seconds = limit_of(key, now.timestamp())
        if name is None:
            return None
        found = kept.fetch(name, counter=counter, counter_seconds=seconds)
        if was_kept:
            self._found_again += NEWEST * ((found.body is not None) - self._found_again)
        if (most is not None and found.count > most) or (
            not found.is_there and settings.SHOPRECO_WITHOUT_CACHE == REFUSE
        ):
            return None
        body = lists.taken_or_made(
            found, shopper, question, name, root=root, now=now, snapshot=snapshot, told=history
        )
        self._remember(shopper_id, Known(name, digest, root, query_string, now.timestamp()))
        return told(body, _route())

    def _was_kept(self, shopper_id: str, query_string: str) -> bool:
        """Whether they were answered the same before, and have not rated since."""
        known = self._last.get(shopper_id)
        return known is not None and known.query_string == query_string and not known.is_over

    def _remember(self, shopper_id: str, known: Known) -> None:
        # Another thread may be at the same shopper, or make room, between any two of these.
        self._last.pop(shopper_id, None)
        self._last[shopper_id] = known
        if len(self._last) > REMEMBERED:
            with suppress(KeyError):
                self._last.popitem(last=False)

    def _last_known(self, call: Call, shopper_id: str) -> Told | None:
        """While the database is away: the answer this process gave last to the same question, for some time.

        Only to whoever asked then, and marked as what it is: a rating or a price may have changed since.
        """
        known, secret = self._last.get(shopper_id), secret_of(call.meta)
        if known is None or secret is None or not is_plain(call.meta):
            return None
        age, digest = timezone.now().timestamp() - known.seen_at, digest_of(secret)
        is_same = (call.root(), call.meta.get("QUERY_STRING", "")) == (known.root, known.query_string)
        is_theirs = digest == known.digest and digest in self._keys.known[1]
        if not (is_same and is_theirs) or age > STALE_SECONDS:
            return None
        body = kept.fetch(known.name).body
        if body is None:
            return None
        return told(body, _route(), Age=str(max(0, int(age))), Warning='110 - "Response is Stale"')


@lru_cache(maxsize=1)
def _route() -> ResolverMatch:
    return resolve("/api/v1/shoppers/anybody/recommendations")
