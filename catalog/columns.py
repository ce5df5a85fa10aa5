"""The whole catalogue as columns: what a list asks of every candidate, without an object for each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from catalog.changes.reading import changed_products

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]
NONE = -1
"""In a column of categories: in none. Among positions: not in the catalogue."""
CHUNK = 20_000
# With more changed products than this the catalogue is read anew; databases limit the parameters, too.
MOST_CHANGES = 900
MOMENT = {
    "sqlite": "(julianday(p.created_at) - 2440587.5) * 86400.0",
    "postgresql": "CAST(extract(epoch FROM p.created_at) AS double precision)",
}
# The CASTs keep SQLite and PostgreSQL from answering with decimals.
QUERY = """SELECT p.id, p.is_active, p.stock > 0, CAST(round(p.price * 100) AS bigint),
    coalesce(p.category_id, -1), coalesce(c.parent_id, p.category_id, -1), {moment}, p.brand
    FROM catalog_product p LEFT JOIN catalog_category c ON c.id = p.category_id {where} ORDER BY p.id"""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Every product, one entry a column, sorted by id.

    public, in_stock: whether shoppers may see it, whether it is to be had. pence: the price in hundredths.
    category, department: ids, NONE for none; a product outside aisles has its department in both. created:
    unix seconds. brand: a place in `brands`, which are casefolded. reading: another number
    whenever the product was read anew, as where it changed; of two catalogues of the same process.
    """

    ids: Ids
    public: Mask
    in_stock: Mask
    pence: Ids
    category: Ids
    department: Ids
    created: NDArray[np.float64]
    brand: NDArray[np.int32]
    reading: NDArray[np.int32]
    brands: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def recommendable(self) -> Mask:
        """(products,) what is visible and to be had."""
        mask: Mask = self.public & self.in_stock
        return mask

    def positions(self, ids: Ids) -> NDArray[np.int64]:
        """The position of each id, NONE for what is not in the catalogue."""
        if not len(self.ids):
            return np.full(len(ids), NONE)
        found = np.searchsorted(self.ids, ids)
        found[found == len(self.ids)] = 0
        return np.where(self.ids[found] == ids, found, NONE)

    def refreshed(self, changed: Sequence[int]) -> Catalogue:
        """This catalogue with these products as the database has them now. One query."""
        news = read(changed, self.brands)
        kept = ~np.isin(self.ids, np.array(changed, np.int64))
        if not kept.all() or len(news):
            return _joined(self, kept, news)
        return self


COLUMNS = ("ids", "public", "in_stock", "pence", "category", "department", "created", "brand", "reading")
TYPES = (np.int64, np.bool_, np.bool_, np.int64, np.int64, np.int64, np.float64)
_readings = count(1)


def read(ids: Sequence[int] | None = None, brands: tuple[str, ...] = ()) -> Catalogue:
    """The catalogue, or these products of it, in one query; `brands` keep their places."""
    where = "" if ids is None else f"WHERE p.id IN ({', '.join(['%s'] * len(ids)) or 'NULL'})"
    query = QUERY.format(moment=MOMENT[connection.vendor], where=where)
    codes = {name: place for place, name in enumerate(brands)}
    parts: list[list[NDArray[Any]]] = []
    whole = nullcontext() if ids is not None else transaction.atomic()
    with whole, connection.cursor() as cursor:
        if ids is None and connection.vendor == "postgresql":
            # A whole large catalogue takes longer than a request may wait for a statement.
            cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(query, list(ids) if ids is not None else None)
        while rows := cursor.fetchmany(CHUNK):
            *numbers, names = zip(*rows, strict=True)
            own = [codes.setdefault(name.casefold(), len(codes)) for name in names]
            arrays: list[NDArray[Any]] = [
                np.array(column, kind) for column, kind in zip(numbers, TYPES, strict=True)
            ]
            parts.append([*arrays, np.array(own, np.int32)])
    if not parts:
        parts.append([np.empty(0, kind) for kind in (*TYPES, np.int32)])
    columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    columns.append(np.full(len(columns[0]), next(_readings), np.int32))
    named = dict(zip(COLUMNS, columns, strict=True))
    return Catalogue(**named, brands=tuple(codes))


def followed(catalogue: Catalogue | None, *, since: int) -> tuple[Catalogue, list[int] | None]:
    """(the catalogue as it is now, which products changed after that version: None for perhaps all)."""
    changed = None if catalogue is None else changed_products(since=since, most=MOST_CHANGES)
    if catalogue is None or changed is None:
        return read(), None
    return (catalogue.refreshed(changed) if changed else catalogue), changed


def _joined(old: Catalogue, kept: Mask, news: Catalogue) -> Catalogue:
    columns = {name: np.concatenate([getattr(old, name)[kept], getattr(news, name)]) for name in COLUMNS}
    order = np.argsort(columns["ids"], kind="stable")
    ordered = {name: column[order] for name, column in columns.items()}
    return replace(old, **ordered, brands=news.brands)
