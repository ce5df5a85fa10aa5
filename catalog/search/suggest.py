"""What is offered while a shopper types: departments, brands and products that can be seen in the shop."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.http import urlencode

from catalog.models import Category, Product, ProductQuerySet
from catalog.search.finding import find
from catalog.search.words import fold, parse
from catalog.selectors import departments

MOST_PRODUCTS, MOST_OTHERS = 5, 3
# Fewer letters than this say nothing yet.
LEAST_LETTERS = 2


@dataclass(frozen=True)
class Suggestion:
    """kind: "department", "brand" or "product". note: what stands beside it. picture: of a product."""

    kind: str
    label: str
    url: str
    note: str = ""
    picture: str = ""
    price: Decimal | None = None


@dataclass(frozen=True)
class Suggestions:
    """shown: the words the products were found by, when those typed found none."""

    items: tuple[Suggestion, ...] = ()
    shown: str = ""


def suggestions(typed: str) -> Suggestions:
    """For what was typed so far; nothing for a letter, and for signs without letters."""
    query = parse(typed)
    if sum(len(word) for term in query.terms for word in term) < LEAST_LETTERS:
        return Suggestions()
    found = find(query.text)
    if found is None:
        return Suggestions()
    visible = Product.objects.public()
    products = visible.for_cards().in_bulk(found.ids[:MOST_PRODUCTS])
    shown = [products[pk] for pk in found.ids[:MOST_PRODUCTS] if pk in products]
    items = [*_departments(query.text, visible), *_brands(query.text, visible), *map(_product, shown)]
    return Suggestions(tuple(items), found.shown)


def _product(product: Product) -> Suggestion:
    note = product.category.name if product.category else product.brand
    return Suggestion(
        "product", product.title, product.get_absolute_url(), note, product.picture_url, product.price or None
    )


def _departments(typed: str, visible: ProductQuerySet) -> list[Suggestion]:
    """Departments and aisles with a word that begins as the words typed; empty ones are not offered."""
    every = [(each, shelf) for shelf in departments() for each in (shelf.category, *shelf.aisles)]
    named = [(each, shelf) for each, shelf in every if _begins(each.name, typed)][: 2 * MOST_OTHERS]
    if not named:
        return []
    ids = {each.pk for each, _ in named}
    in_sight = Exists(visible.filter(category=OuterRef("pk")))
    within = Category.objects.filter(Q(pk__in=ids) | Q(parent__in=ids)).filter(in_sight).order_by()
    filled = {pk for shelf in within.values_list("pk", "parent_id") for pk in shelf}
    return [
        Suggestion("department", each.name, each.get_absolute_url(), _place(each, shelf.category))
        for each, shelf in named
        if each.pk in filled
    ][:MOST_OTHERS]


def _place(category: Category, department: Category) -> str:
    return "Department" if category == department else f"in {department.name}"


def _brands(typed: str, visible: ProductQuerySet) -> list[Suggestion]:
    first = parse(typed).text.split()[0]
    likely = (
        visible.filter(brand__icontains=first).order_by("brand").values_list("brand", flat=True).distinct()
    )
    named = [brand for brand in likely[:50] if _begins(brand, typed)]
    listing = reverse("catalog:products")
    return [
        Suggestion("brand", brand, f"{listing}?{urlencode({'brand': brand})}", "Brand")
        for brand in named[:MOST_OTHERS]
    ]


def _begins(name: str, typed: str) -> bool:
    """Whether every word typed begins a word of the name."""
    words = [word for term in parse(name).terms for word in term]
    return all(
        any(word.startswith(start) for word in words) for term in parse(fold(typed)).terms for start in term
    )
