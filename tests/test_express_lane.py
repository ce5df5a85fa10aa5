"""The express lane: what it answers is what the whole way answers, and what it does not take goes there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.utils import timezone
from redis import Redis
from rest_framework.renderers import JSONRenderer

from catalog.models import Product
from feedback.erasing import set_consent
from feedback.models import Event
from recommendations.api.bodies import body_of
from recommendations.api.serializers import RecommendationList
from recommendations.models import MerchandisingRule
from recommendations.serving.listed import listed_for
from recommendations.serving.service import Asked, recommend_for
from recommendations.serving.snapshot import current
from shopreco import express
from shopreco.models import ApiKey
from tests.factories import make_event, make_product, make_rating, make_shopper
from tests.shops import Shop, make_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    made = make_shop()
    publish_model("item_knn")
    return made


@pytest.fixture
def secret() -> str:
    return ApiKey.issue("shop")[1]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Of each request, whether the lane answered it."""
    seen: list[bool] = []
    answer = express.ExpressLane._list

    def watched(self: express.ExpressLane, call: Any, shopper_id: str) -> Any:
        try:
            found = answer(self, call, shopper_id)
        except BaseException:
            seen.append(False)
            raise
        seen.append(found is not None)
        return found

    monkeypatch.setattr(express.ExpressLane, "_list", watched)
    yield seen


def ask(client: Client, secret: str, shopper_id: str, query: str = "", **headers: str) -> Any:
    sent = {"Authorization": f"Api-Key {secret}"} | headers
    return client.get(f"/api/v1/shoppers/{shopper_id}/recommendations{query}", headers=sent)


def the_whole_way(client: Client, secret: str, shopper_id: str, query: str = "", **headers: str) -> Any:
    """The same request from a browser's script of this very site, which the lane does not take."""
    return ask(client, secret, shopper_id, query, Origin="http://testserver", **headers)


def less_when(body: Any) -> Any:
    return {name: value for name, value in body.items() if name != "generated_at"}


@pytest.mark.parametrize(
    "query",
    [
        "", "?limit=3", "?limit=3&offset=2", "?explain=1", "?sort=price", "?sort=-price", "?sort=newest",
        "?sort=rating", "?category=garden", "?min_price=12&max_price=15.5", "?in_stock=false",
        "?min_predicted=3.5", "?exclude=RAKE-001,PAN-002", "?limit=100&unknown=1",
    ],
)  # fmt: skip
def test_it_says_what_the_whole_way_says(
    client: Client, shop: Shop, secret: str, taken: list[bool], query: str
) -> None:
    Product.objects.filter(pk=shop.garden[2].pk).update(stock=0, title='Rake "Émile" </b>', brand="")
    for whom in (shop.gardeners[0].external_id, shop.cooks[0].external_id, "nobody-known"):
        Redis.from_url(django_settings.REDIS_URL).flushdb()
        express_answer = ask(client, secret, whom, query)
        Redis.from_url(django_settings.REDIS_URL).flushdb()
        other = the_whole_way(client, secret, whom, query)
        assert express_answer.status_code == other.status_code == 200
        assert less_when(express_answer.json()) == less_when(other.json())
        assert express_answer["Content-Type"] == other["Content-Type"] == "application/json"
    # What everybody's ratings have a part in is not kept, and so left to the whole way.
    assert taken == [query != "?sort=rating", False] * 3


def test_the_body_is_what_the_schemas_serializer_writes(client: Client, shop: Shop, secret: str) -> None:
    now, snapshot, shopper = timezone.now(), current(), shop.gardeners[0]
    request = RequestFactory().get("/")
    for explain in (False, True):
        cards = listed_for(shopper, Asked(limit=50), now=now, snapshot=snapshot)
        written = body_of(cards, root="http://testserver", explain=explain)
        page = recommend_for(shopper, now=now, limit=50)
        context = {"request": request, "explain": explain}
        rendered = JSONRenderer().render(RecommendationList(page, context=context).data)
        assert json.loads(written) == json.loads(rendered)
        assert list(json.loads(written)["items"][0]) == list(json.loads(rendered)["items"][0])


def rate(shop: Shop, first: Product) -> None:
    make_rating(shop.gardeners[0], first, 1, now=timezone.now())


CHANGES: dict[str, Callable[[Shop, Product], object]] = {
    "rated": rate,
    "sold out": lambda _, first: Product.objects.filter(pk=first.pk).update(stock=0),
    "hidden": lambda _, first: Product.objects.filter(pk=first.pk).update(is_active=False),
    "dropped": lambda _, first: MerchandisingRule.objects.create(name="x", action="drop", product=first),
    "dearer": lambda _, first: Product.objects.filter(pk=first.pk).update(price="999.99"),
    "bought": lambda shop, _: make_event(
        shop.gardeners[0], shop.kitchen[3], Event.Kind.PURCHASE, now=timezone.now()
    ),
    "trained": lambda _, __: publish_model("item_knn"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_a_list_is_made_of_changes_it_at_once(
    client: Client, shop: Shop, secret: str, taken: list[bool], what: str
) -> None:
    ann = shop.gardeners[0].external_id
    before = ask(client, secret, ann, "?limit=50").json()
    first = Product.objects.get(sku=before["items"][0]["sku"])
    CHANGES[what](shop, first)
    after = ask(client, secret, ann, "?limit=50").json()
    assert less_when(after) != less_when(before)
    if what in {"rated", "sold out", "hidden", "dropped"}:
        assert first.sku not in [item["sku"] for item in after["items"]]
    assert taken == [True, True]


def test_a_rule_that_ends_has_ended_at_that_moment(client: Client, shop: Shop, secret: str) -> None:
    ending = timezone.now() + timedelta(milliseconds=400)
    MerchandisingRule.objects.create(name="x", action="drop", category=shop.garden_department, ends_at=ending)
    ann = shop.gardeners[0].external_id
    before = ask(client, secret, ann, "?limit=50").json()
    while timezone.now() <= ending:
        pass
    assert ask(client, secret, ann, "?limit=50").json()["total"] > before["total"]


def test_nothing_else_makes_another_list(client: Client, shop: Shop, secret: str) -> None:
    ann = shop.gardeners[0]
    before = ask(client, secret, ann.external_id).content
    make_rating(shop.cooks[0], shop.kitchen[0], 2, now=timezone.now())
    Product.objects.filter(pk=shop.garden[0].pk).update(stock=3, description="Long.")
    assert ask(client, secret, ann.external_id).content == before


def test_answers_are_never_kept_on_the_way_and_tell_browsers_nothing(
    client: Client, shop: Shop, secret: str
) -> None:
    answer = ask(client, secret, shop.gardeners[0].external_id)
    assert "no-store" in answer["Cache-Control"] and "private" in answer["Cache-Control"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY" and answer["X-Content-Type-Options"] == "nosniff"
    assert "Authorization" in answer["Vary"]
    assert answer["X-Request-ID"]


class TestWhatGoesTheWholeWay:
    def test_a_revoked_key_is_refused_at_once(
        self, client: Client, shop: Shop, secret: str, taken: list[bool]
    ) -> None:
        whom = shop.gardeners[0].external_id
        assert ask(client, secret, whom).status_code == 200
        ApiKey.objects.update(revoked_at=timezone.now())
        assert ask(client, secret, whom).status_code == 401
        assert taken == [True, False]

    @pytest.mark.parametrize("sent", ["", "Api-Key", "Api-Key wrong", "Api-Key a b", "Bearer abc"])
    def test_a_bad_key_or_none_gets_the_answers_of_the_api(
        self, client: Client, shop: Shop, settings: Any, taken: list[bool], sent: str
    ) -> None:
        settings.SHOPRECO_OPEN_API = False
        path = f"/api/v1/shoppers/{shop.gardeners[0].external_id}/recommendations"
        answer = client.get(path, headers={"Authorization": sent} if sent else {})
        assert answer.status_code in (401, 403)
        assert answer["Content-Type"] == "application/problem+json"
        assert taken == [False]

    @pytest.mark.parametrize(
        "query", ["?limit=0", "?limit=x", "?sort=odd", "?category=none-such", "?min_price=5&max_price=1"]
    )
    def test_a_bad_query_is_told_of(self, client: Client, shop: Shop, secret: str, query: str) -> None:
        answer = ask(client, secret, shop.gardeners[0].external_id, query)
        assert answer.status_code == 400 and answer.json()["errors"]

    def test_a_query_of_too_many_fields_is_told_of(
        self, client: Client, shop: Shop, secret: str, settings: Any
    ) -> None:
        settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
        answer = ask(client, secret, shop.gardeners[0].external_id, "?a=1&b=2&c=3&d=4")
        other = the_whole_way(client, secret, shop.gardeners[0].external_id, "?a=1&b=2&c=3&d=4")
        assert answer.status_code == other.status_code
        assert answer["Content-Type"] == other["Content-Type"]

    @pytest.mark.parametrize(
        ("query", "accepted", "status"),
        [
            ("?format=xml", "*/*", 404),
            ("", "application/json-seq", 406),
            ("", "text/html, application/json;q=0.9", 200),
            ("", "application/xml", 406),
        ],
    )
    def test_other_formats_are_refused_alike(
        self, client: Client, shop: Shop, secret: str, query: str, accepted: str, status: int
    ) -> None:
        whom = shop.gardeners[0].external_id
        for way in (ask, the_whole_way):
            assert way(client, secret, whom, query, Accept=accepted).status_code == status

    def test_a_bad_shopper_id_is_told_of(self, client: Client, shop: Shop, secret: str) -> None:
        assert ask(client, secret, "a%0Ab").status_code == 400
        assert ask(client, secret, "x" * 300).status_code == 400

    def test_a_limit_that_is_reached_is_told_of_and_holds_in_both_ways(
        self, client: Client, shop: Shop, secret: str, settings: Any, taken: list[bool]
    ) -> None:
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"user": "3/day"}}
        whom = shop.gardeners[0].external_id
        assert the_whole_way(client, secret, whom).status_code == 200
        assert [ask(client, secret, whom).status_code for _ in range(3)] == [200, 200, 429]
        assert ask(client, secret, whom)["Retry-After"]
        assert taken == [False, True, True, False, False]

    def test_what_no_program_would_send(
        self, client: Client, shop: Shop, secret: str, taken: list[bool]
    ) -> None:
        whom = shop.gardeners[0].external_id
        assert ask(client, secret, whom, Accept="text/html").status_code == 406
        path = f"/api/v1/shoppers/{whom}/recommendations"
        assert client.post(path, headers={"Authorization": f"Api-Key {secret}"}).status_code == 405
        assert client.head(path, headers={"Authorization": f"Api-Key {secret}"}).status_code == 200
        assert taken == [False]

    def test_a_host_that_is_not_ours(self, client: Client, shop: Shop, secret: str, settings: Any) -> None:
        settings.ALLOWED_HOSTS = ["shop.example"]
        assert ask(client, secret, shop.gardeners[0].external_id, Host="evil.example").status_code == 400

    def test_what_the_database_cannot_do_for_the_lane_alone(
        self, client: Client, shop: Shop, secret: str, monkeypatch: pytest.MonkeyPatch, taken: list[bool]
    ) -> None:
        monkeypatch.setattr(express, "look_up", away)
        assert ask(client, secret, shop.gardeners[0].external_id).status_code == 200
        assert taken == [False]

    def test_a_shop_without_a_model(self, client: Client, secret: str, taken: list[bool]) -> None:
        make_product()
        assert ask(client, secret, "ann").json()["strategy"] == "newest"
        assert taken == [False]


def away(_: str, **__: int) -> None:
    raise OperationalError("gone")


class TestWhileTheDatabaseIsAway:
    """Whoever asked before is answered as before, and told so."""

    @pytest.fixture(autouse=True)
    def before(self, client: Client, shop: Shop, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client, self.secret, self.ann = client, secret, shop.gardeners[0].external_id
        self.given = ask(client, secret, self.ann, "?limit=5").content
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(express, "look_up", away)

    def test_the_last_answer_is_given_again_and_marked(self) -> None:
        answer = ask(self.client, self.secret, self.ann, "?limit=5")
        assert answer.content == self.given
        assert "Stale" in answer["Warning"] and answer["Age"] == "0"
        assert "no-store" in answer["Cache-Control"]

    @pytest.mark.parametrize(
        "asked",
        ["another query", "another shopper", "another key", "another host", "a revoked key", "too late"],
    )
    def test_nothing_else_is_answered_so(self, shop: Shop, settings: Any, asked: str) -> None:
        ann, secret, query, headers = self.ann, self.secret, "?limit=5", {}
        if asked == "another query":
            query = "?limit=6"
        elif asked == "another shopper":
            ann = shop.gardeners[1].external_id
        elif asked == "another key":
            secret = ApiKey.issue("other")[1]
        elif asked == "another host":
            settings.ALLOWED_HOSTS = ["*"]
            headers = {"Host": "other.example"}
        elif asked == "a revoked key":
            ApiKey.objects.update(revoked_at=timezone.now())
            self.monkeypatch.undo()
            assert ask(self.client, secret, ann, query).status_code == 401
            self.monkeypatch.setattr(express, "look_up", away)
        else:
            self.monkeypatch.setattr(express, "STALE_SECONDS", -1)
        assert "Warning" not in ask(self.client, secret, ann, query, **headers)

    def test_nor_is_who_has_refused_personal_lists_meanwhile(
        self, shop: Shop, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            set_consent(shop.gardeners[0], False, now=timezone.now())
        assert "Warning" not in ask(self.client, self.secret, self.ann, "?limit=5")

    def test_no_more_are_remembered_than_there_is_room_for(self, shop: Shop) -> None:
        self.monkeypatch.undo()
        self.monkeypatch.setattr(express, "REMEMBERED", 2)
        lane = express.ExpressLane()
        for number in range(5):
            lane._remember(f"ann-{number}", express.Known("a", "b", "", "", 0.0))
        assert list(lane._last) == ["ann-3", "ann-4"]


def test_a_shopper_without_consent_gets_the_list_everybody_gets(
    client: Client, shop: Shop, secret: str
) -> None:
    ann = make_shopper("ann", consent=False)
    make_rating(ann, shop.garden[0], 5, now=timezone.now())
    assert ask(client, secret, "ann").json()["strategy"] == "popular"


def test_a_department_that_gets_another_name_is_found_by_it(client: Client, shop: Shop, secret: str) -> None:
    whom = shop.gardeners[0].external_id
    assert ask(client, secret, whom, "?category=garden").status_code == 200
    shop.garden_department.slug = "outdoors"
    shop.garden_department.save()
    assert ask(client, secret, whom, "?category=garden").status_code == 400
    items = ask(client, secret, whom, "?category=outdoors").json()["items"]
    assert items and {item["category"] for item in items} == {"outdoors"}


@pytest.mark.parametrize("query", ["?sort=rating", "?min_predicted=4"])
def test_what_everybodys_ratings_have_a_part_in_follows_them(
    client: Client, shop: Shop, secret: str, query: str
) -> None:
    if "min_predicted" in query:
        publish_model("item_knn", predicts=False)
    ann = shop.gardeners[0].external_id
    for _ in range(2):
        first = ask(client, secret, ann, query).json()["items"][0]["sku"]
    product = Product.objects.get(sku=first)
    for cook in [make_shopper(f"critic-{number}") for number in range(40)]:
        make_rating(cook, product, 1, now=timezone.now())
    assert ask(client, secret, ann, query).json()["items"][0]["sku"] != first
