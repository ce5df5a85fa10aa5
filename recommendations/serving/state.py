"""What a list depends on, in one round trip: the state of the shop, and of the shopper's own feedback."""

from __future__ import annotations

from typing import NamedTuple

from catalog.changes.reading import Stamp
from catalog.quick import rows_of
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


def look_up(external_id: str) -> tuple[Stamp, ShopperState | None]:
    """(the shop's state, that of the shopper of that id, if there is one). One query."""
    ((epoch, version, pk, consent, feedback_version),) = rows_of(QUERY, [external_id])
    stamp = Stamp(epoch or "", version or 0)
    return stamp, None if pk is None else ShopperState(pk, bool(consent), feedback_version)
