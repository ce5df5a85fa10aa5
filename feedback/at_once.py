"""A rating by ids alone, in one statement where the database can: for programs that rate all the time.

What it writes is what `services.rate` writes, and everything else is left to that: see
docs/adr/0019-a-rating-in-one-statement.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from catalog.changes.reading import Stamp, stamp
from catalog.models import Product
from catalog.quick import rows_of
from feedback.models import MAX_RATING, MIN_RATING, Shopper
from feedback.services import Outcome, rate_unless_same, tell_on_commit

# Nothing is locked before the shopper's row, and that only while it is as it was seen: whoever waited for
# another writer of the same shopper finds another version, and nothing is written. So what was seen of the
# shopper holds for all that is written. The rating comes before the product, as wherever both are locked.
STATEMENT = """WITH seen AS (
    SELECT coalesce(t.epoch, '') AS epoch, coalesce(t.version, 0) AS version,
        s.id AS shopper_id, s.feedback_version, p.id AS product_id, p.title, r.value,
        CAST(round(date_part('epoch', r.rated_at) * 1000000) AS bigint) AS rated_at
    FROM (SELECT 1 AS one) o LEFT JOIN catalog_shopstate t ON t.id = 1
    LEFT JOIN feedback_shopper s ON s.external_id = {shopper}
    LEFT JOIN catalog_product p ON p.sku = {sku}
    LEFT JOIN feedback_rating r ON r.shopper_id = s.id AND r.product_id = p.id
), touched AS (
    UPDATE feedback_shopper AS s SET feedback_version = s.feedback_version + 1 FROM seen
    WHERE s.id = seen.shopper_id AND s.feedback_version = seen.feedback_version
        AND seen.product_id IS NOT NULL AND seen.value IS DISTINCT FROM {value}
        AND seen.epoch = {epoch} AND seen.version = {version}
    RETURNING s.id, seen.product_id, seen.value
), rated AS (
    INSERT INTO feedback_rating (shopper_id, product_id, value, rated_at)
    SELECT id, product_id, {value}, {now} FROM touched
    ON CONFLICT (shopper_id, product_id) DO UPDATE SET value = excluded.value, rated_at = excluded.rated_at
    RETURNING product_id
), counted AS (
    UPDATE catalog_product AS p SET rating_count = p.rating_count + (touched.value IS NULL)::int,
        rating_total = p.rating_total + {value} - coalesce(touched.value, 0)
    FROM touched JOIN rated ON rated.product_id = touched.product_id WHERE p.id = touched.product_id
), logged AS (
    INSERT INTO feedback_ratingchange (shopper_id, product_id, value, changed_at)
    SELECT id, product_id, {value}, {now} FROM touched RETURNING id
)
SELECT epoch, version, shopper_id, title, value, rated_at, (SELECT id FROM logged) FROM seen"""
# The same value in several places is sent for each.
NAMES = re.findall(r"\{(\w+)\}", STATEMENT)
MARKED = STATEMENT.format(
    shopper="%s", sku="%s", epoch="%s", version="%s::bigint", value="%s::smallint", now="%s::timestamptz"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Given:
    """A rating as it is stored now."""

    title: str
    value: int
    rated_at: datetime
    outcome: Outcome


def rate_at_once(
    shopper_id: str, sku: str, *, value: int, now: datetime, seen: Stamp
) -> tuple[Stamp, Given | None]:
    """Give or change a rating, unless these very stars are stored already: then nothing changes.

    (the state of the shop, the rating). None, with nothing written, if the shop is in another state than
    `seen`, if nobody has the id, if there is no such product, or if somebody else changes the shopper's
    history at this very moment. Raises ValueError unless the value is 1 to 5, and Django's database errors.
    """
    if value not in range(MIN_RATING, MAX_RATING + 1):
        raise ValueError(f"{value} is no rating.")
    if connection.vendor != "postgresql":
        return _in_steps(shopper_id, sku, value=value, now=now, seen=seen)
    sent: dict[str, str | int] = {
        "shopper": shopper_id, "sku": sku, "value": value, "now": now.isoformat(), "epoch": seen.epoch,
        "version": seen.version,
    }  # fmt: skip
    (row,) = rows_of(MARKED, [sent[name] for name in NAMES], writes=True)
    epoch, version, pk, title, before, rated_at, change = row
    found = Stamp(epoch, version)
    if change is not None:
        tell_on_commit({pk}, rated=1, last_change=change)
        return found, Given(title, value, now, Outcome.CREATED if before is None else Outcome.UPDATED)
    if before != value or found != seen:
        return found, None
    return found, Given(title, value, EPOCH + timedelta(microseconds=rated_at), Outcome.ALREADY_STORED)


def _in_steps(
    shopper_id: str, sku: str, *, value: int, now: datetime, seen: Stamp
) -> tuple[Stamp, Given | None]:
    """The same for SQLite, which has no statement that writes to several tables, but one writer at a time."""
    with transaction.atomic():
        found = stamp()
        shopper = Shopper.objects.filter(external_id=shopper_id).first()
        product = Product.objects.filter(sku=sku).only("title").first()
        if found != seen or shopper is None or product is None:
            return found, None
        rating, outcome = rate_unless_same(shopper=shopper, product=product, value=value, now=now)
    return found, Given(product.title, rating.value, rating.rated_at, outcome)
