"""When shoppers come and which products they look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from feedback.demo.goods import Goods, Shelf
from feedback.demo.people import Floats, People, Whole

DAY, MONTHS = 86_400, 12
DAYS = 548  # eighteen months
LOOKS_PER_RATING, LOOKS_PER_VISIT, LEAST_VISITS = 1.5, 4.0, 5
TASTE, NOVELTY, NOVELTY_DAYS = 1.0, 0.7, 45
# Calendar months in which a department is busier, and by how much (log).
SEASONS: dict[str, tuple[tuple[int, ...], float]] = {
    "garden": ((3, 4, 5, 6), 0.8),
    "outdoor": ((5, 6, 7, 8), 0.8),
    "cycling": ((4, 5, 6, 7, 8), 0.6),
    "toys": ((11, 12), 1.0),
    "games-puzzles": ((11, 12, 1), 0.7),
    "books": ((12, 1, 2), 0.4),
    "home-textiles": ((10, 11, 12, 1), 0.5),
    "coffee-tea": ((10, 11, 12, 1, 2), 0.3),
    "lighting-decor": ((10, 11, 12), 0.4),
    "sport-wellbeing": ((1, 2, 5, 6), 0.5),
    "stationery": ((9, 12), 0.5),
    "beauty": ((12, 2, 5), 0.3),
}


@dataclass(frozen=True, eq=False)
class Visits:
    """(v,) shopper, and seconds before now of the visit's end (0 or more)."""

    shopper: Whole
    ago: Floats

    def __len__(self) -> int:
        return len(self.shopper)


@dataclass(frozen=True, eq=False)
class Looks:
    """(k,) which visit, which product, seconds before now."""

    visit: Whole
    product: Whole
    ago: Floats


def make_visits(people: People, rng: np.random.Generator) -> Visits:
    """Visits from the day a shopper joined until now, mostly in the evening."""
    counts = np.maximum(LEAST_VISITS, rng.poisson(people.ratings * LOOKS_PER_RATING / LOOKS_PER_VISIT * 1.15))
    shopper = np.repeat(np.arange(len(people.names)), counts)
    # Some drift away: their last visit is well before now.
    loyalty = np.where(rng.random(len(people.names)) < 0.7, 1.0, rng.beta(2, 2, len(people.names)))
    loyalty[:2] = 1.0
    gone = people.joined[shopper]
    moment = gone + (1 - gone) * loyalty[shopper] * rng.random(len(shopper))
    day = np.floor((1 - moment) * DAYS)
    second = np.clip(rng.normal(19.0, 3.5, len(shopper)), 0, 23.9) / 24 * DAY
    return Visits(shopper, np.minimum(DAYS * DAY - 1.0, day * DAY + (DAY - second)))


def make_looks(
    people: People, shelf: Shelf, goods: Goods, taste: Floats, visits: Visits, *, month_now: int,
    rng: np.random.Generator,
) -> Looks:  # fmt: skip
    """A visit is to one department; what is looked at there follows taste, fame, novelty and the date."""
    department = _departments(people, shelf.departments, visits, month_now, rng)
    lengths = 1 + rng.poisson(LOOKS_PER_VISIT - 1, len(visits))
    visit = np.repeat(np.arange(len(visits)), lengths)
    ago = np.minimum(visits.ago[visit] + rng.uniform(20, 1800, len(visit)), DAYS * DAY)
    product = np.full(len(visit), -1, np.int64)
    for each in range(len(shelf.departments)):
        rows = np.flatnonzero(department[visit] == each)
        members = np.flatnonzero(goods.department == each)
        moment = 1 - ago[rows] / (DAYS * DAY)
        draws = (
            _pulls(shelf, goods, members, moment)
            + TASTE * taste[np.ix_(visits.shopper[visit[rows]], members)]
        )
        draws += rng.gumbel(size=draws.shape)
        best = draws.argmax(axis=1)
        there = draws[np.arange(len(rows)), best] > -np.inf
        product[rows] = np.where(there, members[best], -1)
    kept = product >= 0
    return Looks(visit[kept], product[kept], ago[kept])


def _pulls(shelf: Shelf, goods: Goods, members: Whole, moment: Floats) -> Floats:
    """(looks, members): how much each product draws at each moment; -inf before it came."""
    age = (moment[:, None] - shelf.opened[members][None, :]) * DAYS
    pull = goods.appeal[members] + goods.trend[members] * (moment[:, None] - 0.5)
    return np.where(age < 0, -np.inf, pull + NOVELTY * (age < NOVELTY_DAYS))


def _departments(
    people: People, departments: list[str], visits: Visits, month_now: int, rng: np.random.Generator
) -> Whole:
    seasons = np.zeros((MONTHS, len(departments)))
    for position, slug in enumerate(departments):
        for busy in SEASONS.get(slug, ((), 0.0))[0]:
            seasons[busy - 1, position] = SEASONS[slug][1]
    month: Whole = (month_now - 1 - np.floor(visits.ago / DAY / 30.4375).astype(np.int64)) % MONTHS
    pull = np.log(people.departments)[visits.shopper] + seasons[month]
    chosen: Whole = (pull + rng.gumbel(size=pull.shape)).argmax(axis=1)
    return chosen
