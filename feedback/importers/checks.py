"""Checking whole columns of a chunk: each check refuses the rows it must and leaves a clean column behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from feedback.identity import OWN_PREFIXES
from feedback.importers.reader import Chunk
from feedback.importers.values import sku_of, tidy
from feedback.models import MAX_RATING, MIN_RATING

SHOPPER_ID_LENGTH = 100
LARGEST_QUANTITY = 2**31 - 1
# Data from a clock that runs ahead, or from a time zone taken for UTC, is still believed.
_CLOCK_TOLERANCE = timedelta(days=1)
_FIRST_BELIEVED = datetime(1990, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 10**11
_DATE_FORMATS = ("ISO8601", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S")


def texts(chunk: Chunk, *columns: str) -> None:
    """Make the columns tidy text."""
    for column in columns:
        chunk.frame[column] = _tidied(chunk.frame[column])


def shoppers(chunk: Chunk, *, prefix: str = "", missing: str = "no shopper id") -> None:
    """`shopper` becomes the shop's id: the data set's own, behind the prefix."""
    texts(chunk, "shopper")
    chunk.reject(chunk.frame["shopper"] == "", missing)
    chunk.frame["shopper"] = prefix + chunk.frame["shopper"]
    too_long = chunk.frame["shopper"].str.len() > SHOPPER_ID_LENGTH
    chunk.reject(too_long, f"shopper id is longer than {SHOPPER_ID_LENGTH} characters")
    own = chunk.frame["shopper"].astype(str).str.startswith(OWN_PREFIXES)
    chunk.reject(own, f"shopper id begins with {' or '.join(OWN_PREFIXES)}: the shop's own, use --prefix")


def products(chunk: Chunk, *, prefix: str = "") -> None:
    """`product` becomes the SKU."""
    texts(chunk, "product")
    chunk.reject(chunk.frame["product"] == "", "no product id")
    ids = chunk.frame["product"]
    chunk.frame["product"] = ids.map({text: sku_of(prefix + text) for text in ids.unique()})


def ratings(chunk: Chunk, column: str = "rating") -> None:
    """`rating` becomes a whole number from 1 to 5; anything else is refused, never rounded."""
    values = _numbers(chunk, column)
    bad = ~((values >= MIN_RATING) & (values <= MAX_RATING) & (values % 1 == 0))
    chunk.reject(bad, f"rating is not a whole number from {MIN_RATING} to {MAX_RATING}")
    chunk.frame[column] = values[~bad].astype("int64")


def quantities(chunk: Chunk, column: str = "quantity") -> None:
    """`quantity` becomes a whole number of one or more."""
    values = _numbers(chunk, column)
    bad = values.isna() | (values % 1 != 0) | (values > LARGEST_QUANTITY)
    chunk.reject(bad, "quantity is not a whole number")
    chunk.frame[column] = values[~bad].astype("int64")
    chunk.reject(chunk.frame[column] <= 0, "quantity is not positive (cancelled or returned)")


def prices(chunk: Chunk, column: str = "price") -> None:
    """`price` becomes a number above nought, as a price tag shows it."""
    values = _numbers(chunk, column)
    bad = values.isna() | (values >= 10**8 - 1)
    chunk.reject(bad, "price cannot be read")
    chunk.frame[column] = values[~bad].round(2)
    chunk.reject(chunk.frame[column] <= 0, "price is not positive")


def times(chunk: Chunk, *, now: datetime, column: str = "time") -> None:
    """`time` becomes a UTC time, from Unix seconds or milliseconds, ISO 8601 or month/day/year."""
    moments = parsed_times(chunk.frame[column])
    chunk.reject(moments.isna(), "time cannot be read")
    chunk.frame[column] = moments[moments.notna()]
    # No web shop is older: such a time was cut off, or is in another unit.
    chunk.reject(chunk.frame[column] < _FIRST_BELIEVED, f"time is before {_FIRST_BELIEVED.year}")
    chunk.reject(chunk.frame[column] > now + _CLOCK_TOLERANCE, "time is in the future")


def parsed_times(column: pd.Series[Any]) -> pd.Series[pd.Timestamp]:
    """UTC times, NaT for what is none."""
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    words_only = numbers.isna()
    numbers = numbers.where(np.isfinite(numbers) & (numbers >= 0))
    milliseconds = numbers.where(numbers >= _MILLISECONDS_FROM, numbers * 1000).round()
    found = pd.to_datetime(milliseconds, unit="ms", utc=True, errors="coerce")
    for form in _DATE_FORMATS:
        left = found.isna() & words_only
        if not left.any():
            break
        words = _tidied(column[left])
        found = found.where(~left, pd.to_datetime(words, format=form, utc=True, errors="coerce"))
    return found.dt.as_unit("us")


def _tidied(column: pd.Series[Any]) -> pd.Series[str]:
    try:
        tidy_of = {value: tidy(value) for value in column.unique()}
    except TypeError:  # a list where a text should be, from a JSON file
        return column.map(tidy).astype(object)
    return column.map(tidy_of).astype(object)


def _numbers(chunk: Chunk, column: str) -> pd.Series[float]:
    numbers = pd.to_numeric(chunk.frame[column], errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))
