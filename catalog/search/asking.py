"""A listing's address: read into one value, with a note for what makes no sense in it, and written back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from django.db import connection
from django.http import QueryDict

from catalog.models import Category
from catalog.search.filters import ATTRIBUTE, STARS, Filters
from catalog.search.words import MAX_LENGTH
from catalog.selectors import Department

RELEVANCE, FOR_YOU, NEWEST, PRICE_UP, PRICE_DOWN, TOP_RATED = (
    "relevance", "for-you", "newest", "price", "-price", "rating"
)  # fmt: skip
SORTS = {
    RELEVANCE: "Best match",
    FOR_YOU: "For you",
    NEWEST: "Newest first",
    PRICE_UP: "Price, low to high",
    PRICE_DOWN: "Price, high to low",
    TOP_RATED: "Top rated",
}
MAX_PRICE = Decimal("99999999.99")
# Longer lists of values than anybody ticks are cut.
MOST_VALUES, MOST_ATTRIBUTES = 20, 6
LEFT_OUT = "it is left out."


@dataclass(frozen=True)
class Asked:
    """What a listing shall show. `sort` is empty for the default: best match with words, else newest."""

    words: str = ""
    filters: Filters = field(default_factory=Filters)
    sort: str = ""

    @property
    def order(self) -> str:
        return self.sort or (RELEVANCE if self.words else NEWEST)

    def filtered(self, filters: Filters) -> Asked:
        return replace(self, filters=filters)

    def pairs(self) -> list[tuple[str, str]]:
        """The address's query, always in the same order and without what says nothing."""
        filters = self.filters
        pairs = [
            ("q", self.words),
            ("department", filters.category.slug if filters.category else ""),
            *(("brand", brand) for brand in filters.brands),
            ("min_price", plain(filters.min_price)),
            ("max_price", plain(filters.max_price)),
            ("rating", str(filters.rating or "")),
            ("in_stock", "1" if filters.in_stock else ""),
            *((ATTRIBUTE + name, value) for name, values in filters.attributes for value in values),
            ("sort", self.sort),
        ]
        return [(name, value) for name, value in pairs if value]

    def query(self, *kept: tuple[str, str]) -> str:
        """ "?..." with what has to stay in the address besides; "?" alone for nothing at all."""
        return "?" + urlencode([*self.pairs(), *kept])


@dataclass(frozen=True)
class Read:
    """What was asked for, and what was not understood: (parameter, what is wrong with it)."""

    asked: Asked
    notes: tuple[tuple[str, str], ...] = ()


def plain(price: Decimal | None) -> str:
    """A price as short as it can be written: 5, 7.5, 1000."""
    if price is None:
        return ""
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read(params: QueryDict, departments: Iterable[Department]) -> Read:
    """Every value that makes sense; the others are noted and left out."""
    notes: list[tuple[str, str]] = []
    low, high = _price(params, "min_price", notes), _price(params, "max_price", notes)
    if low is not None and high is not None and low > high:
        notes.append(("max_price", f"The highest price is below the lowest price; {LEFT_OUT}"))
        high = None
    brands, attributes = _there(params, notes)
    filters = Filters(
        category=_category(params.get("department", ""), departments, notes),
        brands=brands,
        min_price=low,
        max_price=high,
        rating=int(_choice(params, "rating", [str(stars) for stars in STARS], notes) or 0) or None,
        in_stock=_choice(params, "in_stock", ["1"], notes) == "1",
        attributes=attributes,
    )
    sort = _choice(params, "sort", list(SORTS), notes)
    return Read(Asked(_words(params.get("q", ""), notes), filters, sort), tuple(notes))


def _words(text: str, notes: list[tuple[str, str]]) -> str:
    words = " ".join(text.replace("\x00", " ").split())
    if len(words) > MAX_LENGTH:
        notes.append(("q", f"Only the first {MAX_LENGTH} letters of the search were looked for."))
    return words[:MAX_LENGTH].strip()


def _choice(params: QueryDict, name: str, choices: Sequence[str], notes: list[tuple[str, str]]) -> str:
    value = params.get(name, "")
    if value in choices or not value:
        return value
    notes.append(
        (name, f"“{_short(value)}” is not one of the choices for {name.replace('_', ' ')}; {LEFT_OUT}")
    )
    return ""


def _price(params: QueryDict, name: str, notes: list[tuple[str, str]]) -> Decimal | None:
    text = params.get(name, "").strip()
    if not text:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if price.is_nan() or not 0 <= price <= MAX_PRICE:
        notes.append((name, f"“{_short(text)}” is not a price: enter a number from 0 up; {LEFT_OUT}"))
        return None
    return price.quantize(Decimal("0.01"))


def _category(slug: str, departments: Iterable[Department], notes: list[tuple[str, str]]) -> Category | None:
    by_slug = {each.slug: each for shelf in departments for each in (shelf.category, *shelf.aisles)}
    if slug and slug not in by_slug:
        notes.append(("department", f"There is no department “{_short(slug)}”; all of them are shown."))
    return by_slug.get(slug)


def _texts(values: Iterable[str]) -> list[str]:
    """Each value once; those with NUL, which databases refuse, are nobody's."""
    return list(dict.fromkeys(value for value in values if value))[:MOST_VALUES]


def _there(
    params: QueryDict, notes: list[tuple[str, str]]
) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """The brands and the attribute values asked for that a visible product has."""
    names = ["brand", *[name for name in params if name.startswith(ATTRIBUTE)][:MOST_ATTRIBUTES]]
    wanted = [(name, value) for name in names for value in _texts(params.getlist(name))]
    there = _pairs_there([pair for pair in wanted if "\x00" not in "".join(pair)])
    for name, value in wanted:
        if (name, value) not in there:
            what = (
                "There is no brand"
                if name == "brand"
                else f"No product has the {_short(name[len(ATTRIBUTE) :])}"
            )
            notes.append((name, f"{what} “{_short(value)}”; {LEFT_OUT}"))
    kept: dict[str, list[str]] = {}
    for name, value in sorted(there):
        kept.setdefault(name, []).append(value)
    brands = tuple(kept.pop("brand", ()))
    return brands, tuple((name.removeprefix(ATTRIBUTE), tuple(values)) for name, values in kept.items())


def _pairs_there(wanted: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those (parameter, value) that a visible product has, in one query."""
    if not wanted:
        return set()
    brands = [value for name, value in wanted if name == "brand"]
    pairs = [(name.removeprefix(ATTRIBUTE), value) for name, value in wanted if name != "brand"]
    parts = []
    if brands:
        marks = ", ".join(["%s"] * len(brands))
        parts.append(f"SELECT 'brand', brand FROM catalog_product WHERE is_active AND brand IN ({marks})")  # noqa: S608
    if pairs:
        clauses = " OR ".join(["(a.name = %s AND a.value = %s)"] * len(pairs))
        parts.append(
            f"SELECT '{ATTRIBUTE}' || a.name, a.value FROM catalog_search_attribute a"  # noqa: S608
            f" JOIN catalog_product p ON p.id = a.product_id WHERE p.is_active AND ({clauses})"
        )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ".join(parts), [*brands, *(text for pair in pairs for text in pair)])
        return {(name, value) for name, value in cursor.fetchall()}


def _short(text: str) -> str:
    """A value as it may be repeated to whoever sent it."""
    tidy = " ".join(text.replace("\x00", " ").split())
    return tidy if len(tidy) <= 40 else f"{tidy[:39]}…"
