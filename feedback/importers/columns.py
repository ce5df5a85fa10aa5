"""Any csv file, told by `--columns` which column is what."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from feedback.importers import checks
from feedback.importers.base import Importer
from feedback.importers.batches import Batch, ProductDetails
from feedback.importers.files import WrongFile, head
from feedback.importers.reader import Chunk, Reading
from feedback.importers.values import price_of, tidy
from feedback.models import Event

TARGETS = {
    "product": "the product's id (needed)",
    "shopper": "the shopper's id (needed for ratings and events)",
    "rating": "1 to 5",
    "kind": "view, click, basket, purchase, wishlist or dismiss; unbasket, unwish, undismiss take back",
    "time": "Unix seconds or milliseconds, or ISO 8601",
    "quantity": "of an event",
    "order": "what the purchases of one order share",
    "title": "of the product",
    "description": "of the product",
    "brand": "of the product",
    "department": "of the product",
    "aisle": "of the product, inside its department",
    "price": "of the product",
    "stock": "of the product",
}
KINDS = {
    **{kind.value: kind.value for kind in Event.Kind},
    "addtocart": "basket", "add_to_cart": "basket", "add-to-cart": "basket", "cart": "basket",
    "buy": "purchase", "order": "purchase", "transaction": "purchase", "bought": "purchase",
    "pageview": "view", "page_view": "view", "detail": "view",
    "favourite": "wishlist", "favorite": "wishlist",
}  # fmt: skip
_DETAILS = ("title", "description", "brand", "department", "aisle", "price", "stock")
_DELIMITERS = ",;\t|"


def header_of(line: str, delimiter: str) -> list[str]:
    """The column names in a header line."""
    try:
        return [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return [line]


def parse_columns(text: str) -> dict[str, str]:
    """ "shopper=user_id,product=item" as what -> column. Raises ValueError in plain words."""
    mapping: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        target, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise ValueError(f"--columns takes pairs such as product=item_id, not {pair!r}.")
        if target not in TARGETS:
            raise ValueError(f"--columns knows no {target!r}: choose from {', '.join(TARGETS)}.")
        mapping[target] = column
    return mapping


class Columns(Importer):
    title = "csv"

    def choose(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._mapping = dict(self.options.columns)
        self._check_mapping()
        self._layouts = {path: self._layout(path) for path in paths}

    def _check_mapping(self) -> None:
        has = self._mapping.keys()
        if "product" not in has:
            raise WrongFile(
                "The csv format needs --columns, with a product at least: for example "
                "--columns shopper=user_id,product=item_id,rating=stars,time=when."
            )
        feedback = {"rating", "kind"} & has or self.options.kind
        if feedback and "shopper" not in has:
            raise WrongFile("Ratings and events need a shopper too: add shopper=... to --columns.")
        if "shopper" in has and not feedback:
            raise WrongFile(
                "What did the shoppers do? Add rating=... or kind=... to --columns, "
                "or --kind purchase for all rows."
            )

    def _layout(self, path: Path) -> tuple[str, list[str]]:
        """The file's delimiter and its columns, the mapped ones under the shop's names."""
        expected = "a csv file whose first line names its columns"
        line = head(path, encoding=self.text_encoding, expected=expected)[0]
        headers = {delimiter: header_of(line, delimiter) for delimiter in _DELIMITERS}
        wanted = set(self._mapping.values())
        delimiter = max(headers, key=lambda each: (len(wanted & set(headers[each])), len(headers[each])))
        header = headers[delimiter]
        missing = [column for column in self._mapping.values() if column not in header]
        if missing:
            raise WrongFile(
                f"{path} has no column {', '.join(map(repr, missing))}; it has {', '.join(header[:40])}."
            )
        names = [f"_{position}" for position in range(len(header))]
        return delimiter, names

    def files(self) -> list[Path]:
        return self._paths

    def batches(self, reading: Reading) -> Iterator[Batch]:
        for path, (delimiter, names) in self._layouts.items():
            header = header_of(head(path, encoding=self.text_encoding, expected="a csv file")[0], delimiter)
            # Rows without a time are as old as the file: a second run finds them unchanged.
            age = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat()
            for chunk in reading.table(path, names, delimiter=delimiter, encoding=self.text_encoding):
                chunk.frame = pd.DataFrame(
                    {target: chunk.frame[names[header.index(column)]]
                     for target, column in self._mapping.items()}
                )  # fmt: skip
                yield self._batch(chunk, age)

    def _batch(self, chunk: Chunk, age: str) -> Batch:
        checks.products(chunk, prefix=self.options.prefix)
        if "shopper" in chunk.frame:
            checks.shoppers(chunk, prefix=self.options.prefix)
            self._check_feedback(chunk, age)
        else:
            checks.texts(chunk, *({*_DETAILS} & set(chunk.frame.columns)))
        frame = chunk.frame
        products = _details(frame) if set(_DETAILS) & set(frame.columns) else []
        if "shopper" not in frame:
            products = products or [ProductDetails(sku) for sku in frame["product"].unique()]
            return Batch(products=products)
        rated, done = frame[frame["rating"].notna()], frame[frame["kind"] != ""]
        return Batch(
            products=products,
            ratings=rated.assign(rating=rated["rating"].astype("int64")),
            events=done,
        )

    def _check_feedback(self, chunk: Chunk, age: str) -> None:
        for column, default in (("kind", self.options.kind), ("quantity", "1"), ("order", ""), ("time", age)):
            if column not in chunk.frame:
                chunk.frame[column] = default
        if "rating" not in chunk.frame:
            chunk.frame["rating"] = ""
        checks.texts(chunk, *(name for name in chunk.frame.columns if name not in ("shopper", "product")))
        empty = chunk.frame["quantity"] == ""
        chunk.frame["quantity"] = chunk.frame["quantity"].where(~empty, "1")
        nothing = (chunk.frame["rating"] == "") & (chunk.frame["kind"] == "")
        chunk.reject(nothing, "neither a rating nor a kind of event")
        known = chunk.frame["kind"].str.lower().map(lambda kind: KINDS.get(kind) if kind else "")
        chunk.reject(known.isna(), "unknown kind of event")
        chunk.frame["kind"] = known[known.notna()]
        _optional_ratings(chunk)
        checks.quantities(chunk)
        checks.times(chunk, now=self.options.now)


def _optional_ratings(chunk: Chunk) -> None:
    """Ratings where there are any, else nothing."""
    unrated = chunk.frame["rating"] == ""
    chunk.frame["rating"] = chunk.frame["rating"].where(~unrated, "1")
    checks.ratings(chunk)
    chunk.frame["rating"] = chunk.frame["rating"].where(~unrated[chunk.frame.index])


def _details(frame: pd.DataFrame) -> list[ProductDetails]:
    rows = frame.drop_duplicates("product").to_dict("records")
    return [
        ProductDetails(
            sku=row["product"],
            title=tidy(row.get("title")),
            description=tidy(row.get("description")),
            brand=tidy(row.get("brand")),
            path=tuple(filter(None, (tidy(row.get("department")), tidy(row.get("aisle"))))),
            price=price_of(row.get("price")),
            stock=_stock(tidy(row.get("stock"))),
        )
        for row in rows
    ]


def _stock(text: str) -> int | None:
    whole = text.removesuffix(".0")
    return min(int(whole), checks.LARGEST_QUANTITY) if whole.isdecimal() else None
