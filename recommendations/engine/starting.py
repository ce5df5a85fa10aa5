"""Which settings of an algorithm are worth trying on given data, and from where the search sets out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from recommendations.engine.protocols import Algorithm, Needs, Starts
from recommendations.engine.types import Interactions

ORDER, TIME, FEATURES = "order", "time", "features"
"""What data may tell beyond who has what: the order of a shopper's rows; moments days apart; what the shop
says of its products."""
DAY = 86_400
DRAWS = 1_000


def told_by(interactions: Interactions) -> frozenset[str]:
    """Which of ORDER, TIME and FEATURES the data has."""
    told = set()
    same = np.diff(interactions.shopper) == 0
    if bool((same & (np.diff(interactions.times) != 0)).any()):
        told.add(ORDER)
    if len(interactions) and int(interactions.times.max()) - int(interactions.times.min()) >= DAY:
        told.add(TIME)
    if interactions.features is not None and len(interactions.features.products):
        told.add(FEATURES)
    return frozenset(told)


def applicable(algorithm: Algorithm, told: frozenset[str]) -> bool:
    """False where the algorithm learns from nothing but what the data does not have."""
    return _needs(algorithm).get("", "") in {"", *told}


def searched(algorithm: Algorithm, told: frozenset[str]) -> dict[str, tuple[Any, ...]]:
    """The algorithm's `search` without the settings that change nothing on such data."""
    needs = _needs(algorithm)
    return {
        setting: values
        for setting, values in algorithm.search.items()
        if needs.get(setting) is None or needs[setting] in told
    }


def starts(algorithm: Algorithm, told: frozenset[str]) -> Iterator[Any]:
    """The default, then the algorithm's `starts`: settings that were good on data of one kind or another.

    Those that ask for what the data does not have are left out, so that none is the same as another.
    A portfolio to begin with saves most of a search: Feurer, Eggensperger, Falkner, Lindauer, Hutter,
    "Auto-sklearn 2.0: hands-free AutoML via meta-learning", JMLR 23, 2022.
    """
    default = algorithm.config_class()
    needs = _needs(algorithm)
    found = [default]
    for values in algorithm.starts if isinstance(algorithm, Starts) else ():
        if all(needs.get(setting) is None or needs[setting] in told for setting in values):
            config = valid(default, values)
            if config is not None and config not in found:
                found.append(config)
    yield from found


def draws(
    algorithm: Algorithm, config: Any, told: frozenset[str], *, reach: int, random: np.random.Generator
) -> Iterator[Any]:
    """Configurations around one, without end: two of its settings moved by up to `reach` places each."""
    values = searched(algorithm, told)
    if not values:
        return
    names = list(values)
    while True:
        picked = random.choice(len(names), min(2, len(names)), replace=False)
        changes = {
            names[each]: _moved(values[names[each]], getattr(config, names[each]), reach, random)
            for each in picked
        }
        changed = valid(config, changes)
        if changed is not None:
            yield changed


def neighbours(
    config: Any, setting: str, values: tuple[Any, ...], *, step: int = 1, upwards_first: bool = True
) -> Iterator[Any]:
    """The configurations that differ in one setting by a step of so many places of its values.

    Near an end the step is as long as there is room; a value that is not listed may go anywhere.
    """
    current = getattr(config, setting)
    if current in values:
        place = values.index(current)
        ends = [min(len(values) - 1, place + step), max(0, place - step)]
        near = [values[end] for end in (ends if upwards_first else ends[::-1]) if end != place]
    else:
        near = list(values)
    for value in near:
        changed = valid(config, {setting: value})
        if changed is not None:
            yield changed


def valid(config: Any, values: Mapping[str, Any]) -> Any | None:
    """The changed configuration; None where the values do not go together."""
    try:
        return replace(config, **values)
    except ValueError:
        return None


def configurations(algorithm: Algorithm, told: frozenset[str], random: np.random.Generator) -> Iterator[Any]:
    """The `starts`, then other combinations of the values worth trying, drawn at random; none twice."""
    known = list(starts(algorithm, told))
    yield from known
    values = searched(algorithm, told)
    for _ in range(DRAWS):
        drawn = {name: each[int(random.integers(len(each)))] for name, each in values.items()}
        config = valid(known[0], drawn)
        if config is not None and config not in known:
            known.append(config)
            yield config


def _moved(values: tuple[Any, ...], current: Any, reach: int, random: np.random.Generator) -> Any:
    if current not in values:
        return values[int(random.integers(len(values)))]
    place = values.index(current)
    low, high = max(0, place - reach), min(len(values) - 1, place + reach)
    return values[int(random.integers(low, high + 1))]


def _needs(algorithm: Algorithm) -> Mapping[str, str]:
    return algorithm.needs if isinstance(algorithm, Needs) else {}
