"""Many shoppers' lists at once, for mailings: one query for all histories, one matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from feedback.models import Shopper
from recommendations.conf import conf
from recommendations.serving.candidates import candidates_for_many
from recommendations.serving.history import NOTHING, histories_of
from recommendations.serving.listed import listed_for
from recommendations.serving.results import Listed
from recommendations.serving.service import Asked, enough_for
from recommendations.serving.snapshot import Snapshot


def listed_for_many(
    shoppers: Sequence[Shopper | None], asked: Asked, *, now: datetime, snapshot: Snapshot
) -> list[Listed]:
    """`listed_for` of each shopper (None for nobody), in order; `asked` must not filter.

    Two queries for a thousand shoppers, once this process knows the products.
    """
    if snapshot.model is None:
        # The same for everybody: what is trending.
        return [listed_for(None, asked, now=now, snapshot=snapshot)] * len(shoppers)
    settings = conf()
    known = histories_of([each.pk for each in shoppers if each and each.consent], settings, now=now)
    histories = [known.get(each.pk, NOTHING) if each else NOTHING for each in shoppers]
    first = enough_for(asked, snapshot.rules_at(now), settings)
    found = candidates_for_many(histories, snapshot, settings, first=first)
    return [
        listed_for(shopper, asked, now=now, snapshot=snapshot, read=(history, candidates))
        for shopper, history, candidates in zip(shoppers, histories, found, strict=True)
    ]
