"""`import_data retailrocket`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.models import Category, Product
from feedback.models import Event, Rating
from tests.feedback.importing import read_rejects, run_import, shop, write_csv

pytestmark = pytest.mark.django_db

EVENTS: list[tuple[object, ...]] = [
    ("timestamp", "visitorid", "event", "itemid", "transactionid"),
    (1433221332117, 257597, "view", 355908, ""),
    (1433224214164, 992329, "addtocart", 248676, ""),
    (1433222276276, 599528, "transaction", 356475, 4000),
    (1433221332117, 257597, "view", 355908, ""),
    (1433221332117, 257597, "wink", 355908, ""),
    ("", 257597, "view", 355908, ""),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(tmp_path / "rr" / "events.csv", EVENTS)
    return tmp_path / "rr"


@pytest.fixture
def whole_folder(folder: Path) -> Path:
    write_csv(folder / "category_tree.csv", [("categoryid", "parentid"), (1016, 213), (213, 9), (9, "")])
    write_csv(
        folder / "item_properties_part1.csv",
        [("timestamp", "itemid", "property", "value"), (1435460400000, 355908, "categoryid", 1),
         (1441508400000, 206783, "888", "1116713 960601"), (1435460400000, 355908, "available", 1)],
    )  # fmt: skip
    write_csv(
        folder / "item_properties_part2.csv",
        [("timestamp", "itemid", "property", "value"), (1439694000000, 355908, "categoryid", 1016),
         (1439694000000, 355908, "available", 0), (1433646000000, 355908, "available", 1)],
    )  # fmt: skip
    return folder


def test_views_baskets_and_transactions_become_events(folder: Path) -> None:
    report = run_import("retailrocket", folder)
    assert report["events new"] == 3
    kinds = Event.objects.values_list("shopper__external_id", "product__sku", "kind", "order_ref")
    assert set(kinds) == {
        ("257597", "355908", "view", ""),
        ("992329", "248676", "basket", ""),
        ("599528", "356475", "purchase", "4000"),
    }
    assert Event.objects.get(kind="view").occurred_at == datetime(2015, 6, 2, 5, 2, 12, 117000, UTC)
    assert not Rating.objects.exists()


def test_the_same_event_twice_in_the_file_is_one(folder: Path) -> None:
    assert run_import("retailrocket", folder)["ratings and events known already"] == 1


def test_bad_events_are_refused(folder: Path, tmp_path: Path) -> None:
    run_import("retailrocket", folder, "--rejects", tmp_path / "r.csv")
    assert [row[1:3] for row in read_rejects(tmp_path / "r.csv")] == [
        (6, "unknown kind of event"),
        (7, "time cannot be read"),
    ]


def test_the_newest_category_and_availability_count(whole_folder: Path) -> None:
    run_import("retailrocket", whole_folder)
    product = Product.objects.get(sku="355908")
    assert product.category == Category.objects.get(name="Category 1016", parent__name="Department 9")
    assert product.stock == 0
    assert product.title == "Product 355908"


def test_a_circle_in_the_category_tree_does_not_hang(whole_folder: Path) -> None:
    write_csv(whole_folder / "category_tree.csv", [("categoryid", "parentid"), (1016, 213), (213, 1016)])
    run_import("retailrocket", whole_folder)
    assert Product.objects.get(sku="355908").category is not None


def test_the_second_run_changes_nothing(whole_folder: Path) -> None:
    run_import("retailrocket", whole_folder)
    before = shop()
    assert "Nothing changed" in run_import("retailrocket", whole_folder).text
    assert shop() == before


def test_with_a_prefix_orders_of_two_shops_stay_apart(folder: Path) -> None:
    run_import("retailrocket", folder, "--prefix", "rr-")
    assert Event.objects.get(kind="purchase").order_ref == "rr-4000"
    assert set(Event.objects.exclude(kind="purchase").values_list("order_ref", flat=True)) == {""}
