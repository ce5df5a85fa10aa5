"""What a list depends on, in one round trip: the state of the shop, and of the shopper's own feedback."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from catalog.changes.reading import Stamp
from catalog.quick import rows_of
from feedback.histories import history_beside_shopper
from feedback.models import Shopper

QUERY = """SELECT t.epoch, t.version, s.id, s.consent, s.feedback_version
    FROM (SELECT 1 AS one) o LEFT JOIN catalog_shopstate t ON t.id = 1
    LEFT JOIN feedback_shopper s ON s.external_id = %s"""


class ShopperState(NamedTuple):
    """Of a shopper what a list depends on; reads like a `Shopper`, at a tenth of the time."""

    pk: int
    consent: bool
    feedback_version: int


Whose = Shopper | ShopperState


class Seen(NamedTuple):
    """The shop's state, and that of a shopper, if there is one. history: the text of
    one with consent, where it was asked for and came along."""

    stamp: Stamp
    shopper: ShopperState | None
    history: str | None = None


def look_up(external_id: str, *, newest: int = 0) -> Seen:
    """One query. newest: how many of the newest events, for a list that is likely to be computed; 0 for no
    history."""
    beside = _with_history() if newest else None
    if beside is None:
        ((epoch, version, pk, consent, feedback_version),) = rows_of(QUERY, [external_id])
        told = None
    else:
        ((epoch, version, pk, consent, feedback_version, told),) = rows_of(beside, [external_id, newest - 1])
    stamp = Stamp(epoch or "", version or 0)
    if pk is None:
        return Seen(stamp, None)
    shopper = ShopperState(pk, bool(consent), feedback_version)
    return Seen(stamp, shopper, (told or "") if beside is not None and shopper.consent else None)


@lru_cache(maxsize=1)
def _with_history() -> str | None:
    """The same query with the history, where one query can bring both."""
    history = history_beside_shopper()
    if history is None:
        return None
    return QUERY.replace("s.feedback_version", "s.feedback_version, h.*") + (
        f" LEFT JOIN LATERAL ({history}) h ON s.consent"
    )
