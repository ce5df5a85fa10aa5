"""The express lane's queries: one for a list that is kept, and no more than that for one that is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis import Redis

from shopreco.models import ApiKey
from tests.shops import Shop, make_shop, publish_model

pytestmark = pytest.mark.django_db
KEY_HEADERS = ("Authorization", "X-API-Key")


@pytest.fixture
def shop() -> Shop:
    made = make_shop()
    publish_model("item_knn")
    return made


@pytest.fixture
def secret() -> str:
    return ApiKey.issue("shop")[1]


def ask(client: Client, secret: str, shopper_id: str, query: str = "") -> Any:
    path = f"/api/v1/shoppers/{shopper_id}/recommendations{query}"
    return client.get(path, headers={"Authorization": f"Api-Key {secret}"})


@pytest.mark.parametrize("header", KEY_HEADERS)
def test_a_kept_list_costs_one_query(client: Client, shop: Shop, secret: str, header: str) -> None:
    sent = {header: f"Api-Key {secret}" if header == "Authorization" else secret}
    path = f"/api/v1/shoppers/{shop.gardeners[0].external_id}/recommendations"
    first = client.get(path, headers=sent)
    with CaptureQueriesContext(connection) as queries:
        second = client.get(path, headers=sent)
    assert len(queries) == 1, [query["sql"] for query in queries]
    assert second.content == first.content


def test_a_computed_list_costs_two_once_its_products_are_known(
    client: Client, shop: Shop, secret: str
) -> None:
    ask(client, secret, shop.gardeners[0].external_id)
    with CaptureQueriesContext(connection) as queries:
        ask(client, secret, shop.gardeners[0].external_id, "?limit=19")
    # PostgreSQL brings the history along with the shopper.
    expected = 1 if connection.vendor == "postgresql" else 2
    assert len(queries) == expected, [query["sql"] for query in queries]


def test_a_list_after_a_rating_costs_no_more_whoever_was_asked_for_before(
    client: Client, shop: Shop, secret: str
) -> None:
    ann = shop.gardeners[0]
    before = ask(client, secret, ann.external_id).json()
    sent = {"Authorization": f"Api-Key {secret}"}
    path = f"/api/v1/shoppers/{ann.external_id}/ratings/{before['items'][0]['sku']}"
    assert client.put(path, b'{"value": 1}', content_type="application/json", headers=sent).status_code == 201
    with CaptureQueriesContext(connection) as queries:
        after = ask(client, secret, ann.external_id).json()
    assert len(queries) == (1 if connection.vendor == "postgresql" else 2)
    assert after["items"][0]["sku"] != before["items"][0]["sku"]


def test_whether_a_history_is_read_along_follows_from_whether_lists_are_found_where_they_were_kept(
    client: Client, shop: Shop, secret: str
) -> None:
    def asked(*, is_kept: bool) -> tuple[int, bool]:
        """(queries, whether the last one reads the history)."""
        if not is_kept:
            Redis.from_url(django_settings.REDIS_URL).flushdb()
        with CaptureQueriesContext(connection) as queries:
            assert ask(client, secret, shop.gardeners[0].external_id).status_code == 200
        return len(queries), "feedback_rating" in queries[-1]["sql"]

    is_postgresql = connection.vendor == "postgresql"
    asked(is_kept=False)
    assert asked(is_kept=True) == (1, False)
    assert asked(is_kept=False) == (2, True)
    lost = [asked(is_kept=False) for _ in range(20)]
    assert lost[-1] == (1 if is_postgresql else 2, True)
    found = [asked(is_kept=True) for _ in range(20)]
    assert found[0] == (1, is_postgresql)
    assert found[-1] == (1, False)
