""" "For you" as an order of the shop's own listing: the live model's, of the products being listed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.dispatch import receiver
from django.http import HttpRequest

from catalog.columns import NONE
from catalog.search.personal import PersonalOrder, personal_order_wanted
from feedback.acting import acting_shopper
from recommendations.conf import conf
from recommendations.serving.candidates import candidates_for
from recommendations.serving.history import history_of
from recommendations.serving.results import Strategy
from recommendations.serving.snapshot import current


@receiver(personal_order_wanted, dispatch_uid="order_listing_for_shopper")
def order_for(*, request: HttpRequest, now: datetime, **_: object) -> PersonalOrder | None:
    """The order of the shopper whose page this is; None without consent, feedback, or a model."""
    shopper = acting_shopper(request)
    if shopper is None or not shopper.consent or not shopper.feedback_version:
        return None
    snapshot = current()
    if snapshot.model is None or not snapshot.model.has_taste:
        return None
    settings = conf()

    def order(product_ids: Sequence[int]) -> list[int]:
        history = history_of(shopper.pk, settings, now=now)
        allowed = np.zeros(len(snapshot.catalogue), bool)
        at = snapshot.catalogue.positions(np.array(product_ids, np.int64))
        allowed[at[at != NONE]] = True
        found = candidates_for(history, snapshot, settings, allowed=allowed, with_newcomers=False)
        # A history of products the model does not know yet says nothing about taste.
        return found.products.tolist() if found.strategy == Strategy.PERSONAL else []

    return order
