"""The category list and form: two levels, never three."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Category
from tests.factories import make_category, make_product
from tests.staff import admin_client

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/category/"


def test_each_department_is_followed_by_its_aisles() -> None:
    garden, books = make_category("Garden", position=2), make_category("Books", position=1)
    make_category("Tools", parent=garden, position=9)
    make_category("Plants", parent=garden, position=1)
    make_category("Novels", parent=books)
    listed = [category.name for category in admin_client().get(LIST).context["cl"].result_list]
    assert listed == ["Books", "Novels", "Garden", "Plants", "Tools"]


def test_a_department_counts_the_products_of_its_aisles() -> None:
    garden = make_category("Garden")
    tools = make_category("Tools", parent=garden)
    make_product(category=garden)
    make_product(category=tools)
    make_product(category=tools)
    make_category("Empty")
    client = admin_client()
    page = client.get(LIST).content.decode()
    assert '?department=garden">3</a>' in page
    assert '?aisle=tools">2</a>' in page
    assert '?department=empty">0</a>' in page


def test_a_longer_list_takes_no_more_queries() -> None:
    client = admin_client()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    make_product(category=make_category(parent=make_category()))
    few = queries()
    for _ in range(15):
        make_product(category=make_category(parent=make_category()))
    assert queries() == few


def save(client: Client, category: Category, parent: Category | None) -> str:
    """Move the category; the form's error, or nothing."""
    response = client.post(
        f"{LIST}{category.pk}/change/",
        {"name": category.name, "slug": category.slug, "parent": parent.pk if parent else "", "position": 0},
    )
    if response.status_code == 302:
        return ""
    return " ".join(response.context["adminform"].form.errors["parent"])


def test_an_aisle_is_moved_to_another_department() -> None:
    garden, books = make_category("Garden"), make_category("Books")
    tools = make_category("Tools", parent=garden)
    assert save(admin_client(), tools, books) == ""
    tools.refresh_from_db()
    assert tools.parent == books


def test_an_aisle_cannot_have_aisles() -> None:
    tools = make_category("Tools", parent=make_category("Garden"))
    books = make_category("Books")
    assert "there are two levels only" in save(admin_client(), books, tools)
    books.refresh_from_db()
    assert books.parent is None


def test_a_department_with_aisles_stays_a_department() -> None:
    garden, books = make_category("Garden"), make_category("Books")
    make_category("Tools", parent=garden)
    problem = save(admin_client(), garden, books)
    assert problem.startswith("Garden has 1 aisle of its own, so it must stay a department.")
    garden.refresh_from_db()
    assert garden.parent is None


def test_a_category_cannot_be_inside_itself() -> None:
    garden = make_category("Garden")
    assert "inside itself" in save(admin_client(), garden, garden)


def test_a_category_with_products_is_kept_and_the_page_says_why() -> None:
    garden = make_category("Garden")
    make_product(category=garden)
    make_product(category=garden)
    client = admin_client()
    assert "2 products" in client.get(f"{LIST}{garden.pk}/delete/").content.decode()
    client.post(f"{LIST}{garden.pk}/delete/", {"post": "yes"})
    assert Category.objects.filter(pk=garden.pk).exists()
