"""A share of each list goes to products few have met, each put in front of some shoppers.

Which ones depends on the shopper, the day and the product: a page turned or fetched again shows the same.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import datetime

import numpy as np

from recommendations.conf import Conf
from recommendations.engine.compiled_draws import chances_of, drawn_of, slots_of
from recommendations.serving.history import ShopperHistory
from recommendations.serving.newcomers import Newcomers, suits_of
from recommendations.serving.shelf import Place

DAY = 86_400
# Drawn for each place there is: some are sold out, hidden by a rule or outside the filters.
SPARE = 3


def picks(
    history: ShopperHistory, newcomers: Newcomers | None, settings: Conf, *, shopper_id: int, now: datetime
) -> list[int]:
    """Products to try on this shopper today, the first first; [] where exploring is off.

    Of the little-seen ones that suit the history by their texts, drawn without replacement with odds of
    content score x 2^(-age / half-life).
    """
    most = SPARE * math.ceil(settings.exploration_share * settings.list_length)
    if newcomers is None or not most or not len(newcomers.little_seen):
        return []
    few = newcomers.reachable
    drawn = drawn_of(
        few.ids, suits_of(few, history, newcomers), few.arrived,
        chances_of(shopper_id, _day(now), few.ids), history.settled_ids,
        now.timestamp(), settings.exploration_half_life.total_seconds(), most,
    )  # fmt: skip
    found: list[int] = drawn.tolist()
    return found


def placed(
    shown: list[Place],
    beyond: list[Place],
    tried: list[int],
    scores: Collection[int],
    settings: Conf,
    *,
    shopper_id: int,
    now: datetime,
) -> tuple[list[Place], frozenset[int]]:
    """(the list with explored products in their places, which those are).

    shown: what may be shown after filters and rules, the tried products among it wherever their own score
    put them; it may be the beginning of a longer list, then `beyond` has those of the tried that come later.
    One that got further up by itself stays there and is not explored. scores: ids of the list without
    exploring: what was only put in to be tried and found no place goes out again.
    """
    there = {place.product_id: place for place in (*shown, *beyond)}
    waiting = [pk for pk in tried if pk in there]
    put_in = set(tried).difference(scores)
    result = [place for place in shown if place.product_id not in put_in]
    explored: set[int] = set()
    for slot in slots(settings, len(result), shopper_id=shopper_id, now=now):
        ahead = {place.product_id for place in result[: slot + 1]}
        pick = next((pk for pk in waiting if pk not in ahead and pk not in explored), None)
        if pick is None:
            break
        if there[pick] in result:
            result.remove(there[pick])
        result.insert(slot, there[pick])
        explored.add(pick)
    return result, frozenset(explored)


def slots(settings: Conf, length: int, *, shopper_id: int, now: datetime) -> list[int]:
    """Places (from 0) of a list of that length: one in the lower half of every 1 / share of them."""
    if settings.exploration_share <= 0:
        return []
    block = round(1 / settings.exploration_share)
    found: list[int] = slots_of(shopper_id, _day(now), length, block).tolist()
    return found


def chance(shopper_id: int, now: datetime, number: int) -> float:
    """Above 0 and below 1: always the same for a shopper, a day (UTC) and a number."""
    return float(chances_of(shopper_id, _day(now), np.array([number]))[0])


def _day(now: datetime) -> int:
    return int(now.timestamp()) // DAY
