"""A share of each list goes to products few have met, each put in front of some shoppers.

Which ones depends on the shopper, the day and the product: a page turned or fetched again shows the same.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from recommendations.conf import Conf
from recommendations.serving.history import ShopperHistory
from recommendations.serving.newcomers import Newcomers, suits_of_little_seen
from recommendations.serving.shelf import Place

DAY = 86_400
# Drawn for each place there is: some are sold out, hidden by a rule or outside the filters.
SPARE = 3
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def picks(
    history: ShopperHistory, newcomers: Newcomers | None, settings: Conf, *, shopper_id: int, now: datetime
) -> list[int]:
    """Products to try on this shopper today, the first first; [] where exploring is off.

    Of the little-seen ones that suit the history by their texts, drawn without replacement with odds of
    content score x 2^(-age / half-life). Efraimidis, Spirakis, "Weighted random sampling with a reservoir",
    Information Processing Letters 97(5), 2006.
    """
    most = SPARE * math.ceil(settings.exploration_share * settings.list_length)
    if newcomers is None or not most or not len(newcomers.little_seen):
        return []
    ids = newcomers.little_seen
    suits = suits_of_little_seen(history, newcomers)
    age = np.maximum(0.0, now.timestamp() - newcomers.arrived)
    odds = suits * np.exp2(-age / settings.exploration_half_life.total_seconds())
    may = np.flatnonzero(odds > 0)
    free = np.array([pk not in history.settled for pk in ids[may].tolist()], bool)
    may = may[free]
    drawn = np.log(chances(shopper_id, now, ids[may])) / odds[may]
    best = np.lexsort((ids[may], -drawn))[:most]
    found: list[int] = ids[may[best]].tolist()
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
    result = [place for place in shown if place.product_id in scores or place.product_id not in set(tried)]
    explored: set[int] = set()
    for slot in slots(settings, len(result), shopper_id=shopper_id, now=now):
        ahead = {place.product_id for place in result[: slot + 1]}
        pick = next((pk for pk in waiting if pk not in ahead and pk not in explored), None)
        if pick is None:
            break
        result = [place for place in result if place.product_id != pick]
        result.insert(slot, there[pick])
        explored.add(pick)
    return result, frozenset(explored)


def slots(settings: Conf, length: int, *, shopper_id: int, now: datetime) -> list[int]:
    """Places (from 0) of a list of that length: one in the lower half of every 1 / share of them."""
    if settings.exploration_share <= 0:
        return []
    block = round(1 / settings.exploration_share)
    half = block // 2
    starts = np.arange(0, length, block)
    drawn = chances(shopper_id, now, -1 - starts) * (block - half)
    found: list[int] = (starts + half + drawn.astype(np.int64)).tolist()
    return [slot for slot in found if slot < length]


def chance(shopper_id: int, now: datetime, number: int) -> float:
    """Above 0 and below 1: always the same for a shopper, a day (UTC) and a number."""
    return float(chances(shopper_id, now, np.array([number]))[0])


def chances(shopper_id: int, now: datetime, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """`chance` of each number: SplitMix64 with shopper and day mixed into its seed.

    Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    day = int(now.timestamp()) // DAY
    with np.errstate(over="ignore"):
        seed = _mixed(_mixed(np.array([shopper_id]).astype(np.uint64)) + np.uint64(day))
        bits = _mixed(seed + numbers.astype(np.uint64) * GOLDEN)
    drawn: NDArray[np.float64] = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    return drawn


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    bits = state + GOLDEN
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
