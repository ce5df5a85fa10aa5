"""Amazon reviews as JSON lines, the releases of 2018 and 2023: ratings and product metadata."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feedback.importers import checks
from feedback.importers.base import Importer
from feedback.importers.batches import Batch, ProductDetails
from feedback.importers.files import WrongFile, head
from feedback.importers.reader import Chunk, Reading
from feedback.importers.values import price_of, tidy

_SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz")
_EXPECTED = (
    "Amazon reviews as JSON lines: ratings (reviewerID, asin, overall, unixReviewTime of 2018; user_id, "
    "parent_asin, rating, timestamp of 2023) or metadata (asin or parent_asin, title)"
)
_RATING_COLUMNS = ("shopper", "product", "rating", "time")
_ATTRIBUTES, _ATTRIBUTE_LENGTH = 20, 200
_DESCRIPTION_LENGTH = 10_000


class AmazonReviews(Importer):
    title = "Amazon reviews"

    def choose(self, paths: Sequence[Path]) -> None:
        self._described: set[str] = set()
        self._ratings: list[Path] = []
        self._metadata: list[Path] = []
        for path in paths:
            for file in self._in(path) if path.is_dir() else [path]:
                (self._ratings if self._holds_ratings(file) else self._metadata).append(file)

    def _in(self, folder: Path) -> list[Path]:
        files = [path for path in sorted(folder.iterdir()) if path.name.lower().endswith(_SUFFIXES)]
        if not files:
            raise WrongFile(f"{folder} has no .json or .jsonl file (.gz or not). Expected {_EXPECTED}.")
        return files

    def _holds_ratings(self, path: Path) -> bool:
        for line in head(path, encoding=self.text_encoding, expected=_EXPECTED)[:20]:
            row = _object(line)
            if row is None:
                continue
            if {"reviewerID", "user_id"} & row.keys() and {"overall", "rating"} & row.keys():
                return True
            if {"asin", "parent_asin"} & row.keys() and "title" in row:
                return False
        raise WrongFile(f"{path} is not of this data set. Expected {_EXPECTED}.")

    def files(self) -> list[Path]:
        # What the products are comes first, so that none is made without its title.
        return [*self._metadata, *self._ratings]

    def batches(self, reading: Reading) -> Iterator[Batch]:
        encoding = self.text_encoding
        for path in self._metadata:
            for chunk in reading.objects(path, ("product", "row"), _product, encoding=encoding):
                checks.products(chunk, prefix=self.options.prefix)
                yield Batch(products=self._details(chunk))
        for path in self._ratings:
            for chunk in reading.objects(path, _RATING_COLUMNS, _rating, encoding=encoding):
                checks.shoppers(chunk, prefix=self.options.prefix)
                checks.products(chunk, prefix=self.options.prefix)
                checks.ratings(chunk)
                checks.times(chunk, now=self.options.now)
                yield Batch(ratings=chunk.frame)

    def _details(self, chunk: Chunk) -> list[ProductDetails]:
        ids = chunk.frame["product"]
        chunk.reject(ids.duplicated() | ids.isin(self._described), "product described twice")
        self._described.update(chunk.frame["product"])
        return [_described(sku, row) for sku, row in chunk.frame.itertuples(index=False)]


def _object(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _rating(row: dict[str, Any]) -> Sequence[Any]:
    seconds = row.get("unixReviewTime")
    value = row.get("overall", row.get("rating"))
    return (
        row.get("reviewerID") or row.get("user_id"),
        row.get("parent_asin") or row.get("asin"),
        None if isinstance(value, bool) else value,
        row.get("timestamp") if seconds is None else seconds,
    )


def _product(row: dict[str, Any]) -> Sequence[Any]:
    return row.get("parent_asin") or row.get("asin"), row


def _described(sku: str, row: dict[str, Any]) -> ProductDetails:
    details = row.get("details")
    known = details if isinstance(details, dict) else {}
    return ProductDetails(
        sku=sku,
        title=_title(row.get("title")),
        description=_text(row.get("description") or row.get("features"))[:_DESCRIPTION_LENGTH],
        brand=_text(row.get("brand") or row.get("store")),
        path=_path(row),
        price=price_of(row.get("price")),
        attributes={
            tidy(name): tidy(value) for name, value in list(known.items())[:_ATTRIBUTES]
            if isinstance(value, str | int | float) and len(str(value)) <= _ATTRIBUTE_LENGTH
        },
        created_at=_first_available(known.get("Date First Available")),
    )  # fmt: skip


def _text(value: object) -> str:
    """A text or a list of texts, with its HTML entities resolved."""
    parts = value if isinstance(value, list) else [value]
    return "\n".join(filter(None, (html.unescape(tidy(part)) for part in parts)))


def _title(value: object) -> str:
    title = " ".join(_text(value).split())
    # Some titles of 2018 are pieces of the page's script.
    return "" if "getTime" in title or "function(" in title else title


def _path(row: dict[str, Any]) -> tuple[str, ...]:
    """Department and aisle; some names of 2018 are pieces of HTML, which are left out."""
    below = row.get("categories") or row.get("category") or [row.get("main_cat")]
    below = below if isinstance(below, list) else [below]
    if below and isinstance(below[0], list):
        below = below[0]
    names = [_text(name) for name in (row.get("main_category"), *below)]
    plain = [name for name in names if name and "<" not in name and len(name) <= 100]
    return tuple(dict.fromkeys(plain))[:2]


def _first_available(value: object) -> datetime | None:
    try:
        return datetime.strptime(tidy(value), "%B %d, %Y").replace(tzinfo=UTC)
    except ValueError:
        return None
