"""The rails of the home page: their titles, their products, and why each product is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog.models import Product
from feedback.models import Shopper
from recommendations.conf import conf
from recommendations.serving import reasons
from recommendations.serving.home_rows import (
    BECAUSE,
    CONTINUE,
    DEPARTMENT,
    FOR_YOU,
    KEYS,
    NEW,
    TRENDING,
    Row,
    later_rows,
    mine,
    products_behind,
    row_of,
)
from recommendations.serving.results import Item, Reason, Strategy
from recommendations.serving.service import Ranked, items_of, ranked_for

Products = dict[int, Product]
ALIKE = {
    Strategy.SIMILAR: "Liked by the same shoppers",
    Strategy.DESCRIBED_ALIKE: "Described alike",
    Strategy.SAME_CATEGORY: "From the same department",
}


@dataclass(frozen=True)
class Rail:
    """A titled row of products. `key` names it in the page and in its address.

    more: the name of the page that shows more of it, "" for none, and the words of the link. can_dismiss:
    whether it is the shopper's own list.
    """

    key: str
    title: str
    words: str
    items: tuple[Item, ...]
    more: str = ""
    more_words: str = ""
    can_dismiss: bool = False


@dataclass(frozen=True)
class Home:
    """The rails that come with the page, and the keys of those that it asks for once it is shown."""

    rails: tuple[Rail, ...]
    later: tuple[str, ...] = ()

    @property
    def is_personal(self) -> bool:
        return any(rail.key == FOR_YOU for rail in self.rails)


def home_page(shopper: Shopper | None, *, now: datetime) -> Home:
    """The first rail at once; the others, which are worked out but not read, by addresses of their own."""
    ranked = _ranked(shopper, now=now)
    behind = products_behind(ranked)
    rows = later_rows(shopper, now=now, ranked=ranked, behind=behind)
    if own := _own(ranked, behind):
        return Home(tuple(own), tuple(row.key for row in rows))
    return Home(tuple(_rails(rows[:1], _products(rows[:1]))), tuple(row.key for row in rows[1:]))


def whole_home(shopper: Shopper | None, *, now: datetime) -> Home:
    """Every rail at once: for those without JavaScript, and after feedback."""
    ranked = _ranked(shopper, now=now)
    behind = products_behind(ranked)
    rows = later_rows(shopper, now=now, ranked=ranked, behind=behind)
    return Home((*_own(ranked, behind), *_rails(rows, _products(rows))))


def rail(key: str, shopper: Shopper | None, *, now: datetime) -> Rail | None:
    """One rail, without what the rails before it show; None when it would be empty."""
    if key == FOR_YOU:
        return next(iter(_own(_ranked(shopper, now=now))), None)
    row = row_of(key, shopper, now=now)
    return next(iter(_rails([row], _products([row]))), None) if row else None


def _ranked(shopper: Shopper | None, *, now: datetime) -> Ranked | None:
    """The shopper's own list, for those who have switched personal lists on."""
    return ranked_for(shopper, now=now) if shopper and shopper.consent else None


def _own(ranked: Ranked | None, products: Products | None = None) -> list[Rail]:
    """For you, or nothing. products: what was read already for the list and for its reasons."""
    places = mine(ranked)
    if ranked is None or not places:
        return []
    if products is not None:
        # One that was deleted in this very moment is not there any more.
        places = [place for place in places if place.product_id in products]
    ids, scores = [place.product_id for place in places], [place.score for place in places]
    items = items_of(ids, scores, ranked, products)
    words = "It changes with every star you give"
    return [Rail(FOR_YOU, "For you", words, items, "recommendations", "Your whole list", can_dismiss=True)]


def _products(rows: list[Row]) -> Products:
    """What the rows show, in one query; what was sold out since they were made is not among it."""
    wanted = {pk for row in rows for pk in row.ids}
    return Product.objects.recommendable().for_cards().in_bulk(wanted) if wanted else {}


def _rails(rows: list[Row], products: Products) -> list[Rail]:
    rails = [_rail(row, products) for row in rows]
    return [rail for rail in rails if rail.items]


def _rail(row: Row, products: Products) -> Rail:
    items = tuple(
        Item(products[pk], score, _reason(row, place, products[pk]))
        for place, (pk, score) in enumerate(zip(row.ids, row.scores, strict=True))
        if pk in products
    )
    title, words = _heading(row, items)
    more = ("catalog:products", "All products") if row.key == NEW else ("", "")
    return Rail(row.key, title, words, items, *more, can_dismiss=row.key == BECAUSE)


def _reason(row: Row, place: int, product: Product) -> Reason:
    if row.key == BECAUSE:
        like = "Described like" if row.strategy == Strategy.DESCRIBED_ALIKE else f"{ALIKE[row.strategy]} as"
        return Reason(f"{like} {row.about}")
    if row.words and row.words[place]:
        return Reason(row.words[place])
    if row.strategy == Strategy.POPULAR and not row.said:
        return reasons.by_stars(product)
    number = row.numbers[place] if row.numbers else 0
    return reasons.everybodys(product, row.strategy, conf(), place=number or None)


def _heading(row: Row, items: tuple[Item, ...]) -> tuple[str, str]:
    if row.key == BECAUSE:
        return row.said, ALIKE[row.strategy]
    if row.key == CONTINUE:
        return "Continue where you left", "Opened, and neither bought nor settled yet"
    if row.key == DEPARTMENT:
        category = items[0].product.category if items else None
        name = category.department.name if category else ""
        return f"Top rated in {name}", "The department your stars lean to"
    if row.key == NEW:
        return "New in the shop", "Fresh on the shelves"
    if row.key == TRENDING and row.strategy == Strategy.TRENDING:
        return "Trending now", "What shoppers turned to lately"
    if row.said:
        return row.said, "What our shoppers like most"
    return "Top rated", "What shoppers here gave the most stars"


def is_rail(key: str) -> bool:
    """Whether there is a rail of that name at all."""
    return key in KEYS
