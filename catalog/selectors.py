"""Reading the catalogue for its pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalog.models import Category


@dataclass(frozen=True)
class Department:
    """A department and its aisles, for menus and filters."""

    category: Category
    aisles: tuple[Category, ...]


def departments() -> list[Department]:
    """Every department with its aisles in the shop's order, in one query."""
    categories = list(Category.objects.all())
    tops = {category.pk: category for category in categories if category.parent_id is None}
    aisles: dict[int, list[Category]] = {}
    for category in categories:
        if category.parent_id is not None:
            category.parent = tops[category.parent_id]
            aisles.setdefault(category.parent_id, []).append(category)
    return [Department(category, tuple(aisles.get(category.pk, ()))) for category in tops.values()]


def attribute_rows(attributes: Any) -> list[tuple[str, str]]:
    """A product's attributes as (name, value) for a table, whatever JSON an import has put there."""
    if not isinstance(attributes, dict):
        return []
    return [
        (spoken_name(name), _spoken(value)) for name, value in attributes.items() if value not in (None, "")
    ]


def spoken_name(name: object) -> str:
    """An attribute's name as a shopper reads it."""
    text = str(name).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def _spoken(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(_spoken(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_spoken(part)}" for name, part in value.items())
    return str(value)
