"""The demo catalogue: the same from the same seed, and a shop one can believe in."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from catalog.demo.fixture import fixture_path, fixture_text, read_fixture
from catalog.demo.generator import ANCHOR, DemoProduct, charm_price, demo_products
from catalog.demo.loading import ShopIsNotDemoError, load_demo_catalogue
from catalog.demo.vocabulary import Kind, departments
from catalog.demo.wording import openings, specification, with_articles
from catalog.models import Category, Product
from tests.factories import make_product

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def products() -> list[DemoProduct]:
    return demo_products(0)


def test_the_fixture_in_the_repository_is_what_seed_0_makes(products: list[DemoProduct]) -> None:
    assert fixture_path().read_text("utf-8") == fixture_text(products)


def test_another_seed_makes_another_range() -> None:
    assert fixture_text(demo_products(1)) != fixture_path().read_text("utf-8")


def test_there_are_at_least_1200_products_in_12_departments_of_3_to_6_aisles(
    products: list[DemoProduct],
) -> None:
    assert len(products) >= 1200
    assert len({product.department for product in products}) >= 12
    assert all(3 <= len(department.aisles) <= 6 for department in departments())
    sold = Counter(product.aisle for product in products)
    assert sold == {aisle.name: aisle.count for department in departments() for aisle in department.aisles}


def test_titles_and_skus_are_all_different_and_fit_the_model(products: list[DemoProduct]) -> None:
    assert len({product.title for product in products}) == len(products)
    assert len({product.sku for product in products}) == len(products)
    assert all(re.fullmatch(r"[A-Z]{3}-\d{4}", product.sku) for product in products)
    for product in products[::60]:
        Product(
            sku=product.sku, title=product.title, slug=product.slug, description=product.description,
            brand=product.brand, price=product.price, stock=product.stock, attributes=product.attributes,
        ).clean_fields(exclude=["category"])  # fmt: skip


def test_texts_have_no_gaps_no_wrong_articles_and_two_or_three_sentences(
    products: list[DemoProduct],
) -> None:
    for product in products:
        text = f"{product.title}. {product.description}"
        assert not re.search(r"[{}]|  |\bNone\b", text), text
        assert not re.search(r"\b[Aa] [aeioAEIO]", text), text
        assert not re.search(r"\b(\w+) \1\b", text, re.IGNORECASE), text
        without_initials = re.sub(r"\b[A-Z]\. |No\. |Co\. ", "", product.description)
        assert 2 <= len(re.findall(r"[.!?](?: |$)", without_initials)) <= 3, product.description


def test_a_few_products_are_sold_out_and_fewer_are_hidden(products: list[DemoProduct]) -> None:
    sold_out = sum(product.stock == 0 for product in products) / len(products)
    hidden = sum(not product.is_active for product in products) / len(products)
    assert 0.02 < sold_out < 0.06
    assert 0.002 < hidden < 0.02


def test_prices_are_charm_prices_near_the_aisles_own(products: list[DemoProduct]) -> None:
    assert all(
        product.price % 1 in (Decimal("0.95"), Decimal("0.50")) or product.price % 10 == 9
        for product in products
    )
    middle = {
        name: sorted(p.price for p in products if p.aisle == name) for name in ("Bikes", "Cards & Wrap")
    }
    assert middle["Bikes"][len(middle["Bikes"]) // 2] > 100 * middle["Cards & Wrap"][10] / 3


def test_products_came_over_two_years(products: list[DemoProduct]) -> None:
    dates = [product.created_at for product in products]
    assert dates == sorted(dates)
    assert timedelta(days=700) < ANCHOR - dates[0] < timedelta(days=731)
    assert dates[-1] <= ANCHOR and ANCHOR - dates[-1] < timedelta(days=14)


@given(st.floats(0.2, 5000), st.booleans())
def test_a_charm_price_stays_near_the_amount(amount: float, half: bool) -> None:
    price = charm_price(amount, half)
    assert price > 0
    assert price == price.quantize(Decimal("0.01"))
    assert abs(float(price) - amount) <= max(1.6, 0.17 * amount)


def test_a_plural_is_never_called_one() -> None:
    about = ("A {kind} for the long run.", "Light on the foot.")
    assert openings(about, Kind("Running Shoes")) == ["Light on the foot."]
    assert len(openings(about, Kind("Compass"))) == 2


def test_every_kind_has_something_to_begin_its_description_with() -> None:
    for department in departments():
        for aisle in department.aisles:
            for kind in aisle.kinds:
                assert openings(tuple(aisle.about_of(kind)), kind), (aisle.name, kind.name)


def test_a_specification_agrees_with_its_subject_and_repeats_nothing_said() -> None:
    words = {"colour": "Sage", "material": "Oak", "author": "Ada Nobody"}
    said = "Ada Nobody makes these."
    assert specification(words, Kind("Chair"), said=said) == "This one comes in sage and is made of oak."
    assert specification(words, Kind("Shoes"), said=said) == "These come in sage and are made of oak."
    assert specification({}, Kind("Chair"), said="") == ""


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("A espresso cup", "An espresso cup"),
        ("A USB microphone", "A USB microphone"),
        ("lost a umbrella", "lost an umbrella"),
        ("A mug", "A mug"),
    ],
)
def test_articles_follow_the_sound(text: str, better: str) -> None:
    assert with_articles(text) == better


@pytest.mark.django_db
def test_loaddata_alone_fills_an_empty_database() -> None:
    call_command("loaddata", "demo_catalogue", verbosity=0)
    rows = json.loads(fixture_path().read_text("utf-8"))
    assert Category.objects.count() + Product.objects.count() == len(rows)
    assert Product.objects.filter(category__parent=None).count() == 0
    product = Product.objects.select_related("category__parent").get(sku="GAR-0001")
    assert product.category is not None and str(product.category.department) == "Garden"


@pytest.mark.django_db
def test_loading_the_demo_moves_the_dates_to_now_and_can_be_done_again() -> None:
    call_command("loaddata", "demo_catalogue", verbosity=0)
    Product.objects.filter(sku="GAR-0001").update(price="1.23")
    count = load_demo_catalogue(now=NOW)
    assert Product.objects.count() == count
    newest = Product.objects.order_by("-created_at")[0]
    assert timedelta(0) <= NOW - newest.created_at < timedelta(days=14)
    assert Product.objects.get(sku="GAR-0001").price == Decimal("1.23")


@pytest.mark.django_db
def test_the_demo_is_not_mixed_into_another_shop() -> None:
    make_product("Somebody's own", sku="OWN-1")
    with pytest.raises(ShopIsNotDemoError, match="OWN-1"):
        load_demo_catalogue(now=NOW)
    assert Product.objects.count() == 1


def test_the_command_writes_the_same_file_from_the_same_seed(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "one.json", tmp_path / "two.json"
    out = StringIO()
    call_command("make_demo_catalogue", "--output", str(first), "--seed", "7", stdout=out)
    call_command("make_demo_catalogue", "--output", str(second), "--seed", "7", stdout=out)
    assert first.read_bytes() == second.read_bytes()
    assert str(first) in out.getvalue()
    categories, products = read_fixture(first)
    assert len(categories) == sum(1 + len(department.aisles) for department in departments())
    assert len(products) >= 1200


def test_the_command_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="Choose another --output"):
        call_command("make_demo_catalogue", "--output", str(tmp_path / "file" / "x.json"), stdout=StringIO())
