"""The demo catalogue from a seed: the same seed gives the same departments and products, to the cent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TypeVar

import numpy as np
from django.utils.text import slugify

from catalog.demo.vocabulary import Aisle, Department, Kind, departments
from catalog.demo.wording import in_a_sentence, openings, specification, with_articles

# The day the fixture calls today; loading it as a demo moves every date so that this becomes now.
ANCHOR = datetime(2025, 6, 1, tzinfo=UTC)
YEARS_OF_RANGE = 2
SOLD_OUT, HIDDEN = 0.04, 0.01
TRIES = 400
# "Border Border Spade": a range and a kind that do not go together.
SAID_TWICE = re.compile(r"\b(\w+) \1\b", re.IGNORECASE)

Chosen = TypeVar("Chosen")


@dataclass(frozen=True)
class DemoProduct:
    """One product of the demo shop, with the names of where it stands."""

    sku: str
    title: str
    slug: str
    description: str
    brand: str
    department: str
    aisle: str
    price: Decimal
    stock: int
    attributes: dict[str, str]
    is_active: bool
    created_at: datetime


class _Dice:
    """Draws from a numpy Generator in the words of this module."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def pick(self, options: Sequence[Chosen]) -> Chosen:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)


def demo_products(seed: int) -> list[DemoProduct]:
    """Every product, the oldest first; SKUs count up inside each department."""
    dice = _Dice(np.random.default_rng(seed))
    drafts = [
        draft for department in departments() for aisle in department.aisles
        for draft in _aisle_products(department, aisle, dice)
    ]  # fmt: skip
    drafts.sort(key=lambda draft: (draft.created_at, draft.sku, draft.title))
    numbers = {department.code: count(1) for department in departments()}
    return [_numbered(draft, next(numbers[draft.sku])) for draft in drafts]


def _numbered(draft: DemoProduct, number: int) -> DemoProduct:
    return DemoProduct(**{**vars(draft), "sku": f"{draft.sku}-{number:04}"})


def _aisle_products(department: Department, aisle: Aisle, dice: _Dice) -> list[DemoProduct]:
    """The aisle's drafts, titles all different; their SKU is the department's code alone."""
    taken: set[str] = set()
    drafts = []
    for number in range(aisle.count):
        kind = aisle.kinds[number % len(aisle.kinds)]
        title, words = _title(aisle, kind, taken, dice)
        taken |= {title, words.get(aisle.once, title)}
        drafts.append(_draft(department, aisle, kind, title, words, dice))
    return drafts


def _title(aisle: Aisle, kind: Kind, taken: set[str], dice: _Dice) -> tuple[str, dict[str, str]]:
    for _ in range(TRIES):
        words = {name: dice.pick(values) for name, values in aisle.pools_of(kind).items()}
        title = with_articles(dice.pick(aisle.patterns_of(kind)).format(kind=kind.name, **words))
        if not (taken & {title, words.get(aisle.once, title)} or SAID_TWICE.search(title)):
            return title, words
    raise ValueError(f"{aisle.name} has too few words for {aisle.count} different titles ({kind.name}).")


def _draft(
    department: Department, aisle: Aisle, kind: Kind, title: str, words: dict[str, str], dice: _Dice
) -> DemoProduct:
    brands = aisle.brands or department.brands
    brand = dice.pick(list(brands))
    attributes = {name: words[name] for name in aisle.attributes_of(kind)}
    price = _price(aisle, kind.price_factor * brands[brand], dice)
    age = timedelta(seconds=int(dice.rng.random() * YEARS_OF_RANGE * 365 * 86_400))
    return DemoProduct(
        sku=department.code,
        title=title,
        slug=slugify(title)[:120],
        description=_description(department, aisle, kind, words, attributes, dice),
        brand=brand,
        department=department.name,
        aisle=aisle.name,
        price=price,
        stock=0 if dice.chance(SOLD_OUT) else 1 + int(dice.rng.gamma(2.0, 600 / (20 + float(price)))),
        attributes=attributes,
        is_active=not dice.chance(HIDDEN),
        created_at=(ANCHOR - age).replace(microsecond=0),
    )


def _description(
    department: Department, aisle: Aisle, kind: Kind, words: dict[str, str], attributes: dict[str, str],
    dice: _Dice,
) -> str:  # fmt: skip
    spoken = {name: in_a_sentence(value) if name == "scent" else value for name, value in words.items()}
    opening = dice.pick(openings(aisle.about_of(kind), kind)).format(kind=in_a_sentence(kind.name), **spoken)
    middle = specification(attributes, kind, said=opening)
    closer = dice.pick(aisle.closers or department.closers)
    opening = opening[0].upper() + opening[1:]
    return with_articles(" ".join(part for part in (opening, middle, closer) if part))


def _price(aisle: Aisle, factor: float, dice: _Dice) -> Decimal:
    lowest, highest = aisle.price
    middle = lowest * (highest / lowest) ** float(dice.rng.beta(2.0, 2.6))
    return charm_price(middle * factor, dice.chance(0.3))


def charm_price(amount: float, half: bool) -> Decimal:
    """The shop's price near an amount: 4.95, 12.50, 34.95, 129.00, 449.00."""
    if amount < 100:
        whole = max(1, round(amount))
        cents = Decimal("0.50") if half and amount < 30 else Decimal("0.95")
        return whole - 1 + cents
    step = 10 if amount < 300 else 50
    return Decimal(max(1, round(amount / step)) * step - 1).quantize(Decimal("0.01"))
