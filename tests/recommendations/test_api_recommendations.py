"""GET shoppers/{id}/recommendations: without a model, with a really fitted one, and with bad parameters."""

from datetime import datetime
from urllib.parse import quote

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
    make_rating,
    make_shopper,
    make_tastes,
)

pytestmark = pytest.mark.django_db


def url(shopper: str = "ann") -> str:
    return f"{ROOT}/shoppers/{quote(shopper, safe='')}/recommendations"


def ask(client, shopper="ann", **query):
    response = client.get(url(shopper), query)
    assert response.status_code == 200, response.content
    return response.json()


def skus(answer):
    return [item["sku"] for item in answer["items"]]


class TestWithoutAModel:
    def test_an_unknown_shopper_gets_the_list_everybody_gets(self, client):
        make_product(
            "Teapot", sku="POT", price="12.50", brand="Leaf", category=make_category("Tea", slug="tea")
        )
        before = timezone.now()
        answer = ask(client, "a stranger & no")
        assert answer.keys() == {"strategy", "model_version", "generated_at", "total", "items"}
        assert answer["strategy"] in {"newest", "trending", "popular"}
        assert answer["model_version"] is None
        assert before <= datetime.fromisoformat(answer["generated_at"]) <= timezone.now()
        (item,) = answer["items"]
        assert item.keys() == {
            "sku", "title", "brand", "category", "price", "in_stock", "url", "picture", "score",
            "predicted_rating", "reason", "explored",
        }  # fmt: skip
        assert (item["sku"], item["price"], item["category"]) == ("POT", "12.50", "tea")
        assert item["predicted_rating"] is None
        assert item["reason"]

    def test_an_empty_shop_answers_an_empty_list(self, client):
        assert ask(client)["items"] == []

    def test_what_many_turn_to_is_trending(self, client):
        make_product(sku="QUIET")
        hit = make_product(sku="HIT")
        for _ in range(3):
            make_event(make_shopper(), hit, Event.Kind.PURCHASE, now=timezone.now())
        answer = ask(client)
        assert answer["strategy"] == "trending"
        assert skus(answer)[0] == "HIT"

    def test_explaining_a_list_for_everybody_names_no_product(self, client):
        make_product()
        assert ask(client, explain="1")["items"][0]["explanation"] == {"product": None, "share": None}

    def test_looking_makes_nobody(self, client, django_assert_max_num_queries):
        make_product()
        ask(client, "nobody")
        assert client.get(f"{ROOT}/shoppers/nobody/ratings").json()["count"] == 0


class TestWithALiveModel:
    @pytest.fixture
    def tastes(self):
        tastes = make_tastes()
        self.version = make_live_model()
        return tastes

    def test_the_list_follows_the_shoppers_taste(self, client, tastes):
        loved, _ = tastes
        ann = make_shopper("ann")
        for product in loved[:4]:
            make_rating(ann, product, 5)
        answer = ask(client)
        assert answer["strategy"] == "personal"
        assert answer["model_version"] == self.version.pk
        assert set(skus(answer)[:4]) == {product.sku for product in loved[4:]}
        scores = [item["score"] for item in answer["items"]]
        assert scores == sorted(scores, reverse=True)

    def test_a_rating_over_the_api_changes_the_very_next_list(self, client, tastes):
        loved, disliked = tastes
        assert ask(client)["strategy"] != "personal"
        for product, value in [(disliked[0], 5), (disliked[1], 5), (loved[0], 1)]:
            answer = client.put(
                f"{ROOT}/shoppers/ann/ratings/{product.sku}",
                {"value": value},
                content_type="application/json",
            )
            assert answer.status_code == 201
        after = ask(client)
        assert after["strategy"] == "personal"
        assert set(skus(after)[:6]) == {product.sku for product in disliked[2:]}

    def test_the_reason_names_a_product_of_the_history(self, client, tastes):
        loved, _ = tastes
        make_rating(make_shopper("ann"), loved[0], 5)
        first = ask(client, explain="1", limit=1)["items"][0]
        assert first["explanation"]["product"] == loved[0].sku
        assert 0 < first["explanation"]["share"] <= 1
        assert loved[0].title in first["reason"]
        assert "explanation" not in ask(client, limit=1)["items"][0]

    def test_pages_follow_each_other(self, client, tastes):
        make_rating(make_shopper("ann"), tastes[0][0], 5)
        whole = ask(client, limit=10)
        pages = skus(ask(client, limit=4)) + skus(ask(client, limit=4, offset=4))
        assert pages == skus(whole)[:8]
        assert ask(client, offset=1000)["items"] == []
        assert whole["total"] == ask(client, limit=1)["total"] >= 10

    def test_excluded_products_stay_out_and_unknown_ones_do_not_matter(self, client, tastes):
        make_rating(make_shopper("ann"), tastes[0][0], 5)
        first, second, third = skus(ask(client, limit=3))
        assert skus(ask(client, limit=1, exclude=f"{first}, {second},GHOST,\x00,")) == [third]

    def test_filters_narrow_the_list(self, client, tastes):
        loved, _ = tastes
        ann = make_shopper("ann")
        make_rating(ann, loved[0], 5)
        loved[1].price = 99
        loved[1].category = make_category("Aisle", slug="aisle", parent=make_category("Hall", slug="hall"))
        loved[1].save()
        loved[2].stock = 0
        loved[2].save()
        assert skus(ask(client, min_price="50")) == [loved[1].sku]
        assert skus(ask(client, category="hall")) == skus(ask(client, category="aisle")) == [loved[1].sku]
        assert loved[1].sku not in skus(ask(client, max_price="98.99", limit=100))
        assert loved[2].sku not in skus(ask(client, limit=100))
        assert loved[2].sku in skus(ask(client, limit=100, in_stock="false"))
        assert skus(ask(client, sort="-price"))[0] == loved[1].sku

    def test_a_least_predicted_rating_is_kept(self, client, tastes):
        make_rating(make_shopper("ann"), tastes[0][0], 5)
        everything, good = ask(client, limit=100), ask(client, limit=100, min_predicted="3.3")
        assert 0 < len(good["items"]) < len(everything["items"])
        assert all(item["predicted_rating"] >= 3.3 for item in good["items"])

    def test_a_list_costs_few_queries_however_long(self, client, tastes, settings):
        make_rating(make_shopper("ann"), tastes[0][0], 5)
        ask(client)  # the model is loaded once per process
        counts = []
        for limit in (2, 15):
            with CaptureQueriesContext(connection) as queries:
                ask(client, limit=limit)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 8, [q["sql"][:100] for q in queries.captured_queries]

    def test_a_shopper_without_consent_gets_the_list_everybody_gets(self, client, tastes):
        make_rating(make_shopper("ann", consent=False), tastes[0][0], 5)
        assert ask(client)["strategy"] == "popular"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "101"), ("limit", "many"), ("limit", ""), ("offset", "-1"),
        ("offset", "1" * 30), ("category", "nowhere"), ("category", "\x00"), ("min_price", "cheap"),
        ("max_price", "-0.01"), ("min_price", "NaN"), ("max_price", "Infinity"), ("in_stock", "perhaps"),
        ("min_predicted", "0.5"), ("min_predicted", "6"), ("min_predicted", "nan"), ("sort", "colour"),
        ("explain", "maybe"), ("exclude", ",".join(f"S{number}" for number in range(201))),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_a_problem_that_names_it(client, name, value):
    document = problem_of(client.get(url(), {name: value}), 400)
    assert wrong_fields(document) == {name}
    assert document["detail"].startswith(f"{name}: ")


def test_prices_the_wrong_way_round_are_a_problem(client):
    document = problem_of(client.get(url(), {"min_price": "5", "max_price": "4"}), 400)
    assert "min_price must not be above max_price" in document["detail"]


def test_a_shopper_id_that_is_too_long_is_a_problem(client):
    assert wrong_fields(problem_of(client.get(url("x" * 101)), 400)) == {"shopper"}


def test_lists_of_a_shopper_are_never_cached(client):
    assert "no-store" in client.get(url())["Cache-Control"]
