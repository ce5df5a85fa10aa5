"""The shop as this process knows it: catalogue, rules and live model, read anew when the database says so."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from django.db import DatabaseError, connections
from numpy.typing import NDArray

from catalog.cards import Cards
from catalog.changes.reading import Stamp, stamp
from catalog.columns import NONE, Catalogue, followed
from recommendations.merchandising import Rules
from recommendations.models import MerchandisingRule
from recommendations.serving import index
from recommendations.serving.index import LiveModel
from recommendations.serving.looks import Looks

logger = logging.getLogger(__name__)
Mask = NDArray[np.bool_]
NO_RULES = Rules(())


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One state of the shop; immutable, so a request that began with it ends with it.

    loads: how many models this process had loaded, see `index.loads`. rules: the active ones, in order,
    whatever the time they are for.
    """

    stamp: Stamp
    loads: int
    catalogue: Catalogue
    cards: Cards
    looks: Looks
    rules: tuple[MerchandisingRule, ...]
    model: LiveModel | None

    def rules_at(self, now: datetime) -> Rules:
        """The rules in force at a moment. No query."""
        if not self.rules:
            return NO_RULES
        return Rules(tuple(rule for rule in self.rules if rule.holds_at(now)))

    @cached_property
    def of_model(self) -> NDArray[np.int64]:
        """(the model's products,) their positions in the catalogue, NONE for what was deleted."""
        assert self.model is not None, "there are no products of no model"
        return self.catalogue.positions(self.model.bundle.products.ids)

    @cached_property
    def recommendable(self) -> Mask:
        """(the model's products,) which may be recommended; not to be written to."""
        found = self.among_models(self.catalogue.recommendable)
        found.flags.writeable = False
        return found

    @cached_property
    def recommendable_count(self) -> int:
        """How many of the model's products may be recommended."""
        return int(np.count_nonzero(self.recommendable))

    def among_models(self, mask: Mask) -> Mask:
        """A mask over the catalogue as one over the model's products."""
        if not len(mask):
            return np.zeros(len(self.of_model), bool)
        chosen: Mask = mask[self.of_model] & (self.of_model != NONE)
        return chosen


_lock = threading.Lock()
_latest: Snapshot | None = None


def current(asked: Stamp | None = None) -> Snapshot:
    """The shop as of now, or at least as of `asked`, where that was read already: one query or none.

    What changed since this process last looked is read: changed products, all rules, which model is live. So
    is a model that could not be read, when that is to be tried again.
    """
    found, asked = _latest, asked or stamp()
    if (
        found is not None
        and found.stamp == asked
        and found.loads == index.loads()
        and not index.retry_is_due()
    ):
        return found
    return _refreshed()


def _refreshed() -> Snapshot:
    global _latest
    with _lock:
        # Read again: whoever had the lock may have seen more than was asked for.
        now, loads, old = stamp(), index.loads(), _latest
        if old is not None and old.stamp == now and old.loads == loads and not index.retry_is_due():
            return old
        # Versions only go up; where they do not, they count something else than they did.
        goes_on = old is not None and old.stamp.epoch == now.epoch and old.stamp.version <= now.version
        known = old if goes_on else None
        catalogue, changed = (
            followed(known.catalogue, since=known.stamp.version) if known else followed(None, since=0)
        )
        model = index.live_model()
        _latest = Snapshot(
            stamp=now,
            # A newer one may have been loaded in this very moment: then the next request sees another number.
            loads=model.load if model else loads,
            catalogue=catalogue,
            cards=known.cards.without(changed) if known else Cards(),
            looks=known.looks.after(catalogue, changed) if known else Looks(catalogue),
            rules=tuple(MerchandisingRule.objects.filter(is_active=True).order_by("name", "pk")),
            model=model,
        )
        return _latest


def warm_up() -> None:
    """Read everything before a request waits for it; a database that is not there yet can wait, too."""
    index.load_beside_requests()
    try:
        found = current()
        found.cards.read_ahead()
        found.looks.read_ahead(found.cards)
    except DatabaseError as error:
        logger.warning("nothing is read ahead: %s", error)
    finally:
        # Whoever starts processes from this one must not hand them its connections.
        connections.close_all()


def forget() -> None:
    """Know nothing, as a new process."""
    global _latest
    with _lock:
        _latest = None
