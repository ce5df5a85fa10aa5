"""`import_data amazon-reviews`: JSON lines of 2018 and 2023, ratings and metadata."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Category, Product
from feedback.models import Event, Rating, Shopper
from tests.feedback.importing import read_rejects, run_import, shop, write_json

pytestmark = pytest.mark.django_db

RATING_2018 = {
    "overall": 5.0, "verified": True, "reviewTime": "09 1, 2016", "reviewerID": "A3CIUOJXQ5VDQ2",
    "asin": "B0000530HU", "reviewerName": "Shelly F", "reviewText": "As \"advertised\"\nreally",
    "unixReviewTime": 1472688000,
}  # fmt: skip
META_2018 = {
    "asin": "B0000530HU", "title": "Aqua Velva &amp; Ice Blue", "brand": "Aqua Velva", "price": "$12.99",
    "category": ["All Beauty", "Shave", "After"], "description": ["Cool.", "Blue."],
}  # fmt: skip
RATING_2023 = {
    "rating": 4.0, "title": "Such a lovely scent", "text": "…", "asin": "B00YQ6X8EO",
    "parent_asin": "B00PARENT1", "user_id": "AGKHLEW2SOWHNMFQIJGBECAF7INQ", "timestamp": 1588687728923,
}  # fmt: skip
META_2023 = {
    "main_category": "All Beauty", "title": "Howard LC0008", "average_rating": 4.8, "price": 8.5,
    "store": "Howard Products", "categories": [], "features": ["One", "Two"], "description": [],
    "parent_asin": "B00PARENT1",
    "details": {"Colour": "Blue", "Date First Available": "March 5, 2015", "n": {"a": 1}},
}  # fmt: skip


@pytest.fixture
def release_2018(tmp_path: Path) -> Path:
    write_json(tmp_path / "2018" / "All_Beauty.json.gz", [RATING_2018])
    write_json(tmp_path / "2018" / "meta_All_Beauty.json.gz", [META_2018])
    return tmp_path / "2018"


@pytest.fixture
def release_2023(tmp_path: Path) -> Path:
    write_json(tmp_path / "2023" / "All_Beauty.jsonl", [RATING_2023])
    write_json(tmp_path / "2023" / "meta_All_Beauty.jsonl", [META_2023])
    return tmp_path / "2023"


def test_2018_ratings_and_products(release_2018: Path) -> None:
    run_import("amazon-reviews", release_2018)
    rating = Rating.objects.get()
    assert (rating.shopper.external_id, rating.product.sku, rating.value) == (
        "A3CIUOJXQ5VDQ2",
        "B0000530HU",
        5,
    )
    assert rating.rated_at == datetime(2016, 9, 1, tzinfo=UTC)
    product = rating.product
    assert (product.title, product.brand, product.price) == (
        "Aqua Velva & Ice Blue",
        "Aqua Velva",
        Decimal("12.99"),
    )
    assert product.description == "Cool.\nBlue."
    assert product.category == Category.objects.get(name="Shave", parent__name="All Beauty")
    assert not Event.objects.exists()


def test_2023_ratings_count_for_the_parent_product_in_milliseconds(release_2023: Path) -> None:
    run_import("amazon-reviews", release_2023)
    rating = Rating.objects.get()
    assert (rating.product.sku, rating.value) == ("B00PARENT1", 4)
    assert rating.rated_at == datetime(2020, 5, 5, 14, 8, 48, 923000, UTC)


def test_2023_metadata(release_2023: Path) -> None:
    run_import("amazon-reviews", release_2023)
    product = Product.objects.get()
    assert (product.title, product.brand, product.price) == (
        "Howard LC0008",
        "Howard Products",
        Decimal("8.50"),
    )
    assert product.description == "One\nTwo"
    assert product.attributes == {"Colour": "Blue", "Date First Available": "March 5, 2015"}
    assert product.created_at == datetime(2015, 3, 5, tzinfo=UTC)
    assert product.category == Category.objects.get(name="All Beauty", parent=None)


def test_products_get_their_titles_whatever_the_order_of_the_files(release_2018: Path) -> None:
    files = [release_2018 / "All_Beauty.json.gz", release_2018 / "meta_All_Beauty.json.gz"]
    report = run_import("amazon-reviews", *files)
    assert (report["products new"], report["products updated"]) == (1, 0)


def test_both_releases_at_once_and_twice(release_2018: Path, release_2023: Path) -> None:
    run_import("amazon-reviews", release_2018, release_2023)
    before = shop()
    assert Product.objects.count() == 2
    assert "Nothing changed" in run_import("amazon-reviews", release_2018, release_2023).text
    assert shop() == before


def test_bad_rows_are_refused_with_line_and_reason(tmp_path: Path) -> None:
    bad: list[tuple[Any, str]] = [
        ('{"overall": 5.0, "reviewerID": "A"\n', "not a JSON object"),
        ("[1, 2]\n", "not a JSON object"),
        ({**RATING_2018, "overall": 4.5}, "rating is not a whole number from 1 to 5"),
        ({**RATING_2018, "overall": True}, "rating is not a whole number from 1 to 5"),
        ({**RATING_2018, "overall": [5]}, "rating is not a whole number from 1 to 5"),
        ({**RATING_2018, "reviewerID": None}, "no shopper id"),
        ({**RATING_2018, "reviewerID": "x" * 101}, "shopper id is longer than 100 characters"),
        ({**RATING_2018, "asin": ""}, "no product id"),
        ({**RATING_2018, "unixReviewTime": "soon"}, "time cannot be read"),
        ({**RATING_2018, "unixReviewTime": 99_999_999_999}, "time is in the future"),
    ]
    file = write_json(tmp_path / "reviews.json", [RATING_2018, *(row for row, _ in bad)])
    report = run_import("amazon-reviews", file, "--rejects", tmp_path / "r.csv")
    assert report["ratings new"] == 1
    found = sorted((line, reason) for _, line, reason, _ in read_rejects(tmp_path / "r.csv"))
    assert found == [(number, reason) for number, (_, reason) in enumerate(bad, 2)]


def test_a_product_described_twice_keeps_the_first_description(tmp_path: Path) -> None:
    rows = [META_2018, {**META_2018, "title": "Another"}]
    file = write_json(tmp_path / "meta.json", rows)
    assert run_import("amazon-reviews", file)["product described twice"] == 1
    assert Product.objects.get().title == "Aqua Velva & Ice Blue"
    assert "Nothing changed" in run_import("amazon-reviews", file).text


def test_what_the_metadata_does_not_say_is_left_as_the_shop_has_it(tmp_path: Path) -> None:
    Product.objects.create(
        sku="B0000530HU", title="Mine", price="3.00", stock=2, brand="House", attributes={"a": 1}
    )
    bare = {"asin": "B0000530HU", "title": "Theirs", "price": "", "category": [], "description": []}
    assert run_import("amazon-reviews", write_json(tmp_path / "meta.json", [bare]))["products updated"] == 1
    product = Product.objects.get()
    assert (product.title, product.slug, product.price, product.stock) == ("Theirs", "theirs", Decimal(3), 2)
    assert (product.brand, product.attributes) == ("House", {"a": 1})


@pytest.mark.parametrize("title", ["var aPageStart = (new Date()).getTime();", "", None])
def test_a_title_that_is_a_piece_of_script_is_none(tmp_path: Path, title: str | None) -> None:
    run_import("amazon-reviews", write_json(tmp_path / "meta.json", [{**META_2018, "title": title}]))
    assert Product.objects.get().title == "Product B0000530HU"


def test_a_category_that_is_a_piece_of_html_is_none(tmp_path: Path) -> None:
    row = {**META_2018, "category": [], "main_cat": '<img src="x" alt="Digital Music"/>'}
    run_import("amazon-reviews", write_json(tmp_path / "meta.json", [row]))
    assert Product.objects.get().category is None


def test_characters_no_database_takes_are_left_out(tmp_path: Path) -> None:
    lines = [
        '{"overall": 5, "reviewerID": "A\\u0000B", "asin": "X1", "unixReviewTime": 1472688000}\n',
        '{"overall": 5, "reviewerID": "C\\ud800", "asin": "X1", "unixReviewTime": 1472688000}\n',
    ]
    run_import("amazon-reviews", write_json(tmp_path / "reviews.json", lines))
    assert set(Shopper.objects.values_list("external_id", flat=True)) == {"AB", "C"}


def test_an_asin_that_is_no_sku_becomes_one_that_stays_the_same(tmp_path: Path) -> None:
    rows = [
        {**RATING_2018, "asin": "B 00/Ünïcode"},
        {**RATING_2018, "asin": "B 00/Ünïcode", "reviewerID": "B"},
    ]
    run_import("amazon-reviews", write_json(tmp_path / "reviews.json", rows))
    product = Product.objects.get()
    product.full_clean(exclude=["category"])
    assert product.sku.startswith("b-00unicode-")


def test_a_gzip_file_is_known_by_its_content_not_its_name(tmp_path: Path, release_2018: Path) -> None:
    data = gzip.decompress((release_2018 / "All_Beauty.json.gz").read_bytes())
    (tmp_path / "reviews.json").write_bytes(gzip.compress(data))
    assert run_import("amazon-reviews", tmp_path / "reviews.json")["ratings new"] == 1
