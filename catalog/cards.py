"""What lists say of a product, as plain values kept in this process until the product changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from django.db import connection
from django.urls import get_script_prefix, reverse

from catalog.models import Product
from catalog.packed import Packed, packed
from catalog.quick import AMONG, MICROSECONDS, ids_among, rows_of

# Some 350 bytes each; a shop's lists come from far fewer products than it has.
MOST = 20_000
# Read ahead is a catalogue up to this size, some 110 bytes a product: that takes 0.3 s for 100,000.
MOST_AHEAD = 200_000
CHUNK = 20_000
# The database puts a card's fields together: one text is read in a quarter of the time of nine values, and
# most fields of most cards are never asked for. In a field that had the separator, a blank stands for it.
SEPARATOR = "\x1f"
SEPARATORS = {"sqlite": "char(31)", "postgresql": "chr(31)"}
TEXTS = ("p.title", "p.sku", "p.brand", "p.image", "coalesce(c.slug, '')", "coalesce(d.name, c.name, '')")
NUMBERS = ("CAST(round(p.price * 100) AS bigint)", "CAST(p.stock > 0 AS integer)")
QUERY = """SELECT p.id, {row}
    FROM catalog_product p LEFT JOIN catalog_category c ON c.id = p.category_id
    LEFT JOIN catalog_category d ON d.id = c.parent_id WHERE p.id {which}"""
AFTER = "> %s ORDER BY p.id LIMIT %s"
# A SKU of letters, digits, dots, dashes and underscores stands in an address as it is.
MARK = "SKU-OF-A-PRODUCT"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

IMAGES = Product._meta.get_field("image").storage


class Shelf(NamedTuple):
    """A category by its slug, and the name of its department."""

    slug: str
    name: str

    @property
    def department(self) -> Shelf:
        return self


class Card(NamedTuple):
    """A product as a list tells of it; reads like a Product in what it has.

    row: its fields, as the database put them together.
    """

    pk: int
    row: str

    @property
    def title(self) -> str:
        return self.row.partition(SEPARATOR)[0]

    @property
    def sku(self) -> str:
        return self.row.split(SEPARATOR, 2)[1]

    @property
    def brand(self) -> str:
        return self.row.split(SEPARATOR, 3)[2]

    @property
    def image(self) -> str:
        return self.row.split(SEPARATOR, 4)[3]

    @property
    def category(self) -> Shelf | None:
        *_, slug, department, _pence, _in_stock, _created = self.row.split(SEPARATOR)
        return Shelf(slug, department) if slug else None

    @property
    def price(self) -> Decimal:
        return Decimal(self.row.rsplit(SEPARATOR, 3)[1]).scaleb(-2)

    @property
    def in_stock(self) -> bool:
        return self.row.rsplit(SEPARATOR, 2)[1] == "1"

    @property
    def created_at(self) -> datetime:
        return EPOCH + timedelta(microseconds=int(self.row.rpartition(SEPARATOR)[2]))

    @property
    def picture_url(self) -> str:
        return IMAGES.url(self.image) if self.image else _address("catalog:picture", self.sku)

    def get_absolute_url(self) -> str:
        return _address("catalog:product", self.sku)


NOTHING_AHEAD = packed([])


class Cards:
    """Cards by product id; each is read once. A changed catalogue gets others, see `without`."""

    def __init__(self, known: Mapping[int, Card] | None = None, ahead: Packed = NOTHING_AHEAD) -> None:
        self._known = dict(known or {})
        self._ahead = ahead

    def read_ahead(self) -> None:
        """Have the cards of all products, so that no list waits for them; of too many, none."""
        if Product.objects.count() <= MOST_AHEAD:
            self._ahead = packed(_all())

    def of(self, ids: Iterable[int]) -> dict[int, Card]:
        """id -> card, of the products there are. No query for those known, else one."""
        known = self._known
        found = {pk: known.get(pk) for pk in ids}
        missing = [pk for pk, card in found.items() if card is None]
        if not missing:
            return found  # type: ignore[return-value]  # none is missing
        read = self.once(missing)
        if len(known) + len(read) > MOST:
            # Those that came first go, not all: the next lists want most of the others.
            for pk in list(known)[: MOST // 4 + len(read)]:
                known.pop(pk, None)
        known.update(read)
        return {pk: card for pk, card in (found | read).items() if card is not None}

    def once(self, ids: Sequence[int]) -> dict[int, Card]:
        """The same for a single use: none is kept."""
        found = {pk: Card(pk, row) for pk, row in self._ahead.of(ids).items()}
        return found if len(found) == len(ids) else found | _read([pk for pk in ids if pk not in found])

    def without(self, changed: Iterable[int] | None) -> Cards:
        """The same less what changed; none at all for None."""
        if changed is None:
            return Cards()
        gone = [*changed]
        others = Cards(self._known, self._ahead.without(gone) if gone else self._ahead)
        for pk in gone:
            others._known.pop(pk, None)
        return others


def _read(ids: list[int]) -> dict[int, Card]:
    vendor = connection.vendor
    return {pk: Card(pk, row) for pk, row in rows_of(_query(vendor, AMONG[vendor]), [ids_among(ids)])}


def _all() -> Iterator[list[tuple[int, str]]]:
    """(id, row) of every card, by id; no more at once than are read in a moment."""
    query, last = _query(connection.vendor, AFTER), 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(query, [last, CHUNK])
            part = cursor.fetchall()
            if not part:
                return
            yield part
            last = part[-1][0]


@lru_cache
def _query(vendor: str, which: str) -> str:
    separator, moment = SEPARATORS[vendor], MICROSECONDS[vendor].format("p.created_at")
    texts = [f"replace({text}, {separator}, ' ')" for text in TEXTS]
    numbers = [f"CAST({number} AS text)" for number in (*NUMBERS, moment)]
    return QUERY.format(row=f" || {separator} || ".join([*texts, *numbers]), which=which)


def _address(name: str, sku: str) -> str:
    """Where a product's page or picture is: put together, since looking it up takes fifty times as long."""
    before, after = _parts(name, get_script_prefix())
    return f"{before}{sku}{after}"


@lru_cache(maxsize=16)
def _parts(name: str, _prefix: str) -> tuple[str, str]:
    before, after = reverse(name, args=[MARK]).split(MARK)
    return before, after
