"""GET onboarding: what to ask a new shopper about."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Product
from tests.api import ROOT, problem_of, wrong_fields
from tests.factories import make_product
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db
ADDRESS = f"{ROOT}/onboarding"


@pytest.fixture(autouse=True)
def open_api(settings):
    settings.SHOPRECO_OPEN_API = True


def test_the_live_model_says_what_to_ask_about(client: Client):
    make_shop(products=24)
    version = publish_model("item_knn", now=timezone.now())
    answer = client.get(ADDRESS).json()
    assert (answer["model_version"], answer["wanted"]) == (version.pk, 5)
    assert len(answer["items"]) == 20
    assert {"sku", "title", "price", "picture", "url"} <= answer["items"][0].keys()
    assert client.get(f"{ADDRESS}?limit=3").json()["items"] == answer["items"][:3]


def test_the_answers_are_ratings_and_the_list_follows(client: Client):
    make_shop(products=24)
    publish_model("item_knn", now=timezone.now())
    asked = [item["sku"] for item in client.get(ADDRESS).json()["items"]]
    rakes = [sku for sku in asked if sku.startswith("RAKE")][:5]
    for sku in rakes:
        path = f"{ROOT}/shoppers/new/ratings/{sku}"
        assert client.put(path, {"value": 5}, content_type="application/json").status_code == 201
    found = client.get(f"{ROOT}/shoppers/new/recommendations?limit=5").json()
    assert found["strategy"] == "personal"
    assert {item["sku"].split("-")[0] for item in found["items"]} == {"RAKE"}
    assert [item["sku"] for item in client.get(ADDRESS).json()["items"]] == asked


def test_without_a_model_there_is_no_version_and_what_there_is(client: Client):
    product = make_product()
    make_product(stock=0)
    answer = client.get(ADDRESS).json()
    assert answer["model_version"] is None
    assert [item["sku"] for item in answer["items"]] == [product.sku]


def test_an_empty_shop_has_nothing_to_ask_about(client: Client):
    assert not Product.objects.exists()
    assert client.get(ADDRESS).json()["items"] == []


@pytest.mark.parametrize("limit", ["0", "61", "x"])
def test_a_limit_without_sense_is_refused(client: Client, limit: str):
    assert wrong_fields(problem_of(client.get(f"{ADDRESS}?limit={limit}"), 400)) == {"limit"}


def test_a_closed_api_takes_a_key(client: Client, settings):
    settings.SHOPRECO_OPEN_API = False
    problem_of(client.get(ADDRESS), 401)
