"""The rails of the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from feedback.models import Shopper
from recommendations.serving import service
from recommendations.serving.results import Item, Recommendations, Strategy

RAIL_LENGTH = 12


@dataclass(frozen=True)
class Rail:
    """A titled row of products. `key` names it in the page."""

    key: str
    title: str
    words: str
    items: tuple[Item, ...]


def home_rails(shopper: Shopper | None, *, now: datetime) -> list[Rail]:
    """For you (once there is something to go on), trending and new; no product twice, no rail empty."""
    rails: list[Rail] = []
    if shopper is not None:
        mine = service.recommend_for(shopper, now=now, limit=RAIL_LENGTH)
        if mine.strategy == Strategy.PERSONAL:
            rails.append(Rail("for-you", "For you", "It changes with every star you give", mine.items))
    # Asking for as many more as are shown already leaves each rail full after the repeats are taken out.
    trending = service.trending(now=now, limit=RAIL_LENGTH * 2)
    if trending.strategy == Strategy.TRENDING:
        words = "What shoppers turned to lately"
        rails.append(Rail("trending", "Trending now", words, _not_shown(trending, rails)))
    newest = service.newest(now=now, limit=RAIL_LENGTH * 3)
    rails.append(Rail("new", "New in the shop", "Fresh on the shelves", _not_shown(newest, rails)))
    return [rail for rail in rails if rail.items]


def _not_shown(found: Recommendations, rails: list[Rail]) -> tuple[Item, ...]:
    shown = {item.product.pk for rail in rails for item in rail.items}
    return tuple(item for item in found.items if item.product.pk not in shown)[:RAIL_LENGTH]
