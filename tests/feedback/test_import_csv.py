"""`import_data csv --columns`: one's own file."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from catalog.models import Category, Product
from feedback.models import Event, Rating, Shopper
from tests.feedback.importing import is_empty, read_rejects, run_import, shop, write, write_csv

pytestmark = pytest.mark.django_db

RATINGS = "shopper=user_id,product=item_id,rating=stars,time=ts"


def test_ratings_by_column_names(tmp_path: Path) -> None:
    file = write(
        tmp_path / "r.csv", "ts,user_id,item_id,stars\n2024-05-01T10:00:00Z,anna,A-1,4\n1714557600,bo,A-1,5\n"
    )
    assert run_import("csv", file, "--columns", RATINGS)["ratings new"] == 2
    rating = Rating.objects.get(shopper__external_id="anna")
    assert (rating.product.sku, rating.value) == ("A-1", 4)
    assert rating.rated_at == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_events_with_their_quantity_and_order(tmp_path: Path) -> None:
    file = write(
        tmp_path / "e.csv",
        "who,what,did,n,basket,at\nanna,A-1,BUY,2,o1,2024-05-01\nanna,A-1,add_to_cart,,,2024-04-30\nanna,B-1,view,1,,2024-04-30\n",
    )
    columns = "shopper=who,product=what,kind=did,quantity=n,order=basket,time=at"
    assert run_import("csv", file, "--columns", columns)["events new"] == 3
    assert Event.objects.filter(kind="basket", quantity=1).exists()
    assert Event.objects.get(kind="purchase").order_ref == "o1"
    assert not Rating.objects.exists()


def test_kind_says_what_every_row_is(tmp_path: Path) -> None:
    file = write(tmp_path / "e.csv", "who,what,at\nanna,A-1,2024-05-01\n")
    run_import("csv", file, "--columns", "shopper=who,product=what,time=at", "--kind", "purchase")
    assert Event.objects.get().kind == "purchase"


def test_a_row_may_be_a_rating_an_event_or_both(tmp_path: Path) -> None:
    file = write(
        tmp_path / "e.csv",
        "u,i,r,k,t\na,1,5,,2024-05-01\na,2,,view,2024-05-01\na,3,4,buy,2024-05-01\na,4,,,2024-05-01\n",
    )
    report = run_import("csv", file, "--columns", "shopper=u,product=i,rating=r,kind=k,time=t")
    assert (report["ratings new"], report["events new"]) == (2, 2)
    assert report["neither a rating nor a kind of event"] == 1
    assert set(Rating.objects.values_list("product__sku", "value")) == {("1", 5), ("3", 4)}


def test_a_catalogue_alone(tmp_path: Path) -> None:
    file = write(
        tmp_path / "p.csv",
        'sku;name;cost;left;group;shelf;maker;words\nA-1;"Mug; blue";12,99;7;Kitchen;Cups;Acme;"Two\nlines"\n'
        "A-2;Bowl;;;Kitchen;;;\n",
    )
    columns = "product=sku,title=name,price=cost,stock=left,department=group,aisle=shelf"
    columns += ",brand=maker,description=words"
    assert run_import("csv", file, "--columns", columns)["products new"] == 2
    mug = Product.objects.get(sku="A-1")
    assert (mug.title, mug.price, mug.stock, mug.brand) == ("Mug; blue", Decimal("12.99"), 7, "Acme")
    assert mug.description == "Two\nlines"
    assert mug.category == Category.objects.get(name="Cups", parent__name="Kitchen")
    bowl = Product.objects.get(sku="A-2")
    assert (bowl.price, bowl.stock, bowl.category) == (
        Decimal("9.99"),
        100,
        Category.objects.get(name="Kitchen"),
    )


def test_a_changed_catalogue_updates_what_it_says_and_only_that(tmp_path: Path) -> None:
    columns = "product=sku,title=name,price=cost"
    run_import(
        "csv", write(tmp_path / "p.csv", "sku,name,cost\nA-1,Mug,5\nA-2,Bowl,6\n"), "--columns", columns
    )
    Product.objects.update(stock=3)
    report = run_import(
        "csv", write(tmp_path / "p.csv", "sku,name,cost\nA-1,Mug,5\nA-2,Big bowl,\n"), "--columns", columns
    )
    assert (report["products new"], report["products updated"]) == (0, 1)
    assert set(Product.objects.values_list("title", "price", "stock")) == {
        ("Mug", Decimal(5), 3),
        ("Big bowl", Decimal(6), 3),
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_from_the_header(tmp_path: Path, delimiter: str) -> None:
    file = write(
        tmp_path / "r.csv", "user_id,item_id,stars,ts\nanna,A-1,4,1714557600\n".replace(",", delimiter)
    )
    assert run_import("csv", file, "--columns", RATINGS)["ratings new"] == 1


def test_a_missing_column_gets_one_line_with_the_columns_there_are(tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", "user,item_id,stars,ts\nanna,A-1,4,1714557600\n")
    with pytest.raises(
        CommandError, match=r"has no column 'user_id'; it has user, item_id, stars, ts"
    ) as error:
        run_import("csv", file, "--columns", RATINGS)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("", "needs --columns"),
        ("shopper=u", "needs --columns, with a product"),
        ("product=i,rating=r", "need a shopper too"),
        ("product=i,shopper=u", "What did the shoppers do"),
        ("product", "takes pairs such as"),
        ("product=i,colour=c", "knows no 'colour'"),
    ],
)
def test_columns_that_make_no_sense_are_explained(tmp_path: Path, columns: str, words: str) -> None:
    file = write(tmp_path / "r.csv", "u,i,r,c\na,1,5,red\n")
    with pytest.raises(CommandError, match=words):
        run_import("csv", file, "--columns", columns)


def test_rows_are_numbered_by_the_files_lines_though_rows_span_several(tmp_path: Path) -> None:
    file = write(
        tmp_path / "r.csv",
        'user_id,item_id,stars,ts,note\n\nanna,A-1,9,1714557600,"first\nsecond\n"\nbo,A-1,4,1714557600,\ncy,A-1,4,1714557600\n',
    )
    run_import("csv", file, "--columns", RATINGS, "--rejects", tmp_path / "rejects.csv")
    rows = sorted(read_rejects(tmp_path / "rejects.csv"), key=lambda row: row[1])
    assert [row[1:3] for row in rows] == [
        (3, "rating is not a whole number from 1 to 5"),
        (7, "wrong number of fields"),
    ]
    assert rows[0][3] == 'anna,A-1,9,1714557600,"first\nsecond\n"'


def test_a_stray_quote_loses_its_own_line_only(tmp_path: Path) -> None:
    file = write(
        tmp_path / "r.csv",
        'user_id,item_id,stars,ts\na,"1,5,1714557600\nb,2,5,1714557600\nc,3,5,1714557600\nd,"4"x,5,1714557600\ne,5,5,1714557600\n',
    )
    report = run_import("csv", file, "--columns", RATINGS, "--rejects", tmp_path / "rejects.csv")
    assert set(Rating.objects.values_list("shopper__external_id", flat=True)) == {"b", "c", "e"}
    assert report["quotes that do not match"] == 2
    assert [row[1] for row in read_rejects(tmp_path / "rejects.csv")] == [2, 5]


def test_a_file_with_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", "\ufeffuser_id,item_id,stars,ts\r\nanna,A-1,4,1714557600\r\n")
    run_import("csv", file, "--columns", RATINGS)
    assert Rating.objects.get().shopper.external_id == "anna"


def test_an_old_rating_in_a_file_does_not_undo_a_newer_one_in_the_shop(tmp_path: Path) -> None:
    run_import(
        "csv", write(tmp_path / "a.csv", "user_id,item_id,stars,ts\na,1,5,1714557600\n"), "--columns", RATINGS
    )
    report = run_import(
        "csv", write(tmp_path / "b.csv", "user_id,item_id,stars,ts\na,1,1,1714557599\n"), "--columns", RATINGS
    )
    assert (Rating.objects.get().value, report["ratings changed"]) == (5, 0)
    report = run_import(
        "csv", write(tmp_path / "c.csv", "user_id,item_id,stars,ts\na,1,2,1714557601\n"), "--columns", RATINGS
    )
    assert (Rating.objects.get().value, report["ratings changed"]) == (2, 1)
    assert Product.objects.get().rating_total == 2


def test_rows_without_a_time_are_as_old_as_their_file(tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", "user_id,item_id,stars\na,1,5\n")
    os.utime(file, (1714557600, 1714557600))
    columns = "shopper=user_id,product=item_id,rating=stars"
    run_import("csv", file, "--columns", columns)
    assert Rating.objects.get().rated_at == datetime.fromtimestamp(1714557600, UTC)
    before = shop()
    assert "Nothing changed" in run_import("csv", file, "--columns", columns).text
    assert shop() == before


def test_another_encoding_can_be_named(tmp_path: Path) -> None:
    file = write(tmp_path / "p.csv", "sku,name\nA-1,Café crème\n", "cp1252")
    with pytest.raises(CommandError, match=r"not utf-8 text \(byte 0xE9 in line 2\).*--encoding cp1252"):
        run_import("csv", file, "--columns", "product=sku,title=name")
    assert is_empty()
    run_import("csv", file, "--columns", "product=sku,title=name", "--encoding", "cp1252")
    assert Product.objects.get().title == "Café crème"


def test_columns_of_no_interest_may_hold_anything(tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", "user_id,x,item_id,x,stars,ts\na,,1,ü,5,1714557600\n")
    assert run_import("csv", file, "--columns", RATINGS)["ratings new"] == 1


@pytest.mark.parametrize("name", ["account-7", "visitor-0123456789abcdef"])
def test_ids_the_shop_gives_itself_are_refused_unless_prefixed(tmp_path: Path, name: str) -> None:
    """Else an import could hand its history to an account, or take an account's."""
    rows = [("user", "item", "stars"), (name, "TEA-1", "5"), ("ann", "TEA-1", "4")]
    file, rejects = write_csv(tmp_path / "ratings.csv", rows), tmp_path / "rejects.csv"
    columns = "shopper=user,product=item,rating=stars"
    run_import("csv", file, "--columns", columns, "--rejects", rejects)
    assert set(Shopper.objects.values_list("external_id", flat=True)) == {"ann"}
    ((_, number, reason, _),) = read_rejects(rejects)
    assert (number, reason) == (
        2,
        "shopper id begins with account- or visitor-: the shop's own, use --prefix",
    )
    run_import("csv", file, "--columns", columns, "--prefix", "old-")
    assert Shopper.objects.filter(external_id=f"old-{name}").exists()
