"""Feedback from files: user, item[, rating][, timestamp or position]; csv or csv.gz with a header."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from recommendations.engine.evaluation.cuts import Feedback
from recommendations.engine.types import Floats, Ids, Times

SHOPPER, PRODUCT = ("user", "shopper"), ("item", "product")
RATING, TIME = ("rating",), ("timestamp", "time", "position")
EXPECTED = "Expected a csv or csv.gz file with a header: user,item[,rating][,timestamp or position]."


class NotFeedbackError(Exception):
    """The file does not hold feedback; the message says what was expected."""


def read_feedback(path: Path) -> tuple[Feedback, str | None]:
    """(the rows in the order of the file, name of their time column if there is one); ids are strings.

    Every row weighs 1. Raises NotFeedbackError.
    """
    if not path.is_file():
        raise NotFeedbackError(f"{path} is not a file. {EXPECTED}")
    try:
        frame = pd.read_csv(path, dtype=str, compression="gzip" if path.suffix == ".gz" else None)
    except (ValueError, OSError, EOFError) as error:
        raise NotFeedbackError(f"{path} cannot be read as csv. {EXPECTED}") from error
    frame = frame.rename(columns=lambda name: str(name).strip().lower())
    shopper, product = _column(frame, SHOPPER), _column(frame, PRODUCT)
    if shopper is None or product is None:
        missing = "user" if shopper is None else "item"
        raise NotFeedbackError(f"{path} has no column {missing}. {EXPECTED}")
    if not len(frame):
        raise NotFeedbackError(f"{path} has a header but no rows. {EXPECTED}")
    if frame[[shopper, product]].isna().to_numpy().any():
        raise NotFeedbackError(f"{path} has rows without user or item. {EXPECTED}")
    rating, time = _column(frame, RATING), _column(frame, TIME)
    feedback = Feedback(
        shoppers=frame[shopper].to_numpy(np.str_),
        products=frame[product].to_numpy(np.str_),
        weights=np.ones(len(frame), np.float32),
        ratings=_ratings(path, None if rating is None else frame[rating], len(frame)),
        # Without times, a row comes after those above it.
        times=np.arange(len(frame)) if time is None else _times(path, frame[time]),
    )
    return feedback, time


def unordered(feedback: Feedback) -> Feedback:
    """The same with all rows at one time, where the order of the file is not taken to mean anything."""
    return replace(feedback, times=np.zeros(len(feedback), np.int64))


def with_numbers(*parts: Feedback) -> list[Feedback]:
    """The same with whole numbers for ids wherever all ids are such: much faster to compare."""
    shoppers = _numbers([part.shoppers for part in parts])
    products = _numbers([part.products for part in parts])
    return [
        Feedback(shopper, product, part.weights, part.ratings, part.times)
        for part, shopper, product in zip(parts, shoppers, products, strict=True)
    ]


def _numbers(columns: list[Ids]) -> list[Ids]:
    try:
        numbers = [column.astype(np.int64) for column in columns]
    except (ValueError, OverflowError):
        return columns
    # "007" and "7" are two products.
    alike = (
        bool((number.astype(np.str_) == column).all())
        for number, column in zip(numbers, columns, strict=True)
    )
    return list(numbers) if all(alike) else columns


def _column(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in frame.columns), None)


def _ratings(path: Path, column: pd.Series[str] | None, count: int) -> Floats:
    if column is None:
        return np.full(count, np.nan, np.float32)
    try:
        return pd.to_numeric(column).to_numpy(np.float32)
    except ValueError as error:
        raise NotFeedbackError(f"{path} has ratings that are not numbers. {EXPECTED}") from error


def _times(path: Path, column: pd.Series[str]) -> Times:
    """Whole numbers as they are; anything else must be dates."""
    if column.isna().any():
        raise NotFeedbackError(f"{path} has rows without {column.name}. {EXPECTED}")
    try:
        return pd.to_numeric(column).to_numpy(np.float64).astype(np.int64)
    except ValueError:
        pass
    try:
        moments = pd.to_datetime(column, utc=True, format="ISO8601")
    except ValueError as error:
        raise NotFeedbackError(
            f"{path}: {column.name} holds neither numbers nor dates such as 2011-11-09 08:30. {EXPECTED}"
        ) from error
    seconds = (moments - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    return np.asarray(seconds, np.int64)
