"""GET products and GET products/{sku}."""

import pytest
from django.test import Client

from catalog.models import Product
from tests.api import ROOT, problem_of, wrong_fields
from tests.factories import make_category, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
URL = f"{ROOT}/products"


def skus(client: Client, **query: str) -> list[str]:
    response = client.get(URL, query)
    assert response.status_code == 200, response.content
    return [product["sku"] for product in response.json()["results"]]


def test_a_product_in_the_list_has_what_a_card_needs(client):
    tea = make_category("Tea", slug="tea")
    make_product("Assam", sku="T-1", price="12.50", brand="Leaf", category=tea, stock=0)
    (product,) = client.get(URL).json()["results"]
    assert product == {
        "sku": "T-1",
        "title": "Assam",
        "brand": "Leaf",
        "category": "tea",
        "price": "12.50",
        "in_stock": False,
        "url": "http://testserver" + Product.objects.get().get_absolute_url(),
        "picture": "http://testserver" + Product.objects.get().picture_url,
    }


def test_a_product_without_a_category_says_null(client):
    make_product()
    assert client.get(URL).json()["results"][0]["category"] is None


def test_hidden_products_are_neither_listed_nor_found(client):
    make_product(sku="HIDDEN", is_active=False)
    assert skus(client) == []
    problem_of(client.get(f"{URL}/HIDDEN"), 404)


def test_pages_follow_each_other_and_leave_nothing_out(client):
    made = [make_product().sku for _ in range(5)]
    first, second = client.get(URL, {"limit": 3}).json(), client.get(URL, {"limit": 3, "offset": 3}).json()
    assert first["count"] == second["count"] == 5
    assert "offset=3" in first["next"]
    assert second["next"] is None
    assert sorted(made) == sorted(product["sku"] for product in first["results"] + second["results"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "abc"), ("limit", "0"), ("limit", "101"), ("limit", ""),
        ("offset", "-1"), ("offset", "9" * 30),
        ("min_price", "cheap"), ("max_price", "NaN"), ("min_price", "-1"), ("in_stock", "perhaps"),
        ("ordering", "colour"), ("category", "nowhere"), ("category", "a\x00b"),
        ("search", "x" * 201), ("search", "a\x00b"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_a_problem_that_names_it(client, name, value):
    make_product()
    document = problem_of(client.get(URL, {name: value}), 400)
    assert wrong_fields(document) == {name}
    assert name in document["detail"]


def test_search_wants_every_word(client):
    make_product("Green tea pot", sku="POT")
    make_product("Green lamp", sku="LAMP")
    assert skus(client, search="green pot") == ["POT"]
    assert skus(client, search="gold pot") == []


def test_a_department_includes_its_aisles(client):
    kitchen = make_category("Kitchen", slug="kitchen")
    make_product(sku="IN", category=make_category("Pans", slug="pans", parent=kitchen))
    make_product(sku="OUT", category=make_category("Garden", slug="garden"))
    assert skus(client, category="kitchen") == ["IN"]
    assert skus(client, category="pans") == ["IN"]


def test_prices_are_inclusive_and_stock_and_brand_narrow(client):
    make_product(sku="A", price="5.00", brand="Acme")
    make_product(sku="B", price="10.00", stock=0)
    assert skus(client, min_price="10.00") == ["B"]
    assert skus(client, max_price="5") == ["A"]
    assert skus(client, in_stock="true") == ["A"]
    assert sorted(skus(client, in_stock="false")) == ["A", "B"]
    assert skus(client, brand="acme") == ["A"]


def test_the_orders(client):
    dear, cheap = make_product(sku="DEAR", price="9"), make_product(sku="CHEAP", price="1")
    make_rating(make_shopper(), dear, 5)
    make_rating(make_shopper(), cheap, 1)
    assert skus(client) == skus(client, ordering="newest") == ["CHEAP", "DEAR"]
    assert skus(client, ordering="price") == ["CHEAP", "DEAR"]
    assert skus(client, ordering="-price") == ["DEAR", "CHEAP"]
    assert skus(client, ordering="rating") == ["DEAR", "CHEAP"]


def test_one_product_in_full(client):
    product = make_product(sku="T-1", description="Malty.", attributes={"leaf": "whole"}, stock=7)
    make_rating(make_shopper(), product, 4)
    shown = client.get(f"{URL}/T-1").json()
    assert shown["description"] == "Malty."
    assert shown["attributes"] == {"leaf": "whole"}
    assert (shown["stock"], shown["rating_average"], shown["rating_count"]) == (7, 4.0, 1)


def test_a_product_nobody_has_rated_has_no_average(client):
    make_product(sku="NEW")
    assert client.get(f"{URL}/NEW").json()["rating_average"] is None


@pytest.mark.parametrize("sku", ["NOPE", "a%00b", "%F0%9F%90%88", "x" * 300, "a%20b"])
def test_an_unknown_sku_is_a_404_problem(client, sku):
    assert "no product" in problem_of(client.get(f"{URL}/{sku}"), 404)["detail"]


def test_a_page_costs_the_same_queries_however_long(client, django_assert_max_num_queries):
    for number in range(30):
        make_product(category=make_category(parent=make_category()), brand=f"B{number}")
    with django_assert_max_num_queries(3):
        assert len(client.get(URL, {"limit": 30, "search": "Product"}).json()["results"]) == 30
    one = make_product().sku
    with django_assert_max_num_queries(1):
        client.get(f"{URL}/{one}")
