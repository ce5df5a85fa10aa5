"""A share of each list goes to products few have met, each put in front of some shoppers.

Which ones depends on the shopper, the day and the product: a page turned or fetched again shows the same.
"""

from __future__ import annotations

import math
from datetime import datetime
from hashlib import blake2b

import numpy as np

from recommendations.conf import Conf
from recommendations.serving.history import ShopperHistory
from recommendations.serving.newcomers import Newcomers, content_scores
from recommendations.serving.shelf import Place

DAY = 86_400
# Drawn for each place there is: some are sold out, hidden by a rule or outside the filters.
SPARE = 3


def picks(
    history: ShopperHistory, newcomers: Newcomers | None, settings: Conf, *, shopper_id: int, now: datetime
) -> list[int]:
    """Products to try on this shopper today, the first first; [] where exploring is off.

    Of the little-seen ones that suit the history by their texts, drawn without replacement with odds of
    content score x 2^(-age / half-life). Efraimidis, Spirakis, "Weighted random sampling with a reservoir",
    Information Processing Letters 97(5), 2006.
    """
    most = SPARE * len(slots(settings, settings.list_length, shopper_id=shopper_id, now=now))
    if newcomers is None or not most:
        return []
    ids = [pk for pk in newcomers.little_seen if pk not in history.settled]
    suits = content_scores(history, newcomers, np.array(ids, np.int64)).tolist()
    half_life = settings.exploration_half_life.total_seconds()
    drawn: list[tuple[float, int]] = []
    for pk, score in zip(ids, suits, strict=True):
        age = max(0.0, (now - newcomers.little_seen[pk]).total_seconds())
        odds = score * 0.5 ** (age / half_life) if score > 0 else 0.0
        if odds > 0:
            drawn.append((math.log(chance(shopper_id, now, pk)) / odds, pk))
    return [pk for _, pk in sorted(drawn, key=lambda pair: (-pair[0], pair[1]))[:most]]


def placed(
    shown: list[Place],
    tried: list[int],
    scores: dict[int, float],
    settings: Conf,
    *,
    shopper_id: int,
    now: datetime,
) -> tuple[list[Place], frozenset[int]]:
    """(the list with explored products in their places, which those are).

    shown: what may be shown after filters and rules, the tried products among it wherever their own score
    put them. One that got further up by itself stays there and is not explored. `scores` are those of the
    list without exploring: what was only put in to be tried and found no place goes out again.
    """
    there = {place.product_id: place for place in shown}
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
    found = (
        start + half + int(chance(shopper_id, now, -1 - start) * (block - half))
        for start in range(0, length, block)
    )
    return [slot for slot in found if slot < length]


def chance(shopper_id: int, now: datetime, number: int) -> float:
    """Above 0 and below 1: always the same for a shopper, a day (UTC) and a number."""
    day = int(now.timestamp()) // DAY
    digest = blake2b(f"{shopper_id}:{day}:{number}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) + 0.5) / 2**64
