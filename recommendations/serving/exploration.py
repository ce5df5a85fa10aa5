"""A share of each list goes to products few have met, each put in front of some shoppers.

Which ones depends on the shopper, the day and the product: a page turned or fetched again shows the same.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import NamedTuple

import numpy as np

from recommendations.conf import Conf
from recommendations.engine.compiled_draws import chances_of, drawn_for, slots_of
from recommendations.engine.compiled_places import explored_of
from recommendations.engine.types import Floats
from recommendations.serving.history import ShopperHistory
from recommendations.serving.newcomers import Newcomers, suits_of
from recommendations.serving.shelf import NOTHING, Exploring, Ids
from recommendations.serving.snapshot import Mask

DAY = 86_400
# Drawn for each place there is: some are sold out, hidden by a rule or outside the filters.
SPARE = 3


class Explored(NamedTuple):
    """The first places of a list. ids, scores: (m,). explored: those that were put there to be tried. total:
    how long the whole list is."""

    ids: Ids
    scores: Floats
    explored: frozenset[int]
    total: int


def exploring(settings: Conf, *, shopper_id: int, now: datetime) -> Exploring:
    """How this shopper's lists are explored today."""
    return Exploring(shopper_id, _day(now), _block(settings) if settings.exploration_share > 0 else 0)


def picks(
    history: ShopperHistory, newcomers: Newcomers | None, settings: Conf, asked: Exploring, *, now: datetime
) -> Ids:
    """Products to try on this shopper today, the first first; none where exploring is off.

    Of the little-seen ones that suit the history by their texts, drawn without replacement with odds of
    content score x 2^(-age / half-life).
    """
    if newcomers is None or not asked.every or not len(newcomers.little_seen):
        return NOTHING
    most = SPARE * math.ceil(settings.exploration_share * settings.list_length)
    few = newcomers.reachable
    found: Ids = drawn_for(
        asked.shopper_id, asked.day, few.ids, suits_of(few, history, newcomers), few.arrived,
        history.settled_ids, now.timestamp(), settings.exploration_half_life.total_seconds(), most,
    )  # fmt: skip
    return found


def placed(
    ids: Ids,
    scores: Floats,
    tried: Ids,
    own: Mask,
    asked: Exploring,
    *,
    most: int,
) -> Explored:
    """The beginning of a list, at least `most` places or all there are, with explored products in it.

    ids, scores: (n,) what may be shown after filters and rules, the tried products among it wherever their
    own score put them. One that got further up by itself stays there and is not explored. tried: (t,) ids,
    the first first. own: (t,) whether it is in the list without exploring: what was only put in to be tried
    and found no place goes out again.
    """
    # As many as have to make room for what comes after them.
    most += len(tried)
    room = most + len(tried)
    found, worth, explored = np.empty(room, np.int64), np.empty(room, np.float32), np.empty(room, np.bool_)
    count, total = explored_of(ids, scores, tried, own, most, *asked, found, worth, explored)
    there = found[:count]
    return Explored(there, worth[:count], frozenset(there[explored[:count]].tolist()), total)


def slots(settings: Conf, length: int, *, shopper_id: int, now: datetime) -> list[int]:
    """Places (from 0) of a list of that length: one in the lower half of every 1 / share of them."""
    if settings.exploration_share <= 0:
        return []
    found: list[int] = slots_of(shopper_id, _day(now), length, _block(settings)).tolist()
    return found


def _block(settings: Conf) -> int:
    """One place in so many is given."""
    return round(1 / settings.exploration_share)


def chance(shopper_id: int, now: datetime, number: int) -> float:
    """Above 0 and below 1: always the same for a shopper, a day (UTC) and a number."""
    return float(chances_of(shopper_id, _day(now), np.array([number]))[0])


def _day(now: datetime) -> int:
    return int(now.timestamp()) // DAY
