"""What lists say of a product, as plain values kept in this process until the product changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from django.db import connection
from django.urls import get_script_prefix, reverse

from catalog.models import Product
from catalog.quick import AMONG, MICROSECONDS, ids_among, rows_of

# Two thousand bytes each at most; a shop's lists come from far fewer products than it has.
MOST = 20_000
QUERY = """SELECT p.id, p.sku, p.title, p.brand, CAST(round(p.price * 100) AS bigint), p.stock > 0, p.image,
    {moment}, c.slug, coalesce(d.name, c.name, '')
    FROM catalog_product p LEFT JOIN catalog_category c ON c.id = p.category_id
    LEFT JOIN catalog_category d ON d.id = c.parent_id WHERE p.id {among}"""
# A SKU of letters, digits, dots, dashes and underscores stands in an address as it is.
MARK = "SKU-OF-A-PRODUCT"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

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
    image: str
    created_at: datetime
    category: Shelf | None

    @property
    def picture_url(self) -> str:
        return IMAGES.url(self.image) if self.image else _address("catalog:picture", self.sku)

    def get_absolute_url(self) -> str:
        return _address("catalog:product", self.sku)


class Cards:
    """Cards by product id; each is read once. A changed catalogue gets others, see `without`."""

    def __init__(self, known: Mapping[int, Card] | None = None) -> None:
        self._known = dict(known or {})

    def of(self, ids: Iterable[int]) -> dict[int, Card]:
        """id -> card, of the products there are. No query for those known, else one."""
        known = self._known
        found = {pk: known.get(pk) for pk in ids}
        missing = [pk for pk, card in found.items() if card is None]
        if not missing:
            return found  # type: ignore[return-value]  # none is missing
        read = _read(missing)
        if len(known) + len(read) > MOST:
            # Those that came first go, not all: the next lists want most of the others.
            for pk in list(known)[: MOST // 2]:
                known.pop(pk, None)
        known.update(read)
        return {pk: card for pk, card in (found | read).items() if card is not None}

    def without(self, changed: Iterable[int] | None) -> Cards:
        """The same less what changed; none at all for None."""
        if changed is None:
            return Cards()
        gone = set(changed)
        return Cards({pk: card for pk, card in list(self._known.items()) if pk not in gone})


def _read(ids: list[int]) -> dict[int, Card]:
    vendor = connection.vendor
    query = QUERY.format(moment=MICROSECONDS[vendor].format("p.created_at"), among=AMONG[vendor])
    return {row[0]: _card(*row) for row in rows_of(query, [ids_among(ids)])}


def _card(
    pk: int, sku: str, title: str, brand: str, pence: int, in_stock: bool, image: str, created: int,
    slug: str | None, department: str,
) -> Card:  # fmt: skip
    category = None if slug is None else Shelf(slug, department)
    when = EPOCH + timedelta(microseconds=created)
    price = Decimal(pence).scaleb(-2)
    return Card(pk, sku, title, brand, price, bool(in_stock), image, when, category)


def _address(name: str, sku: str) -> str:
    """Where a product's page or picture is: put together, since looking it up takes fifty times as long."""
    before, after = _parts(name, get_script_prefix())
    return f"{before}{sku}{after}"


@lru_cache(maxsize=16)
def _parts(name: str, _prefix: str) -> tuple[str, str]:
    before, after = reverse(name, args=[MARK]).split(MARK)
    return before, after
