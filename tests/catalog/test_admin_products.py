"""The product list and form."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.forms import FileField
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from tests.factories import make_category, make_event, make_product, make_rating, make_shopper
from tests.staff import admin_client, make_staff, signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/product/"


def form_of(client: Client, address: str) -> dict[str, Any]:
    """What a browser would send back of the page's admin form, unchanged."""
    form = client.get(address).context["adminform"].form
    sent = {}
    for bound in form:
        if isinstance(bound.field, FileField):
            continue
        value = bound.value()
        for name, part in _parts(bound, value):
            sent[name] = "" if part is None else part
    return {name: value for name, value in sent.items() if value is not False}


def _parts(bound: Any, value: Any) -> list[tuple[str, Any]]:
    if bound.field.widget.__class__.__name__ == "AdminSplitDateTime":
        return list(
            zip(
                (f"{bound.html_name}_0", f"{bound.html_name}_1"),
                bound.field.widget.decompress(value),
                strict=True,
            )
        )
    parts = [(bound.html_name, value)]
    if bound.field.show_hidden_initial:
        parts.append((bound.html_initial_name, value))
    return parts


def rows_of(client: Client, query: str = "") -> set[str]:
    response = client.get(f"{LIST}{query}")
    assert response.status_code == 200
    return {product.sku for product in response.context["cl"].result_list}


def test_the_list_shows_picture_department_stock_and_rating() -> None:
    garden = make_category("Garden")
    product = make_product("Spade", category=make_category("Tools", parent=garden), stock=7)
    make_rating(make_shopper(), product, 4)
    page = admin_client().get(LIST).content.decode()
    assert "Garden › Tools" in page
    assert "4.0 (1)" in page
    assert f'src="{product.picture_url}"' in page
    assert 'value="7"' in page


def test_a_title_with_markup_is_shown_as_text() -> None:
    product = make_product("<script>alert(1)</script>")
    client = admin_client()
    for address in (LIST, f"{LIST}{product.pk}/change/", f"{LIST}{product.pk}/delete/"):
        page = client.get(address).content.decode()
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?department=garden", {"spade", "tulip"}),
        ("?department=garden&aisle=tools", {"spade"}),
        ("?aisle=tools", {"spade"}),
        ("?availability=sold-out", {"tulip"}),
        ("?availability=in-stock", {"spade", "novel"}),
        ("?is_active__exact=0", {"novel"}),
        ("?picture=uploaded", {"spade"}),
        ("?picture=none", {"tulip", "novel"}),
        ("?rated=yes", {"novel"}),
        ("?rated=never", {"spade", "tulip"}),
        ("?q=spa", {"spade"}),
        ("?q=Acme", {"tulip"}),
        ("?q=A+long+read", {"novel"}),
        ("?availability=nonsense", {"spade", "tulip", "novel"}),
    ],
)
def test_the_list_is_narrowed_by(query: str, found: set[str]) -> None:
    garden = make_category("Garden")
    tools = make_category("Tools", parent=garden)
    make_product("Digging", sku="spade", category=tools, image="products/spade.png")
    make_product("Red", sku="tulip", category=garden, stock=0, brand="Acme")
    novel = make_product("A long read", sku="novel", category=make_category("Books"), is_active=False)
    make_rating(make_shopper(), novel)
    assert rows_of(admin_client(), query) == found


def test_aisles_are_offered_for_the_chosen_department_only() -> None:
    garden, books = make_category("Garden"), make_category("Books")
    make_category("Tools", parent=garden)
    make_category("Novels", parent=books)
    client = admin_client()
    assert "aisle=" not in client.get(LIST).content.decode()
    page = client.get(f"{LIST}?department=garden").content.decode()
    assert "aisle=tools" in page
    assert "aisle=novels" not in page


def queries_of_the_list(client: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(LIST).status_code == 200
    return len(captured)


def test_a_longer_list_takes_no_more_queries() -> None:
    client = admin_client()
    aisle = make_category(parent=make_category())
    for _ in range(3):
        make_product(category=aisle)
    few = queries_of_the_list(client)
    for _ in range(30):
        make_product(category=make_category(parent=make_category()))
    assert queries_of_the_list(client) == few


def change_list(client: Client, edits: dict[int, dict[str, Any]]) -> Any:
    """Post the list as a browser that opened it now, after `edits` (product id -> field -> value)."""
    formset = client.get(LIST).context["cl"].formset
    return lambda: client.post(LIST, _list_data(formset, edits), follow=True)


def _list_data(formset: Any, edits: dict[int, dict[str, Any]]) -> dict[str, Any]:
    total = len(formset.forms)
    data: dict[str, Any] = {"form-TOTAL_FORMS": total, "form-INITIAL_FORMS": total, "_save": "Save"}
    for form in formset.forms:
        data[f"{form.prefix}-id"] = form.instance.pk
        for name in ("price", "stock"):
            shown = getattr(form.instance, name)
            data[f"initial-{form.prefix}-{name}"] = shown
            data[f"{form.prefix}-{name}"] = edits.get(form.instance.pk, {}).get(name, shown)
    return data


def test_price_and_stock_are_edited_in_the_list() -> None:
    product = make_product(price="3.00", stock=1)
    client = admin_client()
    change_list(client, {product.pk: {"price": "4.50", "stock": 9}})()
    product.refresh_from_db()
    assert (str(product.price), product.stock) == ("4.50", 9)
    assert product.history.first().price == product.price


def test_saving_the_list_keeps_the_stock_an_order_took_meanwhile() -> None:
    edited, other = make_product(price="3.00", stock=10), make_product(stock=10)
    client = admin_client()
    save = change_list(client, {edited.pk: {"price": "4.50"}})
    Product.objects.update(stock=8)  # two were bought while the list was open
    save()
    edited.refresh_from_db()
    other.refresh_from_db()
    assert (str(edited.price), edited.stock, other.stock) == ("4.50", 8, 8)


def test_saving_the_form_keeps_ratings_and_stock_that_changed_meanwhile() -> None:
    product = make_product("Old title", stock=10)
    client = admin_client()
    address = f"{LIST}{product.pk}/change/"
    sent = {**form_of(client, address), "title": "New title"}
    make_rating(make_shopper(), product, 5)
    Product.objects.update(stock=8)
    assert client.post(address, sent).status_code == 302
    product.refresh_from_db()
    assert (product.title, product.stock, product.rating_count, product.rating_total) == (
        "New title",
        8,
        1,
        5,
    )


def test_an_earlier_state_is_brought_back_from_the_history() -> None:
    product = make_product("First title", price="1.00")
    product.title = "Second title"
    product.save()
    make_rating(make_shopper(), product, 4)
    client = admin_client()
    first = product.history.earliest()
    address = f"{LIST}{product.pk}/history/{first.history_id}/"
    assert client.post(address, form_of(client, address)).status_code == 302
    product.refresh_from_db()
    assert (product.title, product.rating_count, product.rating_total) == ("First title", 1, 4)


def test_the_history_names_who_changed_what() -> None:
    product = make_product("First title")
    user = make_staff(is_superuser=True)
    client = signed_in(user)
    address = f"{LIST}{product.pk}/change/"
    client.post(address, {**form_of(client, address), "title": "Second title"})
    page = client.get(f"{LIST}{product.pk}/history/").content.decode()
    assert "First title → Second title" in page
    assert user.username in page
    assert "style=" not in page


def act(client: Client, action: str, *products: Product) -> str:
    data = {"action": action, "_selected_action": [product.pk for product in products]}
    return client.post(LIST, data, follow=True).content.decode()


def test_products_are_hidden_and_shown_together() -> None:
    one, two, other = make_product(), make_product(), make_product()
    user = make_staff("catalog.view_product", "catalog.change_product")
    client = signed_in(user)
    assert "2 products hidden." in act(client, "hide", one, two)
    assert set(Product.objects.public()) == {other}
    assert one.history.first().history_user == user
    assert "1 product shown." in act(client, "show", one, other)
    assert set(Product.objects.public()) == {one, other}


def test_who_may_only_look_cannot_hide() -> None:
    product = make_product()
    act(admin_client("catalog.view_product"), "hide", product)
    assert Product.objects.public().count() == 1


def test_deleting_says_how_much_feedback_goes_along() -> None:
    product = make_product()
    for _ in range(3):
        make_rating(make_shopper(), product)
    make_event(make_shopper(), product)
    client = admin_client("catalog.view_product", "catalog.delete_product")
    page = client.get(f"{LIST}{product.pk}/delete/").content.decode()
    for line in ("Ratings: 3", "Rating changes: 3", "Events: 1"):
        assert line in page
    client.post(f"{LIST}{product.pk}/delete/", {"post": "yes"})
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("name", "accepted"), [("bowl.png", True), ("bowl.svg", False), ("bowl.html", False), ("bowl", False)]
)
def test_only_pictures_made_of_pixels_are_taken(
    name: str, accepted: bool, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    product = make_product()
    client = admin_client()
    address = f"{LIST}{product.pk}/change/"
    sent = {**form_of(client, address), "image": SimpleUploadedFile(name, b"\x89PNG something")}
    assert (client.post(address, sent).status_code == 302) is accepted
    product.refresh_from_db()
    assert bool(product.image) is accepted
