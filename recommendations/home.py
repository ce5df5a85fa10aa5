"""The rails of the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from feedback.models import Shopper
from recommendations.serving.rails import personal_trending_newest
from recommendations.serving.results import Item, Strategy

RAIL_LENGTH = 12
HOT = {
    Strategy.TRENDING: ("Trending now", "What shoppers turned to lately"),
    Strategy.POPULAR: ("Top rated", "What shoppers here gave the most stars"),
    Strategy.NEWEST: ("", ""),  # an empty rail: the newest have their own
}


@dataclass(frozen=True)
class Rail:
    """A titled row of products. `key` names it in the page."""

    key: str
    title: str
    words: str
    items: tuple[Item, ...]


def home_rails(shopper: Shopper | None, *, now: datetime) -> list[Rail]:
    """For you (once there is something to go on), trending or top rated, new; none of them empty."""
    mine, hot, newest = personal_trending_newest(shopper, now=now, length=RAIL_LENGTH)
    title, words = HOT[hot.strategy]
    rails = [
        Rail("for-you", "For you", "It changes with every star you give", mine.items),
        Rail("trending", title, words, hot.items),
        Rail("new", "New in the shop", "Fresh on the shelves", newest.items),
    ]
    return [rail for rail in rails if rail.items]
