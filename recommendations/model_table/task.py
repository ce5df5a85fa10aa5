"""What is learned from, what it is chosen on, and what is asked in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from recommendations.dataset import Dataset
from recommendations.engine.evaluation.cuts import (
    BasketCut,
    Combine,
    Cut,
    Feedback,
    LastCut,
    RandomCut,
    TimeCut,
    ask,
    latest,
)
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.types import Interactions
from recommendations.signals import Signals, combine

VALIDATION_SHARE = 0.15
SMALL_ROWS, FURTHER_CUTS = 200_000, 2
"""Of fewer rows, a random validation part is cut so many times more."""
SPLITS = "time:2011-11-09, time:0.2, last or basket"


@dataclass(frozen=True, eq=False)
class Task:
    """learned and validation are cut from `train` alone, in the manner of the test. split, validated_on: the
    two cuts in words. further: more such pairs, other random draws."""

    train: Interactions
    test: Holdout
    learned: Interactions
    validation: Holdout
    split: str
    validated_on: str
    further: tuple[tuple[Interactions, Holdout], ...] = ()


def parse_split(text: str) -> Cut:
    """The cut of a --split. Raises ValueError saying what there is."""
    if text == "last":
        return LastCut()
    if text == "basket":
        return BasketCut()
    kind, _, value = text.partition(":")
    if kind != "time" or not value:
        raise ValueError(f"There is no split {text!r}; choose from: {SPLITS}.")
    try:
        number = float(value)
    except ValueError:
        number = _moment(value)
    if 0 < number < 1:
        return TimeCut(fraction=number)
    if not np.isfinite(number) or number < 1:
        raise ValueError(f"time:{value} is neither a share between 0 and 1 nor a moment.")
    return TimeCut(at=int(number))


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"time:{text} is neither a date such as 2011-11-09 nor a share such as 0.2."
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def inner_cut(cut: Cut, *, seed: int) -> Cut:
    """The cut that makes the validation part of what `cut` leaves to learn from."""
    if isinstance(cut, TimeCut):
        return TimeCut(fraction=VALIDATION_SHARE if cut.at is not None else cut.fraction)
    if isinstance(cut, RandomCut):
        return replace(cut, seed=seed)
    return cut


def inner_cut_of_files(time_column: str | None, *, seed: int) -> Cut:
    """The same where the test comes as a file, judged by the training file alone."""
    if time_column is None:
        return RandomCut(seed=seed)
    return LastCut() if time_column == "position" else TimeCut(fraction=VALIDATION_SHARE)


def validation_named(name: str, *, seed: int) -> Cut:
    """The cut of a --validation."""
    cuts: dict[str, Cut] = {
        "time": TimeCut(fraction=VALIDATION_SHARE),
        "last": LastCut(),
        "basket": BasketCut(),
        "random": RandomCut(seed=seed),
    }
    return cuts[name]


def task_of(
    train: Feedback,
    test: Feedback,
    *,
    split: str,
    inner: Cut,
    newcomers: bool,
    combined: Combine = latest,
    repeats: bool = False,
) -> Task:
    """newcomers: whether to ask about shoppers without training feedback, too. repeats: as of `Holdout`."""
    whole = combined(train)

    def parts(cut: Cut) -> tuple[Interactions, Holdout]:
        kept = cut.learned(train)
        learned = combined(train.rows(kept))
        return learned, ask(learned, train.rows(~kept), newcomers=newcomers, repeats=repeats)

    learned, validation = parts(inner)
    return Task(
        train=whole,
        test=ask(whole, test, newcomers=newcomers, repeats=repeats),
        learned=learned,
        validation=validation,
        split=split,
        validated_on=str(inner),
        further=tuple(parts(cut) for cut in _further(inner, len(train))),
    )


def _further(inner: Cut, rows: int) -> list[Cut]:
    """The same random cut with other seeds, where there is little data."""
    if not isinstance(inner, RandomCut) or rows >= SMALL_ROWS:
        return []
    return [replace(inner, seed=inner.seed + number) for number in range(1, FURTHER_CUTS + 1)]


def task_of_events(
    events: Feedback, cut: Cut, *, inner: Cut, combined: Combine = latest, repeats: bool = False
) -> Task:
    """One record of feedback, cut in two. Shoppers without a past are not asked about."""
    kept = cut.learned(events)
    return task_of(
        events.rows(kept), events.rows(~kept), split=str(cut), inner=inner, newcomers=False,
        combined=combined, repeats=repeats,
    )  # fmt: skip


def of_shop(data: Dataset) -> tuple[Feedback, Combine]:
    """The shop's own signals, and how it combines them; all its products are in the catalogue."""
    signals = data.signals
    feedback = Feedback(
        signals.shoppers, signals.products, signals.weights, signals.ratings, signals.times,
        signals.half_lives,
    )  # fmt: skip

    def combined(rows: Feedback) -> Interactions:
        one = combine(
            Signals(
                rows.shoppers, rows.products, rows.weights, rows.ratings, rows.times, rows.half_lives
            )
        )  # fmt: skip
        return Interactions.from_columns(
            one.shoppers, one.products,
            ratings=one.ratings, weights=one.weights, times=one.times, catalogue=data.products.ids,
        )  # fmt: skip

    return feedback, combined


def liked_by_stars(feedback: Feedback, weights: Mapping[int, float]) -> Feedback:
    """The weights that the stars have in the shop, in between for half stars; 1 where there are none.

    Raises ValueError for ratings outside the stars.
    """
    rated = np.isfinite(feedback.ratings)
    stars: list[Any] = sorted(weights)
    given = feedback.ratings[rated]
    if len(given) and (given.min() < stars[0] or given.max() > stars[-1]):
        raise ValueError(
            f"--relevant liked needs ratings from {stars[0]} to {stars[-1]}; "
            f"there are some from {given.min():g} to {given.max():g}."
        )
    weighed = feedback.weights.copy()
    weighed[rated] = np.interp(given, stars, [weights[each] for each in stars])
    return replace(feedback, weights=weighed)
