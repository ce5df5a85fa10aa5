"""`import_data online-retail`: invoice lines with the dirt of the real file."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from catalog.models import Product
from feedback.importers import reader
from feedback.models import Event, Rating
from tests.feedback.importing import read_rejects, run_import, shop, write_csv

pytestmark = pytest.mark.django_db

HEADER = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
HEART, LANTERN = "WHITE HANGING HEART T-LIGHT HOLDER", "WHITE METAL LANTERN"
T1, T2, T3 = "2010-12-01 08:26:00", "2011-06-26 10:59:00", "2011-07-01 09:00:00"
UK = "United Kingdom"
LINES: list[tuple[object, ...]] = [
    ("536365", "85123A", HEART, 6, T1, 2.55, "17850.0", UK),
    ("536365", "71053", LANTERN, 6, T1, 3.39, "17850.0", UK),
    ("536365", "85123a", f" {HEART} ", 2, T1, 2.55, "17850.0", UK),
    ("536366", "22633", "HAND WARMER UNION JACK", 6, T1, 1.85, "", UK),
    ("C536379", "71053", LANTERN, -1, T1, 3.39, "14527.0", UK),
    ("536370", "POST", "POSTAGE", 3, T1, 18.0, "12583.0", "France"),
    ("536371", "22086", "PAPER CHAIN KIT 50'S CHRISTMAS ", 80, T1, 0.0, "13748.0", UK),
    ("536372", "22087", "", 5, T1, 1.0, "13748.0", UK),
    ("558077", "82600", "NO SINGING METAL SIGN", 12, T2, 2.1, "13408.0", UK),
    ("", "", f"{HEART}  ", 12, T2, 2.95, "13408.0", UK),
    ("", "", "POLYESTER FILLER PAD 40x40cm", 4, T2, 1.25, "13408.0", UK),
    ("", "", "POSTAGE", 1, T3, 15.0, "12680.0", "France"),
    ("", "", "VINTAGE RED ENAMEL TRIM JUG ", 3, T3, 4.95, "12680.0", "France"),
    ("", "", "VINTAGE RED ENAMEL TRIM JUG", 1, T3, 4.95, "12680.0", "France"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(tmp_path / "uci" / "online_retail.csv.gz", [HEADER, *LINES])
    return tmp_path / "uci"


def test_every_line_is_accounted_for(folder: Path) -> None:
    report = run_import("online-retail", folder)
    assert report["rows read"] == 14
    assert report["rows rejected"] == 6
    assert report["no customer"] == 1
    assert report["quantity is not positive (cancelled or returned)"] == 1
    assert report["a service, not a product (postage, discount, charges)"] == 2
    assert report["price is not positive"] == 1
    assert report["no description"] == 1
    assert report["events new"] == 6
    assert report["lines added to another of their order"] == 2


def test_rejects_carry_the_true_line_of_the_unpacked_file(folder: Path, tmp_path: Path) -> None:
    run_import("online-retail", folder, "--rejects", tmp_path / "r.csv")
    rejects = read_rejects(tmp_path / "r.csv")
    assert sorted(line for _, line, _, _ in rejects) == [5, 6, 7, 8, 9, 13]
    assert (
        "online_retail.csv.gz",
        5,
        "no customer",
        f"536366,22633,HAND WARMER UNION JACK,6,{T1},1.85,,{UK}",
    ) in rejects


def test_purchases_become_events_and_no_rating_is_invented(folder: Path) -> None:
    run_import("online-retail", folder)
    assert not Rating.objects.exists()
    assert set(Event.objects.values_list("kind", flat=True)) == {"purchase"}
    event = Event.objects.get(shopper__external_id="17850", product__sku="71053")
    assert event.occurred_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert (event.quantity, event.order_ref) == (6, "536365")


def test_a_product_is_the_same_with_and_without_its_stock_code(folder: Path) -> None:
    run_import("online-retail", folder)
    heart = Product.objects.get(sku="85123A")
    assert set(heart.events.values_list("shopper__external_id", flat=True)) == {"17850", "13408"}


def test_a_product_that_never_had_a_code_gets_a_sku_of_its_description(folder: Path) -> None:
    run_import("online-retail", folder)
    jug = Product.objects.get(title="Vintage Red Enamel Trim Jug")
    assert jug.sku.startswith("vintage-red-enamel-trim-jug-")
    assert jug.attributes == {"original_title": "VINTAGE RED ENAMEL TRIM JUG"}


def test_titles_in_capitals_are_made_easy_and_the_original_is_kept(folder: Path) -> None:
    run_import("online-retail", folder)
    heart = Product.objects.get(sku="85123A")
    assert heart.title == "White Hanging Heart T-Light Holder"
    assert heart.attributes == {"original_title": HEART, "stock_code": "85123A"}
    assert Product.objects.filter(title="POLYESTER FILLER PAD 40x40cm").exists()


def test_the_price_is_that_of_the_newest_line_and_new_since_the_first(folder: Path) -> None:
    run_import("online-retail", folder)
    heart = Product.objects.get(sku="85123A")
    assert heart.price == Decimal("2.95")
    assert heart.created_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def test_one_product_twice_on_an_invoice_is_one_purchase(folder: Path) -> None:
    run_import("online-retail", folder)
    assert Event.objects.get(shopper__external_id="17850", product__sku="85123A").quantity == 8


def test_a_basket_whose_second_half_lost_its_invoice_number_stays_one_basket(folder: Path) -> None:
    run_import("online-retail", folder)
    orders = Event.objects.filter(shopper__external_id="13408").values_list("order_ref", flat=True)
    assert list(orders) == ["558077"] * 3


def test_without_invoice_number_a_basket_is_customer_and_moment(folder: Path) -> None:
    run_import("online-retail", folder)
    order = Event.objects.get(shopper__external_id="12680").order_ref
    assert order
    assert Event.objects.filter(order_ref=order).count() == 1


def test_the_second_run_changes_nothing(folder: Path) -> None:
    run_import("online-retail", folder)
    before = shop()
    report = run_import("online-retail", folder)
    assert "Nothing changed" in report.text
    assert shop() == before


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_where_chunks_end_makes_no_difference(
    folder: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    run_import("online-retail", folder)
    before = shop()
    for model in (Event, Product):
        model.objects.all().delete()
    monkeypatch.setattr(reader, "CHUNK_ROWS", rows)
    run_import("online-retail", folder)
    after = shop()
    assert after[0] == before[0]
    assert after[4] == before[4]


def test_a_renamed_product_stays_one_under_its_most_used_name(tmp_path: Path) -> None:
    lines = [
        ("1", "20725", "LUNCH BAG RED SPOTTY", 1, T1, 1.45, "1", UK),
        ("2", "20725", "LUNCH BAG RED RETROSPOT", 1, T2, 1.65, "2", UK),
        ("3", "20725", "LUNCH BAG RED RETROSPOT", 1, T3, 1.65, "3", UK),
        ("", "", "LUNCH BAG RED RETROSPOT", 1, T3, 1.65, "4", UK),
        ("", "", "LUNCH BAG RED SPOTTY", 1, T3, 1.65, "5", UK),
    ]
    run_import("online-retail", write_csv(tmp_path / "online_retail.csv", [HEADER, *lines]))
    bag = Product.objects.get()
    assert (bag.sku, bag.title, bag.events.count()) == ("20725", "Lunch Bag Red Retrospot", 5)


def test_a_price_that_rounds_to_nothing_is_none(tmp_path: Path) -> None:
    pads = ("1", "PADS", "PADS TO MATCH ALL CUSHIONS", 1, T1, 0.001, "1", UK)
    bag = ("1", "20725", "LUNCH BAG RED SPOTTY", 1, T1, 1.45, "1", UK)
    report = run_import("online-retail", write_csv(tmp_path / "online_retail.csv", [HEADER, pads, bag]))
    assert (report["events new"], report["price is not positive"]) == (1, 1)


def test_month_first_dates_of_the_spreadsheets_csv_are_read(tmp_path: Path) -> None:
    line = ("536365", "71053", LANTERN, 6, "12/13/2010 8:26", 3.39, "17850", UK)
    run_import("online-retail", write_csv(tmp_path / "data.csv", [HEADER, line]))
    assert Event.objects.get().occurred_at == datetime(2010, 12, 13, 8, 26, tzinfo=UTC)


def test_the_excel_workbook_gives_the_same_shop_as_the_csv(folder: Path, tmp_path: Path) -> None:
    run_import("online-retail", folder)
    before = shop()
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    for line in LINES:
        invoice, code, title, quantity, when, price, customer, country = line
        number = int(str(invoice)) if str(invoice).isdecimal() else invoice
        moment = datetime.fromisoformat(str(when))
        sheet.append(
            [number or None, code, title, quantity, moment, price, float(str(customer) or 0) or None, country]
        )
    book.save(tmp_path / "Online Retail.xlsx")
    report = run_import("online-retail", tmp_path / "Online Retail.xlsx", "--rejects", tmp_path / "r.csv")
    assert "Nothing changed" in report.text
    assert shop() == before
    assert sorted(line for _, line, _, _ in read_rejects(tmp_path / "r.csv")) == [5, 6, 7, 8, 9, 13]


def test_the_cleaned_pair_is_taken_when_the_folder_has_nothing_else(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "items.csv.gz",
        [("item", "title", "category", "price", "stock_code", "n"),
         (0, "10 COLOUR SPACEBOY PEN", "", 0.85, "22418", 1), (1, "JUG", "", 2, "", 1)],
    )  # fmt: skip
    write_csv(
        tmp_path / "events.csv.gz",
        [("user", "item", "quantity", "price", "timestamp", "country"),
         (17850, 0, 6, 0.85, 1291191960, UK), (17850, 1, 1, 2.0, 1291191960, UK),
         (9, 0, 0, 2.0, 1291191960, UK)],
    )  # fmt: skip
    report = run_import("online-retail", tmp_path)
    assert (report["events new"], report["rows rejected"]) == (2, 1)
    pen = Product.objects.get(sku="22418")
    assert pen.title == "10 Colour Spaceboy Pen"
    assert len(set(Event.objects.values_list("order_ref", flat=True))) == 1


def test_the_raw_file_is_preferred_to_the_cleaned_pair(folder: Path) -> None:
    write_csv(
        folder / "events.csv.gz",
        [("user", "item", "quantity", "price", "timestamp"), (1, 1, 1, 1, 1291191960)],
    )
    assert run_import("online-retail", folder)["rows read"] == 14


def test_a_prefix_goes_before_shoppers_skus_and_orders(folder: Path) -> None:
    run_import("online-retail", folder, "--prefix", "uci-")
    event = Event.objects.get(shopper__external_id="uci-17850", product__sku="uci-71053")
    assert event.order_ref == "uci-536365"
