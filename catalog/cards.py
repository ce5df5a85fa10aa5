"""What lists say of a product, as plain values kept in this process until the product changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse

from catalog.models import Product

# Two thousand bytes each at most; a shop's lists come from far fewer products than it has.
MOST = 50_000
PER_QUERY = 500
COLUMNS = (
    "pk", "sku", "title", "brand", "price", "stock", "image", "created_at", "category__slug",
    "category__name", "category__parent__name",
)  # fmt: skip


IMAGES = Product._meta.get_field("image").storage


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category by its slug, and the name of its department."""

    slug: str
    name: str

    @property
    def department(self) -> Shelf:
        return self


@dataclass(frozen=True, slots=True)
class Card:
    """A product as a list tells of it; reads like a Product in what it has."""

    pk: int
    sku: str
    title: str
    brand: str
    price: Decimal
    in_stock: bool
    picture_url: str
    created_at: datetime
    category: Shelf | None

    def get_absolute_url(self) -> str:
        return reverse("catalog:product", args=[self.sku])


class Cards:
    """Cards by product id; each is read once. A changed catalogue gets others, see `without`."""

    def __init__(self, known: Mapping[int, Card] | None = None) -> None:
        self._known = dict(known or {})

    def of(self, ids: Iterable[int]) -> dict[int, Card]:
        """id -> card, of the products there are. No query for those known, else one."""
        known = self._known
        found = {pk: known[pk] for pk in ids if pk in known}
        missing = [pk for pk in ids if pk not in found]
        if missing:
            read = _read(missing)
            if len(known) + len(read) > MOST:
                known.clear()
            known.update(read)
            found |= read
        return found

    def without(self, changed: Iterable[int] | None) -> Cards:
        """The same less what changed; none at all for None."""
        if changed is None:
            return Cards()
        gone = set(changed)
        return Cards({pk: card for pk, card in list(self._known.items()) if pk not in gone})


def _read(ids: list[int]) -> dict[int, Card]:
    found: dict[int, Card] = {}
    for start in range(0, len(ids), PER_QUERY):
        rows = Product.objects.filter(pk__in=ids[start : start + PER_QUERY]).order_by().values_list(*COLUMNS)
        found |= {row[0]: _card(*row) for row in rows}
    return found


def _card(
    pk: int, sku: str, title: str, brand: str, price: Decimal, stock: int, image: str, created_at: datetime,
    slug: str | None, name: str | None, parent: str | None,
) -> Card:  # fmt: skip
    picture = IMAGES.url(image) if image else reverse("catalog:picture", args=[sku])
    category = None if slug is None else Shelf(slug, parent or name or "")
    return Card(pk, sku, title, brand, price, stock > 0, picture, created_at, category)
