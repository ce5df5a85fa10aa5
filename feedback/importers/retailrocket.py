"""RetailRocket: views, baskets and purchases of a web shop whose products and categories are numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from feedback.importers import checks
from feedback.importers.base import Importer
from feedback.importers.batches import Batch, ProductDetails
from feedback.importers.columns import header_of
from feedback.importers.files import WrongFile, head, in_folder
from feedback.importers.reader import CHUNK_ROWS, Chunk, Reading

_EVENTS = ["timestamp", "visitorid", "event", "itemid", "transactionid"]
_PROPERTIES = ["timestamp", "itemid", "property", "value"]
_TREE = ["categoryid", "parentid"]
_EXPECTED = (
    "RetailRocket: events.csv with the columns " + ", ".join(_EVENTS)
    + "; besides, item_properties_part1.csv, item_properties_part2.csv and category_tree.csv"
)  # fmt: skip
_KINDS = {"view": "view", "addtocart": "basket", "transaction": "purchase"}


class RetailRocket(Importer):
    title = "RetailRocket"

    def choose(self, paths: Sequence[Path]) -> None:
        self._parts: dict[str, list[Path]] = {"tree": [], "properties": [], "events": []}
        for path in paths:
            for file in self._in(path) if path.is_dir() else [path]:
                self._parts[self._part(file)].append(file)
        self._parents: dict[str, str] = {}

    def _in(self, folder: Path) -> list[Path]:
        events = in_folder(folder, ["events.csv"])
        if events is None:
            raise WrongFile(f"{folder} has no events.csv. Expected {_EXPECTED}.")
        names = [
            "category_tree.csv",
            "item_properties.csv",
            *(f"item_properties_part{n}.csv" for n in (1, 2)),
        ]
        return [*filter(None, (in_folder(folder, [name]) for name in names)), events]

    def _part(self, path: Path) -> str:
        columns = header_of(head(path, encoding=self.text_encoding, expected=_EXPECTED)[0], ",")
        for part, expected in (("events", _EVENTS), ("properties", _PROPERTIES), ("tree", _TREE)):
            if columns == expected:
                return part
        raise WrongFile(f"{path} has the columns {', '.join(columns[:20])}. Expected {_EXPECTED}.")

    def files(self) -> list[Path]:
        return [path for part in self._parts.values() for path in part]

    def batches(self, reading: Reading) -> Iterator[Batch]:
        for path in self._parts["tree"]:
            for chunk in self._table(reading, path, _TREE):
                checks.texts(chunk, *_TREE)
                self._parents.update(zip(chunk.frame["categoryid"], chunk.frame["parentid"], strict=True))
        yield from self._products(reading)
        for path in self._parts["events"]:
            for chunk in self._table(reading, path, ["time", "shopper", "kind", "product", "order"]):
                yield Batch(events=self._events(chunk))

    def _table(self, reading: Reading, path: Path, columns: Sequence[str]) -> Iterator[Chunk]:
        return reading.table(path, columns, delimiter=",", encoding=self.text_encoding)

    def _events(self, chunk: Chunk) -> pd.DataFrame:
        checks.shoppers(chunk, prefix=self.options.prefix)
        checks.products(chunk, prefix=self.options.prefix)
        checks.texts(chunk, "kind", "order")
        kinds = chunk.frame["kind"].map(_KINDS)
        chunk.reject(kinds.isna(), "unknown kind of event")
        checks.times(chunk, now=self.options.now)
        orders = chunk.frame["order"]
        return chunk.frame.assign(
            kind=kinds[chunk.frame.index],
            quantity=1,
            order=orders.where(orders == "", self.options.prefix + orders),
        )

    def _products(self, reading: Reading) -> Iterator[Batch]:
        """The newest category and availability of every item; all other properties are hashed."""
        newest: pd.DataFrame | None = None
        for path in self._parts["properties"]:
            for chunk in self._table(reading, path, ["time", "product", "property", "value"]):
                checks.products(chunk, prefix=self.options.prefix)
                chunk.frame = chunk.frame[chunk.frame["property"].isin(["categoryid", "available"])]
                checks.times(chunk, now=self.options.now)
                newest = _newest(chunk.frame if newest is None else pd.concat([newest, chunk.frame]))
        if newest is None:
            return
        items = newest.pivot(index="product", columns="property", values="value").reindex(
            columns=["categoryid", "available"]
        )
        for first in range(0, len(items), CHUNK_ROWS):
            rows = items.iloc[first : first + CHUNK_ROWS].itertuples()
            yield Batch(products=[self._details(sku, category, stock) for sku, category, stock in rows])

    def _details(self, sku: str, category: object, available: object) -> ProductDetails:
        path = self._path(category) if isinstance(category, str) else ()
        return ProductDetails(
            sku=sku,
            path=path,
            stock=0 if available == "0" else None,
            attributes={"category": category} if isinstance(category, str) else {},
        )

    def _path(self, category: str) -> tuple[str, ...]:
        """The tree's root as the department, the category itself as the aisle."""
        root, seen = category, {category}
        while (parent := self._parents.get(root, "")) and parent not in seen:
            root = parent
            seen.add(root)
        return (f"Department {root}",) if root == category else (f"Department {root}", f"Category {category}")


def _newest(frame: pd.DataFrame) -> pd.DataFrame:
    ordered = frame.sort_values(["time", "value"], kind="stable")
    return ordered.drop_duplicates(["product", "property"], keep="last")
