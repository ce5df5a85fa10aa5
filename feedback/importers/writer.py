"""Writing batches: ids to rows, bulk upserts, counts. Runs inside the caller's one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from django.db import connection, reset_queries
from django.db.models import F

from feedback.importers.batches import Batch, Tally
from feedback.importers.catalogue import Catalogue, Defaults, parts
from feedback.importers.upsert import Upsert
from feedback.importers.values import digest
from feedback.models import Event, Rating, Shopper
from feedback.services import recount_ratings

# Of two ratings the later one counts, of two at the same moment the higher one: a rule that does not depend
# on the order of the rows, so neither chunks nor a second run can change the outcome.
_RATINGS = Upsert(
    Rating,
    columns=("shopper_id", "product_id", "value", "rated_at"),
    unique=("shopper_id", "product_id"),
    updates=("value", "rated_at"),
    newer="EXCLUDED.rated_at > {table}.rated_at"
    " OR (EXCLUDED.rated_at = {table}.rated_at AND EXCLUDED.value > {table}.value)",
)
_EVENTS = Upsert(
    Event,
    columns=(
        "shopper_id", "product_id", "kind", "occurred_at", "quantity", "order_ref", "idempotency_key",
    ),
    unique=("idempotency_key",),
)  # fmt: skip
_ORDER_REF_LENGTH = 64


class Writer:
    """Writes one import. `source` is the format's name; it begins the idempotency keys of its events."""

    def __init__(self, *, source: str, defaults: Defaults) -> None:
        self.tally = Tally()
        self._source = source
        self._now = defaults.now
        self._catalogue = Catalogue(defaults, self.tally)
        self._shoppers: dict[str, int] = {}
        self._touched_shoppers: set[int] = set()
        self._touched_products: set[int] = set()

    def write(self, batch: Batch) -> None:
        """Write one batch."""
        reset_queries()  # with DEBUG on, Django would keep every statement of the import in memory
        self.tally.merged += batch.merged
        self._catalogue.describe(batch.products)
        if batch.ratings is not None and len(batch.ratings):
            self._write_ratings(self._resolved(batch.ratings))
        if batch.events is not None and len(batch.events):
            self._write_events(self._resolved(batch.events))

    def finish(self) -> None:
        """Bring what is counted from the feedback back in step with it."""
        recount_ratings(sorted(self._touched_products))
        for part in parts(sorted(self._touched_shoppers)):
            Shopper.objects.filter(pk__in=part).update(feedback_version=F("feedback_version") + 1)

    def _resolved(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with `shopper_id` and `product_id`, all of which exist."""
        self._catalogue.ensure(frame["product"].unique())
        self._ensure_shoppers(frame["shopper"].unique())
        return frame.assign(
            shopper_id=frame["shopper"].map(self._shoppers),
            product_id=frame["product"].map(self._catalogue.ids),
        )

    def _ensure_shoppers(self, external_ids: Iterable[str]) -> None:
        for part in parts([text for text in external_ids if text not in self._shoppers]):
            rows = Shopper.objects.filter(external_id__in=part).values_list("external_id", "pk")
            known = dict(rows)
            missing = [text for text in part if text not in known]
            if missing:
                new = [Shopper(external_id=text, created_at=self._now) for text in missing]
                Shopper.objects.bulk_create(new, ignore_conflicts=True)
                known = dict(rows.all())
            self.tally.shoppers_new += len(missing)
            self._shoppers.update(known)

    def _write_ratings(self, frame: pd.DataFrame) -> None:
        newest = frame.sort_values(["time", "rating"], kind="stable").drop_duplicates(
            ["shopper_id", "product_id"], keep="last"
        )
        rows = list(
            zip(
                newest["shopper_id"].tolist(), newest["product_id"].tolist(),
                newest["rating"].tolist(), _moments(newest["time"]), strict=True,
            )
        )  # fmt: skip
        written = 0
        for part, new in _RATINGS.insert(rows):
            changed = 0
            if new < len(part):
                changed = sum(count for _, count in _RATINGS.update(part))
            self.tally.ratings_new += new
            self.tally.ratings_changed += changed
            written += new + changed
            if new + changed:
                self._touch(part)
                self._touched_products.update(row[1] for row in part)
        self.tally.known += len(frame) - written

    def _write_events(self, frame: pd.DataFrame) -> None:
        orders = [_order_ref(text) for text in frame["order"].tolist()]
        when = frame["time"].astype("int64").tolist()
        people, items, kinds = (frame[name].tolist() for name in ("shopper", "product", "kind"))
        keys = [
            f"{self._source}:{digest(who, what, kind, str(at), order)}"
            for who, what, kind, at, order in zip(people, items, kinds, when, orders, strict=True)
        ]
        columns: list[Sequence[Any]] = [
            frame["shopper_id"].tolist(), frame["product_id"].tolist(), kinds, _moments(frame["time"]),
            frame["quantity"].tolist(), orders, keys,
        ]  # fmt: skip
        written = 0
        # In the order of the keys, the unique index is written page by page instead of here and there.
        rows = sorted(zip(*columns, strict=True), key=lambda row: str(row[-1]))
        for part, new in _EVENTS.insert(rows):
            written += new
            if new:
                self._touch(part)
        self.tally.events_new += written
        self.tally.known += len(frame) - written

    def _touch(self, rows: Sequence[Sequence[Any]]) -> None:
        self._touched_shoppers.update(row[0] for row in rows)


def _moments(times: pd.Series[pd.Timestamp]) -> list[Any]:
    """Times as the database takes them."""
    prepare = connection.ops.adapt_datetimefield_value
    return [prepare(moment) for moment in pd.DatetimeIndex(times).to_pydatetime()]


def _order_ref(text: str) -> str:
    return text if len(text) <= _ORDER_REF_LENGTH else digest(text)
