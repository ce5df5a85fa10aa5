"""The products of a listing, in the order asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from catalog.models import Product, ProductQuerySet
from catalog.search import index
from catalog.search.asking import FOR_YOU, NEWEST, PRICE_DOWN, PRICE_UP, RELEVANCE, TOP_RATED, Asked
from catalog.search.filters import narrowed
from catalog.search.finding import Found, find
from catalog.search.personal import PersonalOrder

ORDERS = {PRICE_UP: ("price", "pk"), PRICE_DOWN: ("-price", "pk"), NEWEST: ("-created_at", "-pk")}


class RankedProducts(Sequence[Product]):
    """Products in the order of their ids; only the ones looked at are read."""

    def __init__(self, ids: list[int]) -> None:
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, key: int) -> Product: ...
    @overload
    def __getitem__(self, key: slice) -> list[Product]: ...
    def __getitem__(self, key: int | slice) -> Product | list[Product]:
        if isinstance(key, int):
            return self[key : key + 1][0]
        wanted = self._ids[key]
        products = Product.objects.public().for_cards().in_bulk(wanted)
        # One that was hidden a moment ago is simply not there any more.
        return [products[pk] for pk in wanted if pk in products]

    def __iter__(self) -> Iterator[Product]:
        return iter(self[:])


@dataclass(frozen=True)
class Selection:
    """base: the visible products the words find, before any filter. found: None without words to look for."""

    base: ProductQuerySet
    found: Found | None

    @property
    def order(self) -> list[int]:
        return self.found.ids if self.found else []


def select(words: str) -> Selection:
    """The products a search is about; all visible ones for no words."""
    products, found = Product.objects.public(), find(words)
    return Selection(products.filter(pk__in=index.id_list(found.ids)) if found else products, found)


def listed(
    selection: Selection, asked: Asked, personal: PersonalOrder | None = None
) -> ProductQuerySet | RankedProducts:
    """What passes the filters, sorted; ready for cards and for a paginator."""
    products = narrowed(selection.base, asked.filters)
    if asked.order == FOR_YOU and personal is not None:
        return RankedProducts(_personal(products, selection, personal))
    if asked.order in (RELEVANCE, FOR_YOU) and selection.found:
        if not asked.filters:
            return RankedProducts(selection.order)
        return RankedProducts(_in_order(selection.order, products.order_by().values_list("pk", flat=True)))
    if asked.order == TOP_RATED:
        return products.for_cards().by_rating()
    return products.for_cards().order_by(*ORDERS.get(asked.order, ORDERS[NEWEST]))


def _personal(products: ProductQuerySet, selection: Selection, personal: PersonalOrder) -> list[int]:
    """What the model has an opinion on first; the others as they would be without it."""
    ids = list(products.order_by(*ORDERS[NEWEST]).values_list("pk", flat=True))
    rest = _in_order(selection.order, ids) if selection.found else ids
    there = set(ids)
    return list(dict.fromkeys([pk for pk in personal(ids) if pk in there] + rest))


def _in_order(order: Iterable[int], kept: Iterable[int]) -> list[int]:
    there = set(kept)
    return [pk for pk in order if pk in there]
