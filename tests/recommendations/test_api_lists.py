"""GET products/{sku}/similar, products/{sku}/bought-together, trending and models/live."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.models import Event
from tests.api import ROOT, problem_of, wrong_fields
from tests.factories import (
    make_category,
    make_event,
    make_live_model,
    make_product,
    make_shopper,
    make_tastes,
)

pytestmark = pytest.mark.django_db
PURCHASE = Event.Kind.PURCHASE
LISTS = ["products/POT/similar", "products/POT/bought-together", "trending"]


def ask(client, route, **query):
    response = client.get(f"{ROOT}/{route}", query)
    assert response.status_code == 200, response.content
    return response.json()


def skus(answer):
    return [item["sku"] for item in answer["items"]]


def buy_together(*products, orders: int = 3):
    for number in range(orders):
        shopper = make_shopper()
        for product in products:
            make_event(
                shopper, product, PURCHASE, now=timezone.now(), order_ref=f"{products[0].sku}-{number}"
            )


@pytest.mark.parametrize("route", LISTS)
def test_every_list_says_how_it_came_about(client, route):
    make_product(sku="POT")
    assert ask(client, route).keys() == {"strategy", "model_version", "generated_at", "total", "items"}


@pytest.mark.parametrize("route", LISTS)
@pytest.mark.parametrize(
    ("name", "value"), [("limit", "0"), ("limit", "101"), ("limit", "x"), ("explain", "x")]
)
def test_a_bad_parameter_is_a_problem_that_names_it(client, route, name, value):
    make_product(sku="POT")
    assert wrong_fields(problem_of(client.get(f"{ROOT}/{route}", {name: value}), 400)) == {name}


@pytest.mark.parametrize("route", LISTS[:2])
def test_lists_of_an_unknown_or_hidden_product_are_not_found(client, route):
    problem_of(client.get(f"{ROOT}/{route}"), 404)
    make_product(sku="POT", is_active=False)
    assert "POT" in problem_of(client.get(f"{ROOT}/{route}"), 404)["detail"]


def test_without_a_model_what_is_similar_comes_from_the_same_department(client):
    tea = make_category("Tea")
    make_product(sku="POT", category=tea)
    make_product(sku="CUP", category=tea)
    make_product(sku="SPADE", category=make_category("Garden"))
    answer = ask(client, "products/POT/similar")
    assert (answer["strategy"], answer["model_version"], skus(answer)) == ("same_category", None, ["CUP"])


def test_the_live_model_finds_what_the_same_shoppers_love(client):
    loved, _ = make_tastes()
    version = make_live_model()
    answer = ask(client, f"products/{loved[0].sku}/similar", limit=5)
    assert (answer["strategy"], answer["model_version"]) == ("similar", version.pk)
    assert len(answer["items"]) == 5
    assert set(skus(answer)) <= {product.sku for product in loved[1:]}
    first = ask(client, f"products/{loved[0].sku}/similar", explain="1")["items"][0]
    assert first["explanation"]["product"] == loved[0].sku


def test_what_was_bought_together_and_nothing_else(client):
    pot, cup, spade = make_product(sku="POT"), make_product(sku="CUP"), make_product(sku="SPADE")
    buy_together(pot, cup)
    buy_together(spade, make_product(sku="SEED"))
    answer = ask(client, "products/POT/bought-together")
    assert (answer["strategy"], skus(answer)) == ("bought_together", ["CUP"])
    assert "3 orders" in answer["items"][0]["reason"]
    assert skus(ask(client, "products/CUP/bought-together")) == ["POT"]


def test_orders_sent_over_the_api_are_what_is_bought_together(client):
    for sku in ("POT", "CUP"):
        make_product(sku=sku)
    rows = [
        {"shopper": f"s-{order}", "product": sku, "kind": "purchase", "order_ref": f"O-{order}"}
        for order in range(3)
        for sku in ("POT", "CUP")
    ]
    buy_together(make_product(), make_product())
    assert client.post(f"{ROOT}/events", rows, content_type="application/json").status_code == 200
    assert skus(ask(client, "products/POT/bought-together")) == ["CUP"]


def test_what_shoppers_turn_to_is_trending_and_can_be_narrowed(client):
    tea = make_category("Tea", slug="tea")
    make_product(sku="QUIET")
    hit, pot = make_product(sku="HIT"), make_product(sku="POT", category=tea)
    for product, visitors in ((hit, 5), (pot, 2)):
        for _ in range(visitors):
            make_event(make_shopper(), product, now=timezone.now())
    answer = ask(client, "trending")
    assert (answer["strategy"], skus(answer)[:2]) == ("trending", ["HIT", "POT"])
    assert skus(ask(client, "trending", category="tea")) == ["POT"]
    assert wrong_fields(problem_of(client.get(f"{ROOT}/trending", {"category": "x"}), 400)) == {"category"}


@pytest.mark.parametrize("route", LISTS)
def test_a_list_costs_the_same_queries_however_long(client, route):
    tea = make_category("Tea", parent=make_category())
    pot = make_product(sku="POT", category=tea)
    others = [make_product(category=tea) for _ in range(12)]
    buy_together(pot, *others)
    buy_together(make_product(), make_product())
    counts = []
    for limit in (1, 10):
        ask(client, route, limit=limit)
        with CaptureQueriesContext(connection) as queries:
            assert len(ask(client, route, limit=limit)["items"]) == limit
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_without_a_live_model_there_is_none_to_read_about(client):
    assert "train_model" in problem_of(client.get(f"{ROOT}/models/live"), 404)["detail"]


def test_the_live_model_says_what_it_is(client):
    make_tastes(shoppers=4, per_taste=3)
    version = make_live_model(now=timezone.now() - timedelta(hours=1))
    shown = client.get(f"{ROOT}/models/live").json()
    assert 3600 <= shown.pop("age_seconds") < 3660
    times = {name: shown.pop(name) for name in ("created_at", "published_at", "data_watermark")}
    assert all(times.values())
    assert shown == {
        "version": version.pk, "algorithm": "ease", "shoppers": 4, "products": 6, "interactions": 16,
        "metrics": {"algorithm": "ease"},
    }  # fmt: skip
