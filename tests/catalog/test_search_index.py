"""The index follows every way in which products and categories change."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from catalog.demo.loading import load_demo_catalogue
from catalog.models import Category, Product
from catalog.search import index
from catalog.search.finding import find
from catalog.search.words import parse
from tests.catalog.test_admin_product_import import confirm, upload
from tests.factories import make_category, make_product
from tests.staff import admin_client

pytestmark = pytest.mark.django_db


def found(words: str) -> list[str]:
    skus = dict(Product.objects.values_list("pk", "sku"))
    return sorted(skus[pk] for pk in index.match(parse(words)))


def values_of(name: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM catalog_search_attribute WHERE name = %s", [name])
        return {value for (value,) in cursor.fetchall()}


def test_saving_changing_and_deleting_a_product() -> None:
    product = make_product("Velvet chair", sku="a", attributes={"colour": "blue"})
    assert found("velvet") == ["a"]
    product.title, product.attributes = "Linen chair", {"colour": "red"}
    product.save()
    assert (found("velvet"), found("linen"), values_of("colour")) == ([], ["a"], {"red"})
    product.delete()
    assert (found("linen"), values_of("colour")) == ([], set())


def test_a_deleted_products_words_are_no_corrections_any_more() -> None:
    make_product("Zeppelin").delete()
    assert "zeppelin" not in dict(index.vocabulary())


def test_bulk_create_bulk_update_and_update() -> None:
    Product.objects.bulk_create([Product(sku=f"p{n}", title=f"Lamp {n}") for n in range(3)])
    assert found("lamp") == ["p0", "p1", "p2"]
    products = list(Product.objects.all())
    for product in products:
        product.brand = "Lumen"
    Product.objects.bulk_update(products, ["brand"])
    assert found("lumen") == ["p0", "p1", "p2"]
    Product.objects.filter(sku="p1").update(title="Torch", description="brighter")
    assert (found("lamp"), found("torch"), found("brighter")) == (["p0", "p2"], ["p1"], ["p1"])
    Product.objects.filter(sku__in=["p0", "p2"]).delete()
    assert found("lumen") == ["p1"]


def test_an_upsert_changes_what_is_there_and_adds_what_is_not() -> None:
    make_product("Old words", sku="a", attributes={"size": "S"})
    Product.objects.bulk_create(
        [
            Product(sku="a", title="New words", attributes={"size": "L"}),
            Product(sku="b", title="Other words"),
        ],
        update_conflicts=True, unique_fields=["sku"], update_fields=["title", "attributes"],
    )  # fmt: skip
    assert (found("old"), found("new"), found("words")) == ([], ["a"], ["a", "b"])
    assert values_of("size") == {"L"}


def test_bulk_create_that_ignores_conflicts_leaves_the_old_row_found() -> None:
    make_product("Old words", sku="a")
    Product.objects.bulk_create([Product(sku="a", title="New words")], ignore_conflicts=True)
    assert (found("old"), found("new")) == (["a"], [])


def test_raw_sql_does_not_get_round_it() -> None:
    make_product("Old words", sku="a")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_product SET title = 'New words' WHERE sku = 'a'")
    assert (found("old"), found("new")) == ([], ["a"])


def test_a_renamed_category_and_one_that_moves() -> None:
    garden, kitchen = make_category("Garden"), make_category("Kitchen")
    tools = make_category("Tools", parent=garden)
    make_product("Trowel", sku="a", category=tools)
    Category.objects.filter(pk=garden.pk).update(name="Allotment")
    assert (found("garden"), found("allotment")) == ([], ["a"])
    tools.name = "Implements"
    tools.save()
    assert (found("tools"), found("implements")) == ([], ["a"])
    tools.parent = kitchen
    tools.save()
    assert (found("allotment"), found("kitchen")) == ([], ["a"])
    assert find("implemnts") is not None
    assert "kitchen" in dict(index.vocabulary("kit"))


def test_a_product_that_changes_its_category() -> None:
    product = make_product("Trowel", sku="a", category=make_category("Garden"))
    product.category = make_category("Toys")
    product.save()
    assert (found("garden"), found("toys")) == ([], ["a"])


def test_stock_price_and_ratings_do_not_touch_the_index(django_assert_num_queries: Any) -> None:
    product = make_product("Trowel", sku="a")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_search")
    Product.objects.filter(pk=product.pk).update(stock=0, price="1", rating_count=3, rating_total=9)
    assert found("trowel") == []
    Product.objects.filter(pk=product.pk).update(title="Trowel 2")
    assert found("trowel") == ["a"]


def test_a_change_that_is_taken_back_is_taken_back_here_too() -> None:
    make_product("Old words", sku="a")

    class RegretError(Exception):
        """The change is not wanted after all."""

    with pytest.raises(RegretError), transaction.atomic():
        Product.objects.update(title="New words")
        make_product("More words", sku="b")
        raise RegretError
    assert (found("words"), found("new")) == (["a"], [])


def test_a_fixture_and_the_demo_shop(tmp_path: Path) -> None:
    load_demo_catalogue(now=timezone.now())
    assert len(found("teapot")) > 5
    load_demo_catalogue(now=timezone.now())
    call_command("dumpdata", "catalog", output=str(tmp_path / "shop.json"), stdout=StringIO())
    Product.objects.all().delete()
    Category.objects.filter(parent__isnull=False).delete()
    Category.objects.all().delete()
    assert found("teapot") == []
    call_command("loaddata", str(tmp_path / "shop.json"), stdout=StringIO())
    assert len(found("teapot")) > 5


def test_a_product_saved_and_a_file_imported_in_the_admin() -> None:
    client = admin_client()
    rows = "sku,title,description,brand,category,price,stock,visible,attributes\n"
    confirm(client, upload(client, rows + 'a,Velvet chair,,,,9.50,3,yes,"{""colour"": ""blue""}"\n'))
    assert (found("velvet"), values_of("colour")) == (["a"], {"blue"})
    confirm(client, upload(client, rows + "a,Linen chair,,,,9.50,3,yes,{}\n"))
    assert (found("velvet"), found("linen"), values_of("colour")) == ([], ["a"], set())


def test_an_import_of_ratings_with_titles(tmp_path: Path) -> None:
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("user,item,stars,name\nann,BOOK-1,5,Moby Dick\n")
    columns = "shopper=user,product=item,rating=stars,title=name"
    call_command(
        "import_data", "csv", str(ratings), "--columns", columns, stdout=StringIO(), stderr=StringIO()
    )
    assert found("moby") == ["BOOK-1"]
    ratings.write_text("user,item,stars,name\nann,BOOK-1,5,The Whale\n")
    call_command(
        "import_data", "csv", str(ratings), "--columns", columns, stdout=StringIO(), stderr=StringIO()
    )
    assert (found("moby"), found("whale")) == ([], ["BOOK-1"])


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"colour": "blue"}, {("colour", "blue")}),
        ({"sizes": ["S", "M", 4]}, {("sizes", "S"), ("sizes", "M"), ("sizes", "4")}),
        ({"washable": True, "toxic": False}, {("washable", "Yes"), ("toxic", "No")}),
        ({"care": {"wash": "cold"}, "x": None, "y": [], "z": [None, {"a": 1}]}, set()),
        ({"long": "x" * 61, "n" * 41: "v", "": "v", "blank": "  "}, set()),
        ({"colour": " blue "}, {("colour", "blue")}),
        (["blue"], set()),
        ("blue", set()),
        (3, set()),
        ({}, set()),
        ({"a.b'\"%s": "x'; DROP TABLE x; --"}, {("a.b'\"%s", "x'; DROP TABLE x; --")}),
    ],
)  # fmt: skip
def test_plain_attribute_values_become_choices(attributes: Any, expected: set[tuple[str, str]]) -> None:
    make_product(attributes=attributes)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, value FROM catalog_search_attribute")
        assert set(cursor.fetchall()) == expected


def test_a_whole_index_is_left_alone_and_a_missing_one_is_made_with_what_there_is() -> None:
    make_product("Velvet chair", sku="a", attributes={"colour": "blue"}, category=make_category("Garden"))
    assert index.make_sure() is False
    index.remove()
    assert index.make_sure() is True
    assert found("velvet") == found("garden") == ["a"]
    assert values_of("colour") == {"blue"}


def test_a_lost_trigger_is_noticed_after_the_next_migrate() -> None:
    with connection.cursor() as cursor:
        on_table = " ON catalog_product" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER catalog_search_update{on_table}")
    product = make_product("Old words", sku="a")
    Product.objects.filter(pk=product.pk).update(title="New words")
    assert found("new") == []
    call_command("migrate", verbosity=0)
    assert found("new") == ["a"]
    product.title = "Newer still"
    product.save()
    assert found("newer") == ["a"]


def test_a_migration_of_the_catalogue_finds_its_tables_without_triggers() -> None:
    class Migration:
        app_label = "catalog"

    index.before_migrate(plan=[(Migration(), False)], using="default")
    with connection.cursor() as cursor:
        assert not index._language("default").is_whole(cursor)
    index.after_migrate(using="default")
    assert index.make_sure() is False
