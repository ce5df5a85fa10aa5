"""What the demo shop sells, as columns a behaviour can be drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback.demo.people import STYLES, Floats, People, Whole

# Aisle -> the aisles whose products are bought with it.
GOES_WITH = {
    "tents-shelters": ("sleeping-bags-mats", "camp-kitchen", "torches-navigation"),
    "sleeping-bags-mats": ("tents-shelters", "backpacks"),
    "coffee-beans": ("brewers-grinders", "mugs-cups"),
    "loose-tea": ("kettles-teapots", "mugs-cups"),
    "brewers-grinders": ("coffee-beans",),
    "kettles-teapots": ("loose-tea",),
    "house-plants": ("pots-planters",),
    "seeds-bulbs": ("garden-tools", "pots-planters"),
    "turntables": ("vinyl-records",),
    "vinyl-records": ("turntables",),
    "microphones-recording": ("headphones",),
    "bikes": ("helmets", "lights-locks", "tools-pumps"),
    "helmets": ("lights-locks",),
    "notebooks": ("pens-pencils",),
    "pens-pencils": ("notebooks",),
    "cookware": ("cookery-books", "knives-boards"),
    "cookery-books": ("cookware", "bakeware"),
    "bedding": ("throws-blankets",),
    "cushions": ("throws-blankets",),
    "chairs-stools": ("cushions",),
    "tables-desks": ("lamps", "chairs-stools"),
    "board-games": ("card-games", "dice-role-playing"),
    "wooden-toys": ("childrens-books",),
    "soft-toys": ("childrens-books",),
    "yoga-pilates": ("running-swimming",),
    "skincare": ("soap-bath",),
    "frames-prints": ("vases",),
    "fiction": ("fiction", "loose-tea"),
    "crime-mystery": ("crime-mystery",),
}
PARTNERS = 2
STYLE_SHARE, PRICE_SHARE, ATTENTION_SHARE = 0.9, 0.2, 0.3


@dataclass(frozen=True, eq=False)
class Shelf:
    """The products as the shop knows them; n products, `department` and `aisle` are slugs.

    opened: (n,) share of the whole period gone when the product came, below 0 for those there before.
    """

    department: NDArray[np.str_]
    aisle: NDArray[np.str_]
    brand: NDArray[np.str_]
    price: Floats
    opened: Floats

    def __len__(self) -> int:
        return len(self.price)

    @property
    def departments(self) -> list[str]:
        return [str(slug) for slug in np.unique(self.department)]


@dataclass(frozen=True, eq=False)
class Goods:
    """The products as shoppers find them; n products.

    department: (n,) position in `Shelf.departments`. style: (n, STYLES). dear: (n,) price against the
    aisle's. quality: (n,) stars above or below the rest. appeal: (n,) log popularity; trend: its change
    over the period. partners: (n, PARTNERS) what it is bought with, itself where there is none.
    """

    department: Whole
    style: Floats
    dear: Floats
    quality: Floats
    appeal: Floats
    trend: Floats
    partners: Whole


def make_goods(shelf: Shelf, rng: np.random.Generator) -> Goods:
    """Brands have a style, aisles a character, each department its best sellers."""
    aisles, aisle = np.unique(shelf.aisle, return_inverse=True)
    brands, brand = np.unique(shelf.brand, return_inverse=True)
    department = np.unique(shelf.department, return_inverse=True)[1]
    style = (
        0.8 * rng.normal(0, 1, (len(brands), STYLES))[brand]
        + 0.5 * rng.normal(0, 1, (len(aisles), STYLES))[aisle]
        + 0.45 * rng.normal(0, 1, (len(shelf), STYLES))
    )
    appeal = _best_sellers(department, rng)
    return Goods(
        department=department,
        style=style / style.std(),
        dear=_within(np.log(shelf.price + 1), aisle),
        quality=rng.normal(0, 0.35, len(shelf)),
        appeal=appeal,
        trend=rng.normal(0, 0.7, len(shelf)),
        partners=_partners(shelf.aisle, appeal, rng),
    )


def affinity(people: People, goods: Goods) -> Floats:
    """(shoppers, products) how well a product suits a shopper, about standard normal; of low rank."""
    style = people.style @ goods.style.T / np.sqrt(STYLES)
    price = np.outer(people.price, goods.dear)
    attention = np.log(people.departments)[:, goods.department]
    attention = (attention - attention.mean()) / max(float(attention.std()), 1e-9)
    suits: Floats = STYLE_SHARE * style + PRICE_SHARE * price + ATTENTION_SHARE * attention
    return suits


def _best_sellers(department: Whole, rng: np.random.Generator) -> Floats:
    """Log popularity that falls with the rank inside the department, as in Zipf's law."""
    shuffled = rng.permutation(len(department))
    appeal = np.empty(len(department))
    for each in np.unique(department):
        members = shuffled[department[shuffled] == each]
        appeal[members] = -0.7 * np.log(np.arange(1, len(members) + 1) + 2)
    return appeal


def _partners(aisle: NDArray[np.str_], appeal: Floats, rng: np.random.Generator) -> Whole:
    partners = np.repeat(np.arange(len(aisle))[:, None], PARTNERS, axis=1)
    for product, slug in enumerate(aisle):
        others = np.flatnonzero(np.isin(aisle, GOES_WITH.get(str(slug), ())))
        others = others[others != product]
        if len(others) >= PARTNERS:
            weight = np.exp(appeal[others])
            partners[product] = rng.choice(others, PARTNERS, replace=False, p=weight / weight.sum())
    return partners


def _within(values: Floats, groups: Whole) -> Floats:
    """Values against their own group's mean, in standard deviations of all."""
    sizes = np.bincount(groups)
    centred = values - (np.bincount(groups, values) / sizes)[groups]
    scaled: Floats = centred / max(float(centred.std()), 1e-9)
    return scaled
