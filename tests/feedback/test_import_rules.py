"""What holds for any data: the latest rating wins, ids are stable, no input breaks the reader."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.models import Product
from feedback.importers.batches import Batch, ProductDetails
from feedback.importers.catalogue import Defaults, Departments
from feedback.importers.checks import parsed_times
from feedback.importers.invoices import normalised
from feedback.importers.reader import Reading
from feedback.importers.values import display_title, price_of, sku_of, tidy
from feedback.importers.writer import Writer
from feedback.models import Rating, Shopper
from feedback.services import recount_ratings
from tests.factories import NOW, make_category, make_product, make_rating, make_shopper

RatingRow = tuple[str, str, int, int]
ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(1, 5), st.integers(0, 3)), max_size=12
)


def writer() -> Writer:
    return Writer(source="test", defaults=Defaults(price=Decimal(1), stock=1, now=NOW))


def batch(rows: list[RatingRow]) -> Batch:
    frame = pd.DataFrame(rows, columns=["shopper", "product", "rating", "time"])
    frame["time"] = pd.to_datetime(frame["time"] + 1_700_000_000, unit="s", utc=True).dt.as_unit("us")
    return Batch(ratings=frame)


def stored() -> dict[tuple[str, str], tuple[int, int]]:
    rows = Rating.objects.values_list("shopper__external_id", "product__sku", "value", "rated_at")
    return {(who, what): (int(at.timestamp()) - 1_700_000_000, value) for who, what, value, at in rows}


class OrderOfRows(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(rows=ROWS, cut=st.integers(0, 12), twice=st.booleans())
    def test_the_latest_rating_wins_however_the_rows_are_cut_and_repeated(
        self, rows: list[RatingRow], cut: int, twice: bool
    ) -> None:
        for part in [rows[:cut], rows[cut:], *([rows] if twice else [])]:
            writer().write(batch(part))
        expected: dict[tuple[str, str], tuple[int, int]] = {}
        for who, what, value, when in rows:
            expected[who, what] = max(expected.get((who, what), (-1, 0)), (when, value))
        assert stored() == expected


@pytest.mark.django_db
def test_every_row_is_counted_as_new_changed_or_known() -> None:
    one = writer()
    one.write(batch([("a", "x", 3, 1), ("a", "x", 4, 2), ("b", "x", 5, 1)]))
    one.write(batch([("a", "x", 1, 3), ("b", "x", 1, 0), ("b", "y", 2, 0)]))
    tally = one.tally
    assert (tally.ratings_new, tally.ratings_changed, tally.known) == (3, 1, 2)


@pytest.mark.django_db
def test_only_shoppers_whose_ratings_changed_are_touched() -> None:
    first = writer()
    first.write(batch([("a", "x", 3, 1), ("b", "x", 3, 1)]))
    first.finish()
    second = writer()
    second.write(batch([("a", "x", 3, 1)]))
    second.finish()
    assert list(Shopper.objects.values_list("feedback_version", flat=True)) == [1, 1]


@pytest.mark.django_db
def test_recounting_follows_the_ratings_and_leaves_other_products_alone() -> None:
    shopper, rated, other = make_shopper(), make_product(), make_product()
    make_rating(shopper, rated, 4)
    Product.objects.update(rating_count=9, rating_total=9)
    recount_ratings([rated.pk])
    assert list(Product.objects.order_by("pk").values_list("rating_count", "rating_total")) == [
        (1, 4),
        (9, 9),
    ]
    recount_ratings()
    other.refresh_from_db()
    assert (other.rating_count, other.rating_total) == (0, 0)


@pytest.mark.django_db
def test_recounting_many_products_takes_few_queries(django_assert_max_num_queries) -> None:
    Product.objects.bulk_create(Product(sku=f"p{n}", title="p", slug="p") for n in range(1200))
    ids = list(Product.objects.values_list("pk", flat=True))
    with django_assert_max_num_queries(3):
        recount_ratings(ids)


@pytest.mark.django_db
def test_departments_are_found_whatever_their_capitals_and_slugs_never_collide() -> None:
    make_category("Home & Garden", slug="home-garden")
    one = writer()
    departments = Departments(one.tally)
    assert departments.id_of(["home & GARDEN"]) == departments.id_of(["Home & Garden"])
    first, second = departments.id_of(["Books", "Home Garden"]), departments.id_of(["Toys", "Home Garden"])
    assert first != second
    assert departments.id_of([]) is None
    assert one.tally.categories_new == 4


@pytest.mark.django_db
def test_the_first_description_in_an_import_is_the_one_that_counts() -> None:
    one = writer()
    one.write(Batch(products=[ProductDetails("s", title="First")]))
    one.write(Batch(products=[ProductDetails("s", title="Second")]))
    assert Product.objects.get().title == "First"
    assert (one.tally.products_new, one.tally.products_updated) == (1, 0)


@given(st.text(max_size=120))
def test_any_text_becomes_a_valid_sku_and_always_the_same(text: str) -> None:
    sku = sku_of(text)
    assert sku == sku_of(text)
    try:
        Product._meta.get_field("sku").run_validators(sku)
    except ValidationError:
        pytest.fail(f"{sku!r} is no SKU")
    assert sku.strip(".")


@given(st.text(max_size=40), st.text(max_size=40))
def test_different_texts_become_different_skus(one: str, other: str) -> None:
    assert (sku_of(one) == sku_of(other)) == (one == other)


@given(st.text())
def test_tidy_text_can_be_stored_anywhere(text: str) -> None:
    assert "\0" not in tidy(text)
    tidy(text).encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SET OF 4 POPPY'S T-LIGHT HOLDERS", "Set of 4 Poppy's T-Light Holders"),
        ("THE KING  GIFT BAG", "The King Gift Bag"),
        ("USB OFFICE LIGHT", "USB Office Light"),
        ("BAG 250g SWIRLY MARBLES", "BAG 250g SWIRLY MARBLES"),
        ("CAFÉ AU LAIT BOWL", "Café Au Lait Bowl"),
        ("50'S CHRISTMAS TREE 60CM", "50's Christmas Tree 60cm"),
        ("", ""),
    ],
)
def test_titles_in_capitals_become_easy_on_the_eye(text: str, shown: str) -> None:
    assert display_title(text) == shown


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("$12.99", "12.99"), ("$5.00 - $12.99", "5.00"), ("1,299.00", "1299.00"), ("12,99 €", "12.99"),
        ("1.299,00", "1299.00"), (8.5, "8.50"), (0, "0.00"),
        ("", None), (None, None), ("—", None), ("-3", None), ("999999999999", None), ("1.2.3", None),
    ],
)  # fmt: skip
def test_prices_are_read_as_people_write_them(text: object, price: str | None) -> None:
    assert price_of(text) == (Decimal(price) if price else None)


@pytest.mark.parametrize(
    ("title", "same"), [(" Lunch  bag ", "LUNCH BAG"), ("BLACK SKULL.", "black skull"), (".", ".")]
)
def test_spellings_of_one_description_are_one(title: str, same: str) -> None:
    assert normalised(title) == normalised(same)


def test_times_of_all_kinds() -> None:
    moment = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
    column = pd.Series(
        ["1714557600", 1714557600, "1714557600000", "2024-05-01T10:00:00Z", "2024-05-01 12:00:00+02:00",
         "2024-05-01 10:00", "5/1/2024 10:00", "never", "", None, "1e300", "-1", "99999-01-01", "nan"],
        dtype=object,
    )  # fmt: skip
    times = parsed_times(column)
    assert times[:7].tolist() == [moment] * 7
    assert times[7:].isna().all()


@given(
    rows=st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=6),
                 min_size=3, max_size=3),
        max_size=8,
    )
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_csv_writes_is_read_back_with_its_line(tmp_path: Path, rows: list[list[str]]) -> None:
    text, lines = io.StringIO(), []
    out = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in [["a", "b", "c"], *rows]:
        lines.append(text.getvalue().count("\n") + 1)
        out.writerow(row)
    file = tmp_path / "t.csv"
    file.write_bytes(text.getvalue().encode())
    reading = Reading()
    chunks = list(reading.table(file, ["a", "b", "c"], delimiter=",", encoding="utf-8"))
    assert [list(row) for chunk in chunks for row in chunk.frame.itertuples(index=False)] == rows
    assert [number for chunk in chunks for number in chunk.numbers] == lines[1:]
    assert not reading.rejects.total


@given(st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=timedelta(seconds=20))
def test_no_bytes_break_the_reader_and_every_line_is_accounted_for(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(b"a,b\n" + data.replace(b"\x1f\x8b", b""))
    reading = Reading()
    kept = sum(len(chunk.frame) for chunk in reading.table(file, ["a", "b"], delimiter=",", encoding="utf-8"))
    assert reading.rows.total() == kept + reading.rejects.total
