"""POST recommendations/batch: the lists of many, each the same as alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feedback.models import Event
from shopreco.models import ApiKey
from tests.api import ROOT
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper
from tests.shops import Shop, make_shop, publish_model

pytestmark = pytest.mark.django_db
BATCH = f"{ROOT}/recommendations/batch"


@pytest.fixture
def shop() -> Shop:
    made = make_shop(products=20)
    publish_model("svd")
    return made


@pytest.fixture
def key() -> dict[str, str]:
    return {"Authorization": f"Api-Key {ApiKey.issue('mails')[1]}"}


def post(client: Client, key: dict[str, str], shoppers: Any, **more: Any) -> Any:
    body = {"shoppers": shoppers} | more
    return client.post(BATCH, body, content_type="application/json", headers=key)


def alone(client: Client, key: dict[str, str], shopper: str, limit: int = 20) -> dict[str, Any]:
    path = f"{ROOT}/shoppers/{shopper}/recommendations?limit={limit}"
    answer: dict[str, Any] = client.get(path, headers=key).json()
    return answer


def without_time(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in {"generated_at", "shopper"}}


@pytest.mark.parametrize("limit", [3, 20])
def test_each_list_is_the_one_the_shopper_gets_alone(
    client: Client, shop: Shop, key: dict[str, str], limit: int
) -> None:
    bought = make_shopper("buyer")
    make_event(bought, shop.garden[0], Event.Kind.PURCHASE, now=NOW)
    make_event(bought, shop.garden[1], Event.Kind.BASKET, now=NOW)
    make_event(bought, shop.garden[1], Event.Kind.UNBASKET, now=NOW)
    make_rating(make_shopper("closed", consent=False), shop.garden[0], 5)
    make_shopper("silent")
    new = make_product("Rake of the year", brand="Rakeco", category=shop.garden_department)
    names = [each.external_id for each in (*shop.gardeners, *shop.cooks)]
    names += ["buyer", "closed", "silent", "nobody-has-it"]
    answer = post(client, key, names, limit=limit)
    assert answer.status_code == 200, answer.content
    results = answer.json()["results"]
    assert [each["shopper"] for each in results] == names
    for each in results:
        assert without_time(each) == without_time(alone(client, key, each["shopper"], limit))
    assert {each["strategy"] for each in results} == {"personal", "popular"}
    assert new.sku in {item["sku"] for each in results for item in each["items"]} or limit == 3


def test_the_same_shopper_twice_is_answered_twice(client: Client, shop: Shop, key: dict[str, str]) -> None:
    name = shop.cooks[0].external_id
    first, second = post(client, key, [name, name]).json()["results"]
    assert first == second and first["shopper"] == name


def test_many_cost_the_queries_of_a_few(client: Client, shop: Shop, key: dict[str, str]) -> None:
    names = [each.external_id for each in (*shop.gardeners, *shop.cooks)]
    post(client, key, names)
    counts = []
    for some in (names[:2], names):
        with CaptureQueriesContext(connection) as queries:
            post(client, key, some)
        counts.append(len(queries))
    # The key, the shoppers, the shop's state, the histories.
    assert counts == [4, 4]


def test_without_a_model_everybody_gets_what_there_is(client: Client, key: dict[str, str]) -> None:
    product = make_product()
    (found,) = post(client, key, ["ann"]).json()["results"]
    assert found["strategy"] == "newest" and [item["sku"] for item in found["items"]] == [product.sku]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "shoppers"), ({"shoppers": []}, "shoppers"), ({"shoppers": "ann"}, "shoppers"),
        ({"shoppers": ["a/b"]}, "shoppers"), ({"shoppers": [""]}, "shoppers"),
        ({"shoppers": ["x"] * 1001}, "shoppers"), ({"shoppers": ["ann"], "limit": 0}, "limit"),
        ({"shoppers": ["ann"], "limit": 101}, "limit"), ({"shoppers": [{"a": 1}]}, "shoppers"),
    ],
)  # fmt: skip
def test_bad_input_is_told_of(client: Client, key: dict[str, str], body: Any, field: str) -> None:
    answer = client.post(BATCH, body, content_type="application/json", headers=key)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert field in answer.json()["errors"][0]["field"]


def test_nobody_else_reads_an_accounts_list(client: Client, shop: Shop, settings: Any) -> None:
    settings.SHOPRECO_OPEN_API = True
    make_shopper("visitor", is_anonymous=True)
    plain = shop.gardeners[0].external_id
    assert post(client, {}, [plain]).status_code == 200
    assert post(client, {}, [plain, "visitor"]).status_code == 403


def test_without_a_key_it_is_closed(client: Client, shop: Shop, settings: Any) -> None:
    settings.SHOPRECO_OPEN_API = False
    assert post(client, {}, [shop.gardeners[0].external_id]).status_code in (401, 403)


def test_it_is_never_kept_on_the_way(client: Client, shop: Shop, key: dict[str, str]) -> None:
    assert "no-store" in post(client, key, ["ann"])["Cache-Control"]
