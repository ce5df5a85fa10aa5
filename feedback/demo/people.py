"""Who shops in the demo shop: names, and a taste for some departments more than for others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

NAMES = (
    "maya", "oscar", "ada", "ben", "clara", "dev", "elif", "finn", "grace", "hugo", "ines", "jonas", "kofi",
    "lena", "milo", "nora", "otis", "priya", "quinn", "rosa", "sam", "tara", "umar", "vera", "will", "xenia",
    "yusuf", "zoe", "amara", "bruno", "dina", "emil", "freya", "gus", "hana", "ivan", "june", "karl",
    "leila", "mateo",
)  # fmt: skip
FIRST_NUMBER = 101
# Department slugs and how much each kind of person cares for them; the two examples are the first two.
PERSONAS: tuple[dict[str, float], ...] = (
    {"outdoor": 5, "cycling": 2, "coffee-tea": 1},
    {"books": 5, "coffee-tea": 2.5, "stationery": 1.5},
    {"kitchen-dining": 5, "coffee-tea": 2, "garden": 1},
    {"lighting-decor": 4, "furniture": 3, "home-textiles": 3},
    {"garden": 5, "pets": 1.2, "kitchen-dining": 1},
    {"audio": 5, "games-puzzles": 1.2, "lighting-decor": 1},
    {"toys": 4.5, "games-puzzles": 2, "books": 1.2, "home-textiles": 1},
    {"games-puzzles": 5, "audio": 1.5, "stationery": 1},
    {"cycling": 5, "sport-wellbeing": 2.5, "outdoor": 1.2},
    {"beauty": 4.5, "sport-wellbeing": 2, "home-textiles": 1.2},
    {"stationery": 5, "books": 1.5, "lighting-decor": 1},
    {"pets": 5, "garden": 1.5, "toys": 0.8},
)
SECOND_PERSONA, CURIOSITY = 0.25, 0.08
LEAST_RATINGS, MOST_RATINGS, EXAMPLE_RATINGS = 5, 220, 110
STYLES = 2


@dataclass(frozen=True, eq=False)
class People:
    """Shoppers as columns; n shoppers, d departments.

    departments: (n, d) share of attention. style: (n, STYLES). price: (n,) liking for the dearer half.
    generosity: (n,) stars above or below everybody's. ratings: (n,) how many they give.
    joined: (n,) share of the whole period gone when they came.
    """

    names: list[str]
    departments: Floats
    style: Floats
    price: Floats
    generosity: Floats
    ratings: Whole
    joined: Floats


def example_shoppers() -> list[str]:
    """Two shopper ids to try: long histories, and tastes far apart (tents and bicycles; books and coffee)."""
    return [external_id(0), external_id(1)]


def external_id(number: int) -> str:
    """The id of the n-th shopper: a name to remember and a number that never repeats."""
    return f"{NAMES[number % len(NAMES)]}-{FIRST_NUMBER + number}"


def make_people(departments: list[str], *, shoppers: int, ratings: int, rng: np.random.Generator) -> People:
    """Shoppers whose ratings add up to about `ratings`: a few give 200 each, many 10."""
    activity = rng.lognormal(0.0, 0.85, shoppers)
    wanted = np.clip(activity * ratings / activity.sum(), LEAST_RATINGS, MOST_RATINGS)
    joined = rng.beta(0.9, 1.5, shoppers) * 0.97
    wanted[:2], joined[:2] = np.minimum(EXAMPLE_RATINGS, ratings / 4), 0.05
    return People(
        names=[external_id(number) for number in range(shoppers)],
        departments=_attention(departments, shoppers, rng),
        style=rng.normal(0, 1, (shoppers, STYLES)),
        price=rng.normal(0, 1, shoppers),
        generosity=rng.normal(0, 0.4, shoppers),
        ratings=np.maximum(LEAST_RATINGS, np.round(wanted)).astype(np.int64),
        joined=joined,
    )


def _attention(departments: list[str], shoppers: int, rng: np.random.Generator) -> Floats:
    personas = np.array([[persona.get(slug, 0.0) for slug in departments] for persona in PERSONAS])
    personas /= np.maximum(personas.sum(axis=1, keepdims=True), 1e-9)
    first = rng.integers(len(PERSONAS), size=shoppers)
    second = rng.integers(len(PERSONAS), size=shoppers)
    first[:2], second[:2] = [0, 1], [0, 1]
    share = rng.beta(2, 5, shoppers)[:, None] * 2 * SECOND_PERSONA
    mixed = (1 - share) * personas[first] + share * personas[second] + CURIOSITY / len(departments)
    attention: Floats = mixed / mixed.sum(axis=1, keepdims=True)
    return attention
