"""A listing as a page shows it: products, facets, chips, sorts, and what to say about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from catalog.models import Category, ProductQuerySet
from catalog.search import facets
from catalog.search.asking import FOR_YOU, NEWEST, RELEVANCE, SORTS, Asked, Read, plain
from catalog.search.filters import Filters
from catalog.search.finding import Found
from catalog.search.listing import RankedProducts, listed, select
from catalog.search.panel import Chip, Facet, Link, chips, ways_out
from catalog.search.panel import facets as shown_facets
from catalog.search.personal import PersonalOrder
from catalog.selectors import Department

MOST_DEPARTMENTS = 6


@dataclass(frozen=True)
class Browsing:
    """kept: (parameter, value) pairs all links of the page carry on. ways_out: for an empty result."""

    asked: Asked
    notes: tuple[tuple[str, str], ...]
    found: Found | None
    products: ProductQuerySet | RankedProducts
    total: int
    facets: tuple[Facet, ...]
    chips: tuple[Chip, ...]
    sorts: tuple[tuple[str, str], ...]
    ways_out: tuple[Chip, ...]
    shelves: tuple[Category, ...]
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def is_searching(self) -> bool:
        return bool(self.asked.words)

    @property
    def wrong(self) -> set[str]:
        """The parameters that made no sense."""
        return {name for name, _ in self.notes}

    @property
    def has_price_bands(self) -> bool:
        return any(facet.key == "price" for facet in self.facets)

    @property
    def low(self) -> str:
        return plain(self.asked.filters.min_price)

    @property
    def high(self) -> str:
        return plain(self.asked.filters.max_price)

    @property
    def all_off(self) -> str:
        return self.asked.filtered(Filters()).query(*self.kept)

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What the filter form sends besides its own fields."""
        own = {"q", "department", "sort"}
        return [pair for pair in (*self.asked.pairs(), *self.kept) if pair[0] in own | dict(self.kept).keys()]

    @property
    def carried_by_sort(self) -> list[tuple[str, str]]:
        """What the sort form sends besides the order."""
        return [pair for pair in (*self.asked.pairs(), *self.kept) if pair[0] != "sort"]

    @property
    def meant_url(self) -> str:
        return replace(self.asked, words=self.found.meant if self.found else "").query(*self.kept)

    def page_query(self, number: int) -> str:
        """The address's query of another page of this listing."""
        page = (("page", str(number)),) if number > 1 else ()
        query = self.asked.query(*page, *self.kept)
        return "" if query == "?" else query

    def canonical_query(self, number: int) -> str:
        """The query of the one address search engines should know: neither sort nor shopper."""
        page = (("page", str(number)),) if number > 1 else ()
        query = replace(self.asked, sort="").query(*page)
        return "" if query == "?" else query


def browse(
    read: Read,
    departments: Sequence[Department],
    personal: PersonalOrder | None = None,
    *,
    kept: tuple[tuple[str, str], ...] = (),
) -> Browsing:
    """Everything a listing page needs, but for the rows of its products."""
    asked, notes = _sorted_as_possible(read, personal)
    selection = select(asked.words)
    if asked.words and selection.found is None:
        notes = (
            *notes,
            ("q", f"There is no letter or digit in “{asked.words}” to look for; everything is shown."),
        )
    counts = facets.count(selection.base, asked.filters)
    products = listed(selection, asked, personal)
    link = partial(_link, asked, kept)
    shown = tuple(chips(asked.filters, link))
    return Browsing(
        asked=asked,
        notes=notes,
        found=selection.found,
        products=products,
        total=len(products) if isinstance(products, RankedProducts) else counts.total,
        facets=tuple(shown_facets(asked, counts, departments, link)),
        chips=shown,
        sorts=_sorts(asked, selection.found, personal),
        ways_out=() if counts.total else tuple(_ways_out(asked, selection.found, counts, link)),
        shelves=() if counts.total else tuple(each.category for each in departments[:MOST_DEPARTMENTS]),
        kept=kept,
    )


def _link(asked: Asked, kept: tuple[tuple[str, str], ...], filters: Filters) -> str:
    return asked.filtered(filters).query(*kept)


def _sorted_as_possible(
    read: Read, personal: PersonalOrder | None
) -> tuple[Asked, tuple[tuple[str, str], ...]]:
    """The default order is not written down, and one that cannot be had is said so."""
    asked = read.asked
    if asked.sort == FOR_YOU and personal is None:
        note = "There is nothing yet to sort by your taste: rate a few products, then “For you” can."
        return replace(asked, sort=""), (*read.notes, ("sort", note))
    if asked.sort == RELEVANCE and not asked.words:
        return replace(asked, sort=""), read.notes
    return (replace(asked, sort="") if asked.sort == replace(asked, sort="").order else asked), read.notes


def _sorts(asked: Asked, found: Found | None, personal: PersonalOrder | None) -> tuple[tuple[str, str], ...]:
    """(value, words) of the orders there are; the default's value is empty."""
    left_out = {name for name, there in ((RELEVANCE, found), (FOR_YOU, personal)) if not there}
    default = RELEVANCE if asked.words and found else NEWEST
    return tuple(
        ("" if name == default else name, words) for name, words in SORTS.items() if name not in left_out
    )


def _ways_out(asked: Asked, found: Found | None, counts: facets.Counts, link: Link) -> list[Chip]:
    """From nothing to something: without one of the filters, or with fewer words."""
    if found is None or found.ids:
        return ways_out(asked.filters, counts, link)
    if not found.missing and len(found.helpful) < 2:
        return []
    # What is left of the search without the unknown words; when every word is known, each on its own.
    words = (" ".join(found.helpful),) if found.missing else found.helpful
    # A filter is no help here, and would be one more thing in the way.
    loose = replace(asked, filters=Filters(category=asked.filters.category))
    return [Chip(f"Search for “{each}”", replace(loose, words=each).query()) for each in words if each]
