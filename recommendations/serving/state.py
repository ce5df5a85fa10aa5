"""What a list depends on, in one round trip: the state of the shop, and of the shopper's own feedback."""

from __future__ import annotations

from catalog.changes.reading import Stamp
from catalog.quick import rows_of
from feedback.models import Shopper

QUERY = """SELECT t.epoch, t.version, s.id, s.account_id, s.is_anonymous, s.consent, s.feedback_version
    FROM (SELECT 1 AS one) o LEFT JOIN catalog_shopstate t ON t.id = 1
    LEFT JOIN feedback_shopper s ON s.external_id = %s"""


def look_up(external_id: str) -> tuple[Stamp, Shopper | None]:
    """(the shop's state, the shopper of that id or None). One query."""
    ((epoch, version, pk, account, is_anonymous, consent, feedback_version),) = rows_of(QUERY, [external_id])
    stamp = Stamp(epoch or "", version or 0)
    if pk is None:
        return stamp, None
    shopper = Shopper(
        id=pk, external_id=external_id, account_id=account, is_anonymous=bool(is_anonymous),
        consent=bool(consent), feedback_version=feedback_version,
    )  # fmt: skip
    shopper._state.adding = False
    return stamp, shopper
