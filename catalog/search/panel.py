"""Facets as a page shows them: what can be chosen, how many products that leaves, and where it leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from django.conf import settings

from catalog.models import Category
from catalog.search.asking import Asked
from catalog.search.facets import Band, Counts
from catalog.search.filters import ATTRIBUTE, STARS, Filters
from catalog.selectors import Department, spoken_name

# Choices shown at once; the rest is behind "more".
AT_ONCE = 8
Link = Callable[[Filters], str]


@dataclass(frozen=True)
class Choice:
    """label: what it says. url: the listing with it chosen, or without it when `is_on`."""

    label: str
    value: str
    count: int
    url: str
    is_on: bool = False
    level: int = 0
    stars: int = 0


@dataclass(frozen=True)
class Facet:
    """kind: "links" or "radios" (one of the choices), "boxes" (any of them). key: its parameter."""

    key: str
    title: str
    kind: str
    choices: tuple[Choice, ...]

    @property
    def first(self) -> tuple[Choice, ...]:
        """What is always in sight: the commonest, and whatever is chosen."""
        return tuple(each for place, each in enumerate(self.choices) if place < AT_ONCE or each.is_on)

    @property
    def more(self) -> tuple[Choice, ...]:
        return tuple(each for place, each in enumerate(self.choices) if place >= AT_ONCE and not each.is_on)

    @property
    def is_on(self) -> bool:
        return any(each.is_on for each in self.choices)


@dataclass(frozen=True)
class Chip:
    """A filter that is on. url: the listing without it."""

    label: str
    url: str


def money(amount: Decimal) -> str:
    """A price of a filter: without pence when there are none."""
    return f"{settings.SHOPRECO_CURRENCY}{amount:,.2f}".removesuffix(".00")


def facets(asked: Asked, counts: Counts, departments: Iterable[Department], link: Link) -> list[Facet]:
    """The facets that make sense here: those with something to choose, and those with something chosen."""
    filters = asked.filters
    made = [
        _departments(filters, counts, list(departments), link),
        _stock(filters, counts, link),
        _prices(filters, counts, link),
        _brands(filters, counts, link),
        _stars(filters, counts, link),
        *(_attribute(name, values, filters, link) for name, values in counts.attributes.items()),
    ]
    return [
        facet
        for facet in made
        if facet.choices and (len(facet.choices) > 1 or facet.is_on or facet.key == "in_stock")
    ]


def _departments(filters: Filters, counts: Counts, departments: list[Department], link: Link) -> Facet:
    """All departments; inside one of them that one with its aisles, and the way back to all."""
    chosen = filters.category
    open_one = [each for each in departments if chosen in (each.category, *each.aisles)]
    offered = [each for each in departments if _on_shelves(each, counts)]
    choices = []
    if open_one:
        whole = sum(counts.categories.values())
        choices.append(Choice("All departments", "", whole, link(replace(filters, category=None))))
    for each in open_one or offered:
        shelves = (each.category, *each.aisles) if open_one or len(offered) == 1 else (each.category,)
        for level, category in enumerate(shelves):
            count, is_on = _on_shelf(category, each, counts), category == chosen
            if count or is_on:
                url = link(replace(filters, category=category))
                choices.append(Choice(category.name, category.slug, count, url, is_on, min(level, 1)))
    return Facet("department", "Department", "links", tuple(choices))


def _on_shelves(department: Department, counts: Counts) -> int:
    return sum(counts.categories.get(each.pk, 0) for each in (department.category, *department.aisles))


def _on_shelf(category: Category, department: Department, counts: Counts) -> int:
    """Products of an aisle, or of the whole department."""
    whole = category == department.category
    return _on_shelves(department, counts) if whole else counts.categories.get(category.pk, 0)


def _stock(filters: Filters, counts: Counts, link: Link) -> Facet:
    tells = 0 < counts.in_stock < counts.any_stock or filters.in_stock
    url = link(replace(filters, in_stock=not filters.in_stock))
    choice = Choice("In stock only", "1", counts.in_stock, url, filters.in_stock)
    return Facet("in_stock", "Availability", "boxes", (choice,) if tells else ())


def _prices(filters: Filters, counts: Counts, link: Link) -> Facet:
    choices = []
    for band in counts.bands:
        is_on = (filters.min_price, filters.max_price) == (band.low, band.last)
        low, high = (None, None) if is_on else (band.low, band.last)
        url = link(replace(filters, min_price=low, max_price=high))
        choices.append(Choice(band_label(band), "", band.count, url, is_on))
    return Facet("price", "Price", "links", tuple(choices))


def band_label(band: Band) -> str:
    if band.low is None:
        return f"Under {money(band.high or Decimal(0))}"
    return f"{money(band.low)} and up" if band.high is None else f"{money(band.low)} to {money(band.high)}"


def _brands(filters: Filters, counts: Counts, link: Link) -> Facet:
    choices = tuple(
        Choice(
            brand,
            brand,
            count,
            link(replace(filters, brands=_toggled(filters.brands, brand))),
            brand in filters.brands,
        )
        for brand, count in counts.brands.items()
    )
    return Facet("brand", "Brand", "boxes", choices)


def _stars(filters: Filters, counts: Counts, link: Link) -> Facet:
    choices, seen = [], {counts.any_stars}
    for stars in STARS:
        count, is_on = counts.stars[stars], filters.rating == stars
        # Fewer stars that let nothing more through are no choice.
        if (count and count not in seen) or is_on:
            url = link(replace(filters, rating=None if is_on else stars))
            choices.append(Choice(f"{stars} stars and up", str(stars), count, url, is_on, stars=stars))
        seen.add(count)
    anything = Choice(
        "Any rating", "", counts.any_stars, link(replace(filters, rating=None)), filters.rating is None
    )
    return Facet("rating", "Rating", "radios", (anything, *choices) if choices else ())


def _attribute(name: str, values: dict[str, int], filters: Filters, link: Link) -> Facet:
    chosen = filters.values_of(name)
    choices = tuple(
        Choice(
            value, value, count, link(filters.with_attribute(name, _toggled(chosen, value))), value in chosen
        )
        for value, count in values.items()
    )
    return Facet(f"{ATTRIBUTE}{name}", spoken_name(name), "boxes", choices)


def _toggled(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return (
        tuple(each for each in values if each != value)
        if value in values
        else tuple(sorted([*values, value]))
    )


def chips(filters: Filters, link: Link) -> list[Chip]:
    """Everything that is on, each with the way to take it off."""
    made = []
    if filters.category:
        made.append(Chip(filters.category.name, link(replace(filters, category=None))))
    made += [
        Chip(brand, link(replace(filters, brands=_toggled(filters.brands, brand))))
        for brand in filters.brands
    ]
    if filters.min_price is not None or filters.max_price is not None:
        made.append(Chip(_price_words(filters), link(replace(filters, min_price=None, max_price=None))))
    if filters.rating:
        made.append(Chip(f"{filters.rating} stars and up", link(replace(filters, rating=None))))
    if filters.in_stock:
        made.append(Chip("In stock", link(replace(filters, in_stock=False))))
    for name, values in filters.attributes:
        made += [
            Chip(f"{spoken_name(name)}: {value}", link(filters.with_attribute(name, _toggled(values, value))))
            for value in values
        ]
    return made


def ways_out(filters: Filters, counts: Counts, link: Link) -> list[Chip]:
    """From an empty listing: which one facet to let go of, of those that bring something back."""
    category, attributes = filters.category, dict(filters.attributes)
    has_price = filters.min_price is not None or filters.max_price is not None
    letting_go = [
        (category and category.name, replace(filters, category=None), sum(counts.categories.values())),
        (" or ".join(filters.brands), replace(filters, brands=()), sum(counts.brands.values())),
        (
            has_price and _price_words(filters),
            replace(filters, min_price=None, max_price=None),
            counts.any_price,
        ),
        (
            filters.rating and f"{filters.rating} stars and up",
            replace(filters, rating=None),
            counts.any_stars,
        ),
        (filters.in_stock and "In stock", replace(filters, in_stock=False), counts.any_stock),
    ]
    letting_go += [
        (f"{spoken_name(name)}: {' or '.join(values)}", filters.with_attribute(name, ()),
         sum(counts.attributes.get(name, {}).values()))
        for name, values in attributes.items()
    ]  # fmt: skip
    found = [Chip(f"Without “{label}”", link(looser)) for label, looser, left in letting_go if label and left]
    return found if found or not filters else [Chip("Without all filters", link(Filters()))]


def _price_words(filters: Filters) -> str:
    if filters.min_price is None:
        return f"Up to {money(filters.max_price or Decimal(0))}"
    if filters.max_price is None:
        return f"From {money(filters.min_price)}"
    return f"{money(filters.min_price)} to {money(filters.max_price)}"
