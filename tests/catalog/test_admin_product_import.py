"""Products to a spreadsheet and back."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Product
from catalog.resources import Attributes, CategoryBySlug, Price, ProductResource, Stock, Text, YesNo
from tests.factories import make_category, make_product, make_rating, make_shopper
from tests.staff import admin_client

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/product/"
IMPORT, PROCESS = f"{LIST}import/", f"{LIST}process_import/"


def export(client: Client, query: str = "") -> str:
    response = client.get(f"{LIST}export/{query}")
    assert response["Content-Type"] == "text/csv"
    return response.content.decode("utf-8-sig")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def upload(client: Client, content: str | bytes) -> Any:
    data = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("products.csv", data, "text/csv")
    return client.post(IMPORT, {"format": "0", "resource": "0", "import_file": file})


def confirm(client: Client, preview: Any) -> Any:
    return client.post(PROCESS, preview.context["confirm_form"].initial, follow=True)


def refused(client: Client, content: str | bytes) -> str:
    """The page of an upload that must not get as far as a confirmation."""
    before = list(Product.objects.order_by("pk").values())
    response = upload(client, content)
    assert "confirm_form" not in response.context
    assert list(Product.objects.order_by("pk").values()) == before
    return str(response.content.decode())


def test_an_export_honours_the_filters_of_the_list() -> None:
    make_product(sku="a", stock=0)
    make_product(sku="b", stock=3)
    make_product(sku="c", stock=0, title="Spade")
    client = admin_client()
    assert {row["sku"] for row in rows(export(client))} == {"a", "b", "c"}
    assert {row["sku"] for row in rows(export(client, "?availability=sold-out"))} == {"a", "c"}
    assert {row["sku"] for row in rows(export(client, "?availability=sold-out&q=spade"))} == {"c"}


def test_an_export_with_an_unknown_filter_says_so() -> None:
    response = admin_client().get(f"{LIST}export/?colour=blue", follow=True)
    assert "That filter is not known" in response.content.decode()


def test_an_export_names_the_category_by_its_slug_and_takes_no_query_per_row() -> None:
    client = admin_client()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            export(client)
        return len(captured)

    make_product(sku="a", category=make_category("Hand tools"))
    assert rows(export(client))[0]["category"] == "hand-tools"
    few = queries()
    for _ in range(20):
        make_product(category=make_category())
    assert queries() == few


def test_an_export_imported_again_changes_nothing() -> None:
    make_product(
        '=HYPERLINK("http://example.com")', sku="-1", description="two\nlines, “quoted” and 'so'",
        attributes={"colour": "blue", "sizes": [1, 2]}, category=make_category(), brand="@home", price="0.10",
    )  # fmt: skip
    make_product("'quoted", is_active=False, stock=0)
    client = admin_client()
    preview = upload(client, export(client))
    assert preview.context["result"].totals["skip"] == 2
    assert "there is nothing to change" in preview.content.decode()


def test_what_a_spreadsheet_would_run_leaves_as_text() -> None:
    make_product("=1+1", brand="+x", sku="@sum")
    (row,) = rows(export(admin_client()))
    assert (row["title"], row["brand"], row["sku"]) == ("'=1+1", "'+x", "'@sum")


@given(st.text())
def test_every_text_comes_back_from_a_cell_as_it_left(text: str) -> None:
    widget = Text()
    cell = widget.render(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    if not (text.startswith("'") and text[1:].startswith(("=", "+", "-", "@", "\t", "\r"))):
        assert widget.clean(cell) == text


def test_nothing_is_written_before_the_preview_is_confirmed() -> None:
    tools = make_category("Tools")
    make_product("Spade", sku="a", price="5.00", stock=1)
    client = admin_client()
    preview = upload(
        client,
        "sku,title,category,price,stock,visible\na,Spade,tools,6.5,1,yes\nb,<b>Rake</b>,tools,7,4,no\n",
    )
    page = preview.content.decode()
    assert "<del>5.00</del> <ins>6.50</ins>" in page
    assert "&lt;b&gt;Rake&lt;/b&gt;" in page
    assert Product.objects.count() == 1
    assert "1 added, 1 changed, 0 left as they were" in confirm(client, preview).content.decode()
    changed, added = Product.objects.get(sku="a"), Product.objects.get(sku="b")
    assert (changed.price, changed.category) == (Decimal("6.50"), tools)
    assert (added.title, added.stock, added.is_active, added.slug) == ("<b>Rake</b>", 4, False, "brakeb")
    assert changed.history.first().price == Decimal("6.50")


def test_a_longer_file_takes_few_more_queries() -> None:
    client = admin_client()

    def queries(count: int) -> int:
        for number in range(count):
            Product.objects.get_or_create(sku=f"p{number}", defaults={"title": "x", "price": 1})
        Product.objects.update(price=1, category=make_category())
        preview = upload(client, "sku,price\n" + "".join(f"p{number},2.00\n" for number in range(count)))
        with CaptureQueriesContext(connection) as captured:
            confirm(client, preview)
        assert Product.objects.filter(price=2).count() == count
        return len(captured)

    queries(1)  # what is looked up once per process
    savepoint = 2  # around each row, so that one bad row does not end the transaction
    assert queries(30) - queries(5) <= 25 * savepoint


def test_an_import_leaves_alone_what_changes_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    product = make_product(sku="a", price="1.00", stock=5)
    client = admin_client()
    preview = upload(client, "sku,price\na,2.00\n")
    validate = ProductResource.validate_instance

    def rated_meanwhile(resource: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        make_rating(make_shopper(), product, 5)
        Product.objects.update(stock=4)
        validate(resource, instance, *args, **kwargs)

    monkeypatch.setattr(ProductResource, "validate_instance", rated_meanwhile)
    confirm(client, preview)
    product.refresh_from_db()
    assert (str(product.price), product.stock, product.rating_count) == ("2.00", 4, 1)


def test_columns_that_are_left_out_stay_as_they_are() -> None:
    make_product("Spade", sku="a", price="5.00", stock=7, brand="Acme")
    client = admin_client()
    confirm(client, upload(client, "sku,price\na,6.00\n"))
    product = Product.objects.get()
    assert (product.title, product.stock, product.brand, product.price) == (
        "Spade",
        7,
        "Acme",
        Decimal("6.00"),
    )


def test_a_file_with_semicolons_is_read() -> None:
    client = admin_client()
    confirm(client, upload(client, "sku;title;price\nx;Rake, large;3.20\n"))
    assert Product.objects.get().title == "Rake, large"


@pytest.mark.parametrize(
    ("row", "column", "advice"),
    [
        ("x,Rake,,cheap,1,yes,", "price", "“cheap” is not a price. Write it like 12.90."),
        ("x,Rake,,NaN,1,yes,", "price", "Write it like 12.90."),
        ("x,Rake,,-1,1,yes,", "price", "greater than or equal to 0"),
        ("x,Rake,,1,two,yes,", "stock", "“two” is not a number of pieces"),
        ("x,Rake,,1,-2,yes,", "stock", "Write it like 25"),
        ("x,Rake,,1,1,maybe,", "visible", "Write yes or no."),
        ("x,Rake,tols,1,1,yes,", "category", "Did you mean “tools”?"),
        ("x,Rake,,1,1,yes,[1]", "attributes", "Write attributes like"),
        ("x,,,1,1,yes,", "title", "cannot be blank"),
        ("a b,Rake,,1,1,yes,", "sku", "Use letters, digits"),
        (",Rake,,1,1,yes,", "sku", "The SKU is missing"),
    ],
)
def test_a_bad_row_is_named_with_what_to_do(row: str, column: str, advice: str) -> None:
    make_category("Tools")
    client = admin_client()
    header = "sku,title,category,price,stock,visible,attributes"
    page = refused(client, f"{header}\ngood,Fine,tools,1,1,yes,\n{row}\n").replace("&gt;", ">")
    assert f"<td>3</td><td>{column}</td>" in page
    assert advice in page


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        ("title,price\nRake,1\n", "no column “sku”"),
        ("sku,prise\nx,1\n", "Unknown column “prise”. Rename or delete it."),
        ("sku,price,price\nx,1,2\n", "The column “price” is there twice"),
        ("sku,title\nx,one\nx,two\n", "x is in row 2 already"),
        ("sku,title\nx,one,two\n", "Save as: CSV UTF-8"),
        (b"sku,title\nx,Caf\xe9\n", "Save as: CSV UTF-8"),
        (b"\x00\x01\x02PK\nx\n", "no column “sku”"),
        ("", "empty"),
        ("sku,title\n", "No valid data to import"),
    ],
)
def test_a_wrong_file_is_refused_with_what_to_do(content: str | bytes, advice: str) -> None:
    make_product(sku="x")
    assert advice in refused(admin_client(), content)


def test_a_shop_that_changed_since_the_preview_gets_all_rows_or_none() -> None:
    tools = make_category("Tools")
    make_product(sku="a", price="1.00")
    client = admin_client()
    preview = upload(client, "sku,price,category\na,2.00,tools\n")
    tools.delete()
    page = confirm(client, preview).content.decode()
    assert "Nothing was imported" in page
    assert Product.objects.get().price == Decimal("1.00")


def test_a_confirmation_whose_upload_is_gone_asks_for_it_again() -> None:
    client = admin_client()
    preview = upload(client, "sku,title\nx,Rake\n")
    confirm(client, preview)
    again = confirm(client, preview)
    assert "The uploaded file is no longer there. Upload it again." in again.content.decode()
    assert Product.objects.count() == 1


def test_a_confirmation_reads_nothing_but_uploads() -> None:
    client = admin_client()
    for name in ("/etc/hostname", "products.csv", str(client.session.session_key), ""):
        sent = {"import_file_name": name, "original_file_name": "x", "format": "0", "resource": "0"}
        assert client.post(PROCESS, sent, follow=True).redirect_chain
    assert not Product.objects.exists()


def test_a_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.admin.transfer.LARGEST_FILE", 10)
    assert "larger than 10 MB" in refused(admin_client(), "sku,title\nx,Rake\n")


@pytest.mark.parametrize("missing", ["add", "change"])
def test_an_import_takes_leave_to_add_and_to_change(missing: str) -> None:
    held = [f"catalog.{verb}_product" for verb in ("view", "add", "change") if verb != missing]
    client = admin_client(*held)
    assert client.get(IMPORT).status_code == 403
    assert client.post(PROCESS, {}).status_code == 403
    assert client.get(f"{LIST}export/").status_code == 200


def test_an_export_takes_leave_to_look() -> None:
    assert admin_client("catalog.view_category").get(f"{LIST}export/").status_code == 403


@pytest.mark.parametrize("widget", [Price(), Stock(), YesNo(), Attributes(), CategoryBySlug()])
@given(cell=st.text() | st.none())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_in_a_cell_is_understood_or_answered_with_advice(widget: Any, cell: str | None) -> None:
    try:
        value = widget.clean(cell)
    except ValueError as advice:
        assert str(advice).endswith((".", "?"))
    else:
        assert widget.clean(widget.render(value)) == value


@given(st.decimals("0", "99999999.99", places=2), st.integers(0, 2**31 - 1))
def test_prices_and_stocks_come_back_as_they_left(price: Decimal, stock: int) -> None:
    assert Price().clean(Price().render(price)) == price
    assert Stock().clean(Stock().render(stock)) == stock
