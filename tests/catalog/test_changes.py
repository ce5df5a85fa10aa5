"""Whatever writes to the shop moves its version on, and only what lists depend on does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from catalog.changes import watching
from catalog.changes.models import ProductChange, ShopState
from catalog.changes.reading import Stamp, changed_products, new_epoch, stamp
from catalog.models import Category, Product
from recommendations.models import MerchandisingRule, ModelVersion
from shopreco.models import ApiKey
from tests.factories import NOW, make_category, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db


def moves(call: Any) -> bool:
    """Whether a call moved the version on."""
    before = stamp()
    call()
    return stamp() != before


def changes_of(call: Any) -> list[int] | None:
    """The products that a call changed; None for perhaps all."""
    before = stamp().version
    call()
    return changed_products(since=before, most=100)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("title", "Another"), ("price", "99.50"), ("is_active", False), ("stock", 0), ("brand", "Else"),
        ("sku", "OTHER"), ("image", "products/a.png"), ("created_at", NOW - timedelta(days=9)),
    ],
)  # fmt: skip
def test_what_a_list_shows_of_a_product_counts_however_it_is_written(column: str, value: Any) -> None:
    pot, pan = make_product(stock=5), make_product(stock=5)
    assert changes_of(lambda: Product.objects.filter(pk=pot.pk).update(**{column: value})) == [pot.pk]
    setattr(pan, column, f"{value}2" if column == "sku" else value)
    assert changes_of(pan.save) == [pan.pk]


def test_sql_of_somebody_elses_counts_too() -> None:
    pot = make_product()

    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_product SET price = 3 WHERE id = %s", [pot.pk])

    assert changes_of(write) == [pot.pk]


def test_coming_and_going_count() -> None:
    before = stamp().version
    pot = make_product()
    assert changed_products(since=before, most=9) == [pot.pk]
    pk = pot.pk
    assert changes_of(pot.delete) == [pk]


def test_a_sale_counts_only_when_it_empties_or_fills_the_shelf() -> None:
    pot = make_product(stock=3)
    sell = Product.objects.filter(pk=pot.pk)
    assert not moves(lambda: sell.update(stock=2))
    assert moves(lambda: sell.update(stock=0))
    assert moves(lambda: sell.update(stock=7))


def test_ratings_descriptions_and_saving_the_same_do_not_count() -> None:
    pot, ann = make_product(), make_shopper()
    pot.refresh_from_db()
    assert not moves(lambda: make_rating(ann, pot, 5))
    assert not moves(lambda: Product.objects.filter(pk=pot.pk).update(description="Round."))
    pot.refresh_from_db()
    assert not moves(pot.save)


def test_a_category_may_change_every_product() -> None:
    garden = make_category("Garden")
    assert changes_of(lambda: Category.objects.filter(pk=garden.pk).update(slug="gardens")) is None
    assert not moves(lambda: Category.objects.filter(pk=garden.pk).update(position=3))


def test_rules_keys_and_models_count_and_change_no_product() -> None:
    for made in (
        lambda: MerchandisingRule.objects.create(name="x", action="drop", brand="x"),
        lambda: MerchandisingRule.objects.update(is_active=False),
        lambda: ApiKey.issue("shop"),
        lambda: ApiKey.objects.update(revoked_at=NOW),
        lambda: ModelVersion.objects.create(data_watermark=NOW, folder="a", is_live=True),
        lambda: ModelVersion.objects.update(is_live=False),
        lambda: MerchandisingRule.objects.all().delete(),
    ):
        before = stamp()
        made()
        assert stamp() != before
        assert changed_products(since=before.version, most=9) == []
    assert not moves(lambda: ModelVersion.objects.update(metrics={"a": 1}))


def test_more_changes_than_asked_for_are_everything() -> None:
    before = stamp().version
    for _ in range(4):
        make_product()
    assert changed_products(since=before, most=3) is None
    assert len(changed_products(since=before, most=4) or ()) == 4


def test_rows_written_in_bulk_count_each() -> None:
    before = stamp().version
    Product.objects.bulk_create(Product(sku=f"B-{n}", title="Bulk", slug="bulk") for n in range(50))
    Product.objects.bulk_create([Product(sku="B-1", title="Again", slug="b")], ignore_conflicts=True)
    assert len(changed_products(since=before, most=100) or ()) == 50


def test_what_is_rolled_back_never_was() -> None:
    before = stamp()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_product()
        _ = 1 / 0
    assert stamp() == before


def test_a_lost_row_is_made_again_of_another_time() -> None:
    before = stamp()
    ShopState.objects.all().delete()
    assert stamp() == Stamp()
    make_product()
    after = stamp()
    assert after.version == 1 and after.epoch not in ("", before.epoch)


def test_changes_of_a_lost_time_are_none_of_the_next() -> None:
    """`flush` of SQLite empties table after table: products gone after their changes leave new ones."""
    earlier = [make_product() for _ in range(5)]
    ProductChange.objects.all().delete()
    for each in earlier:
        each.delete()
    ShopState.objects.all().delete()
    pot = make_product()
    since = stamp().version
    assert changed_products(since=0, most=100) == [pot.pk]
    assert changes_of(lambda: Product.objects.filter(pk=pot.pk).update(price=7)) == [pot.pk]
    assert stamp().version > since


def test_a_new_epoch_is_another_time() -> None:
    make_product()
    before = stamp()
    new_epoch("after-the-restore")
    assert stamp() == Stamp("after-the-restore", before.version)


def test_lost_triggers_are_made_again_and_the_catalogue_is_looked_at_anew() -> None:
    watching.remove()
    pot = make_product()
    before = stamp()
    assert not moves(lambda: Product.objects.filter(pk=pot.pk).update(price=1))
    assert watching.make_sure()
    assert changed_products(since=before.version, most=9) is None
    assert moves(lambda: Product.objects.filter(pk=pot.pk).update(price=2))
    assert not watching.make_sure(), "they are whole"


def test_migrate_leaves_them_whole() -> None:
    call_command("migrate", verbosity=0)
    assert not watching.make_sure()
    assert moves(make_product)
