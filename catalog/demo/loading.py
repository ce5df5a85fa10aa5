"""Puts the demo catalogue into the database, with its dates moved so that it ends now."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from catalog.demo.fixture import Row, fixture_path, read_fixture
from catalog.demo.generator import ANCHOR
from catalog.models import Category, Product

BATCH = 500


class ShopIsNotDemoError(Exception):
    """The database holds products that are not the demo shop's."""


def load_demo_catalogue(*, now: datetime) -> int:
    """Categories by slug and products by SKU, made or (when loaded before) given their new date; how many.

    Raises ShopIsNotDemoError when there are other products, and OSError or ValueError for a broken fixture.
    """
    categories, products = read_fixture(fixture_path())
    skus = {row["fields"]["sku"] for row in products}
    strangers = [sku for sku in Product.objects.values_list("sku", flat=True) if sku not in skus]
    if strangers:
        raise ShopIsNotDemoError(
            f"This database already has {len(strangers):,} products of another shop (such as {strangers[0]})."
        )
    with transaction.atomic():
        keys = _save_categories(categories)
        shift = now - ANCHOR
        Product.objects.bulk_create(
            [_product(row, keys, shift) for row in products],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["sku"],
            update_fields=["created_at"],
        )
    return len(products)


def _save_categories(rows: list[Row]) -> dict[int, int]:
    """The fixture's key -> the database's key; parents come before their aisles in the fixture."""
    keys: dict[int, int] = {}
    for row in rows:
        fields = {**row["fields"]}
        parent = fields.pop("parent")
        fields["parent_id"] = keys[parent] if parent is not None else None
        category, _ = Category.objects.get_or_create(slug=fields.pop("slug"), defaults=fields)
        keys[row["pk"]] = category.pk
    return keys


def _product(row: Row, categories: dict[int, int], shift: timedelta) -> Product:
    fields = {**row["fields"]}
    fields["category_id"] = categories[fields.pop("category")]
    fields["created_at"] = datetime.fromisoformat(fields["created_at"]) + shift
    return Product(**fields)
