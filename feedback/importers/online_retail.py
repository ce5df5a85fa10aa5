"""UCI Online Retail: a year of a wholesaler's invoice lines, as they came out of its books.

The lines are read twice. Half of them have neither invoice number nor stock code, so the first reading learns
which stock code a description belongs to; the second then knows the same product by the same SKU everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from feedback.importers import checks
from feedback.importers.base import Importer
from feedback.importers.batches import Batch
from feedback.importers.columns import header_of
from feedback.importers.files import WrongFile, head, in_folder, is_excel
from feedback.importers.invoices import Baskets, Wares, drop_services, normalised
from feedback.importers.reader import Chunk, Reading, Record
from feedback.importers.workbook import workbook_rows

RAW_NAMES = [f"online{space}retail{kind}" for kind in (".csv", ".xlsx") for space in ("_", " ", "-", "")]
_ALIASES = {
    "invoice": ("InvoiceNo", "Invoice"),
    "code": ("StockCode",),
    "title": ("Description",),
    "quantity": ("Quantity",),
    "time": ("InvoiceDate",),
    "price": ("UnitPrice", "Price"),
    "shopper": ("CustomerID", "Customer ID"),
}
_EVENT_COLUMNS = ("user", "item", "quantity", "price", "timestamp")
_ITEM_COLUMNS = ("item", "title", "stock_code")
_EXPECTED = (
    "UCI Online Retail: online_retail.csv(.gz) or .xlsx with the columns "
    + ", ".join(names[0] for names in _ALIASES.values())
    + "; or the cleaned pair events.csv and items.csv"
)
_RENAMED = {"user": "shopper", "timestamp": "time"}
Rows = Callable[[Reading], Iterator[Chunk]]


class OnlineRetail(Importer):
    title = "UCI Online Retail"

    def choose(self, paths: Sequence[Path]) -> None:
        self._raw: list[Path] = []
        self._cleaned: list[Path] = []
        self._items: list[Path] = []
        self._columns: dict[Path, list[str]] = {}
        for path in paths:
            for file in self._in(path) if path.is_dir() else [path]:
                self._sort_in(file)
        if not self._raw and not self._cleaned:
            raise WrongFile(f"{self._items[0]} describes products only. Expected {_EXPECTED}.")
        self._titles_of_items: dict[str, tuple[str, str]] = {}
        self._wares = Wares(prefix=self.options.prefix)

    def _in(self, folder: Path) -> list[Path]:
        raw = in_folder(folder, RAW_NAMES)
        if raw:
            return [raw]
        pair = [in_folder(folder, [name]) for name in ("items.csv", "events.csv")]
        if pair[1] is None:
            raise WrongFile(f"{folder} has no file of this data set. Expected {_EXPECTED}.")
        return [path for path in pair if path]

    def _sort_in(self, path: Path) -> None:
        """Tell the file's part by its header."""
        columns = self._header(path)
        names = {target: _first_in(columns, aliases) for target, aliases in _ALIASES.items()}
        if all(names.values()):
            renamed = {name: target for target, name in names.items() if name}
            self._raw.append(path)
        elif set(_EVENT_COLUMNS) <= set(columns):
            renamed = _RENAMED
            self._cleaned.append(path)
        elif set(_ITEM_COLUMNS) <= set(columns):
            renamed = {"stock_code": "code"}
            self._items.append(path)
        else:
            raise WrongFile(f"{path} has the columns {', '.join(columns[:20])}. Expected {_EXPECTED}.")
        self._columns[path] = [renamed.get(name, name) for name in columns]

    def _header(self, path: Path) -> list[str]:
        if path.is_file() and is_excel(path):
            first: Record | None = next(workbook_rows(path, lambda amount: None), None)
            if first is None:
                raise WrongFile(f"{path} is an empty workbook. Expected {_EXPECTED}.")
            return [str(name).strip() for name in first[2]]
        return header_of(head(path, encoding=self.text_encoding, expected=_EXPECTED)[0], ",")

    def files(self) -> list[Path]:
        return [*self._items, *[*self._raw, *self._cleaned] * 2]

    def prepare(self, reading: Reading) -> None:
        for path in self._items:
            for chunk in self._chunks(reading, path):
                for item, title, code in chunk.frame[["item", "title", "code"]].itertuples(index=False):
                    self._titles_of_items[item] = (title, code)
        for path in [*self._raw, *self._cleaned]:
            for chunk in self._chunks(reading, path):
                self._clean(chunk)
                self._wares.learn(chunk.frame)
        self._wares.settle()

    def batches(self, reading: Reading) -> Iterator[Batch]:
        for path in [*self._raw, *self._cleaned]:
            baskets = Baskets(prefix=self.options.prefix)
            for chunk in self._chunks(reading, path):
                self._clean(chunk)
                yield self._batch(baskets.complete(chunk.frame))
            yield self._batch(baskets.rest())

    def _chunks(self, reading: Reading, path: Path) -> Iterator[Chunk]:
        columns = self._columns[path]
        if not is_excel(path):
            return reading.table(path, columns, delimiter=",", encoding=self.text_encoding)
        rows = workbook_rows(path, reading.advance)
        next(rows, None)
        return reading.given(path, columns, rows)

    def _clean(self, chunk: Chunk) -> None:
        """Leave the lines that say: this customer bought this product."""
        if "item" in chunk.frame:
            self._name_items(chunk)
        checks.texts(chunk, "invoice", "code", "title", "shopper")
        # Spreadsheets and pandas turn customer 17850 into 17850.0.
        chunk.frame["shopper"] = chunk.frame["shopper"].str.removesuffix(".0")
        checks.shoppers(chunk, prefix=self.options.prefix, missing="no customer")
        checks.quantities(chunk)
        cancelled = chunk.frame["invoice"].str.upper().str.startswith("C")
        chunk.reject(cancelled, "quantity is not positive (cancelled or returned)")
        checks.prices(chunk)
        chunk.reject(chunk.frame["title"] == "", "no description")
        chunk.frame["code"] = chunk.frame["code"].str.upper()
        chunk.frame["original"] = chunk.frame["title"]
        chunk.frame["title"] = chunk.frame["title"].map(normalised)
        drop_services(chunk)
        checks.times(chunk, now=self.options.now)

    def _name_items(self, chunk: Chunk) -> None:
        """The cleaned lines name an item by its number in items.csv."""
        items = chunk.frame["item"]
        known = self._titles_of_items
        chunk.frame["title"] = items.map(lambda item: known.get(item, (f"Item {item}", ""))[0])
        chunk.frame["code"] = items.map(lambda item: known.get(item, ("", ""))[1])
        chunk.frame["invoice"] = ""

    def _batch(self, frame: pd.DataFrame) -> Batch:
        if frame.empty:
            return Batch()
        frame = frame.assign(product=frame["title"].map(self._wares.skus), kind="purchase")
        lines = frame.groupby(["order", "shopper", "product"], sort=False, as_index=False).agg(
            {"quantity": "sum", "time": "first", "kind": "first"}
        )
        lines["quantity"] = lines["quantity"].clip(upper=checks.LARGEST_QUANTITY)
        details = self._wares.details(lines["product"].unique())
        return Batch(products=details, events=lines, merged=len(frame) - len(lines))


def _first_in(columns: Sequence[str], aliases: Sequence[str]) -> str | None:
    return next((name for name in aliases if name in columns), None)
