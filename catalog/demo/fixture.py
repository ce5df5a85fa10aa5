"""The demo catalogue as a Django fixture: rows that `loaddata` takes on an empty database."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.text import slugify

from catalog.demo.generator import DemoProduct
from catalog.demo.vocabulary import departments

NAME = "demo_catalogue.json"
Row = dict[str, Any]


def fixture_path() -> Path:
    return Path(settings.FIXTURE_DIRS[0]) / NAME


def fixture_text(products: list[DemoProduct]) -> str:
    """One row a line: compact, and readable in a diff."""
    aisles = _categories()
    rows = [row for row, _ in aisles.values()] + [
        _product_row(number, product, aisles[product.department, product.aisle][1])
        for number, product in enumerate(products, start=1)
    ]
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def read_fixture(path: Path) -> tuple[list[Row], list[Row]]:
    """(categories, products) of the fixture, each row with its `pk` and `fields`."""
    rows: list[Row] = json.loads(path.read_text("utf-8"))
    return (
        [row for row in rows if row["model"] == "catalog.category"],
        [row for row in rows if row["model"] == "catalog.product"],
    )


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _categories() -> dict[tuple[str, str], tuple[Row, int]]:
    """(department, aisle) -> (row, key); a department itself has the aisle ""."""
    rows: dict[tuple[str, str], tuple[Row, int]] = {}

    def add(key: tuple[str, str], name: str, slug: str, parent: int | None, position: int) -> int:
        number = len(rows) + 1
        fields = {"name": name, "slug": slug, "parent": parent, "position": position}
        rows[key] = ({"model": "catalog.category", "pk": number, "fields": fields}, number)
        return number

    for position, department in enumerate(departments()):
        name = department.name
        parent = add((name, ""), name, slugify(name), None, position)
        for place, aisle in enumerate(department.aisles):
            add((name, aisle.name), aisle.name, slugify(aisle.name), parent, place)
    return rows


def _product_row(number: int, product: DemoProduct, category: int) -> Row:
    fields = {
        "sku": product.sku,
        "title": product.title,
        "slug": product.slug,
        "description": product.description,
        "brand": product.brand,
        "category": category,
        "price": str(product.price),
        "stock": product.stock,
        "attributes": product.attributes,
        "is_active": product.is_active,
        "created_at": stamp(product.created_at),
    }
    return {"model": "catalog.product", "pk": number, "fields": fields}
