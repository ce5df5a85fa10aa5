"""The express lane for ratings: it says and does what the whole way does, and leaves the rest to that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis import Redis

from catalog.changes.reading import Stamp
from catalog.models import Product
from feedback.models import Rating, RatingChange, Shopper
from feedback.signals import feedback_recorded
from shopreco import express_ratings
from shopreco.api.throttles import CallerThrottle
from shopreco.models import ApiKey
from shopreco.watching.figures import REQUESTS
from tests.api import take_redis_away
from tests.factories import make_product, make_shopper
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db
BODY = b'{"value": 4}'
JSON = "application/json"
IS_POSTGRESQL = connection.vendor == "postgresql"


@pytest.fixture
def secret() -> str:
    return ApiKey.issue("shop")[1]


@pytest.fixture(autouse=True)
def shop(secret: str) -> None:
    """Twins: what the lane does to the one, the whole way does to the other."""
    for name in ("ann", "twin-ann"):
        make_shopper(name)
    for sku in ("POT", "TWIN-POT"):
        make_product('Teapot "Zoë" </b>\u2028', sku=sku)


@pytest.fixture(autouse=True)
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Of each PUT, whether the lane answered it."""
    seen: list[bool] = []
    answer = express_ratings.RatingLane.answer

    def watched(self: express_ratings.RatingLane, call: Any) -> Any:
        try:
            found = answer(self, call)
        except BaseException:
            seen.append(False)
            raise
        seen.append(found is not None)
        return found

    monkeypatch.setattr(express_ratings.RatingLane, "answer", watched)
    yield seen


@pytest.fixture
def rates(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the limit of keys; the clock stands still, so that no window ends in the middle of a test."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    monkeypatch.setattr(CallerThrottle, "timer", staticmethod(now.timestamp))

    def set_rate(rate: str) -> None:
        throttles = {"DEFAULT_THROTTLE_RATES": {"user": rate}}
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, **throttles}

    return set_rate


def put(
    client: Client, secret: str, shopper: str = "ann", sku: str = "POT", body: bytes | str = BODY,
    content_type: str = JSON, query: str = "", **headers: str,
) -> Any:  # fmt: skip
    path = f"/api/v1/shoppers/{shopper}/ratings/{sku}{query}"
    sent = {"Authorization": f"Api-Key {secret}"} | headers
    return client.put(path, body, content_type=content_type, headers=sent)


def the_whole_way(client: Client, secret: str, *args: Any, **kwargs: Any) -> Any:
    """The same request from a browser's script of this very site, which the lane does not take."""
    return put(client, secret, *args, Origin="http://testserver", **kwargs)


def written(shopper: str, sku: str) -> list[Any]:
    """Everything that ratings of the shopper have left, without moments and names."""
    whose = {"shopper__external_id": shopper}
    return [
        list(Shopper.objects.filter(external_id=shopper).values_list("feedback_version", flat=True)),
        list(Product.objects.filter(sku=sku).values_list("rating_count", "rating_total")),
        list(Rating.objects.filter(**whose).values_list("value", flat=True)),
        list(RatingChange.objects.filter(**whose).order_by("pk").values_list("value", flat=True)),
    ]


class TestTheSame:
    def test_first_same_and_other_stars_are_answered_and_written_alike(
        self, client: Client, secret: str, taken: list[bool]
    ) -> None:
        for value in (4, 4, 2, 5, 5):
            body = json.dumps({"value": value})
            one = put(client, secret, body=body)
            other = the_whole_way(client, secret, "twin-ann", "TWIN-POT", body)
            assert one.status_code == other.status_code
            for header in ("Content-Type", "Cache-Control", "X-Frame-Options"):
                assert one[header] == other[header]
            said, expected = one.json(), other.json()
            assert list(said) == list(expected)
            assert said | {"rated_at": 0} == expected | {"rated_at": 0, "sku": "POT"}
            assert len(one.content) == len(other.content) - len("TWIN-")
            assert written("ann", "POT") == written("twin-ann", "TWIN-POT")
        assert taken == [True, False] * 5

    def test_what_it_has_written_the_whole_way_finds_and_the_other_way_round(
        self, client: Client, secret: str
    ) -> None:
        first = put(client, secret)
        again = the_whole_way(client, secret)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.content == again.content
        changed = the_whole_way(client, secret, body=b'{"value": 1}')
        assert put(client, secret, body=b'{"value":1}').content == changed.content
        assert written("ann", "POT") == [[2], [(1, 1)], [1], [4, 1]]

    def test_whoever_listens_is_told_and_a_training_can_follow(
        self, client: Client, secret: str, django_capture_on_commit_callbacks: Any
    ) -> None:
        told: list[int] = []

        def listen(**said: Any) -> None:
            told.append(said["last_change"])

        feedback_recorded.connect(listen)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                put(client, secret)
        finally:
            feedback_recorded.disconnect(listen)
        assert told == [RatingChange.objects.get().pk]

    def test_it_has_its_id_and_its_place_in_the_figures(self, client: Client, secret: str) -> None:
        def count() -> float:
            return float(REQUESTS.labels("PUT", route, "201")._value.get())

        other = the_whole_way(client, secret, "twin-ann", "TWIN-POT", **{"X-Request-ID": "twin-1234"})
        route = other.wsgi_request.resolver_match.route
        before = count()
        one = put(client, secret, **{"X-Request-ID": "given-1234"})
        assert (one["X-Request-ID"], other["X-Request-ID"]) == ("given-1234", "twin-1234")
        assert count() == before + 1

    def test_answers_are_never_kept_on_the_way_and_tell_browsers_nothing(
        self, client: Client, secret: str
    ) -> None:
        answer = put(client, secret)
        assert "no-store" in answer["Cache-Control"] and "Authorization" in answer["Vary"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
    def test_a_rating_is_one_statement(
        self, client: Client, secret: str, taken: list[bool], header: str
    ) -> None:
        sent = {header: f"Api-Key {secret}" if header == "Authorization" else secret}

        def ask(value: int) -> None:
            path = "/api/v1/shoppers/ann/ratings/POT"
            assert client.put(path, {"value": value}, content_type=JSON, headers=sent).status_code < 300

        ask(1)
        with CaptureQueriesContext(connection) as queries:
            ask(3)
        assert len(queries) == (1 if IS_POSTGRESQL else 13), [query["sql"] for query in queries]
        assert taken == [True, True]

    def test_the_list_that_is_asked_for_next_has_changed(
        self, client: Client, secret: str, taken: list[bool]
    ) -> None:
        made = make_shop()
        publish_model("item_knn")
        ann = made.gardeners[0].external_id

        def skus() -> list[str]:
            path = f"/api/v1/shoppers/{ann}/recommendations?limit=50"
            found = client.get(path, headers={"Authorization": f"Api-Key {secret}"}).json()
            return [item["sku"] for item in found["items"]]

        first = skus()[0]
        assert put(client, secret, ann, first, b'{"value":1}').status_code == 201
        assert first not in skus()
        assert taken == [True]


BODIES = {
    "no value": b"{}",
    "too few": b'{"value": 0}',
    "too many": b'{"value": 6}',
    "half a star": b'{"value": 4.5}',
    "a whole number written as another": b'{"value": 4.0}',
    "a text that is one": b'{"value": "4"}',
    "two": b'{"value": 4, "value": 5}',
    "more than that": b'{"value": 4, "note": "nice"}',
    "twice": b'{"value": 4}{"value": 4}',
    "no JSON": b"{value: 4}",
    "a list": b"[4]",
    "nothing": b"",
    "spaces": b'  { "value"\t:\r\n 4 } ',
    "another encoding": '{"value": 4}'.encode("utf-16"),
    "a mark before it": b'\xef\xbb\xbf{"value": 4}',
    "spaces that are not JSON's": b'\x0b{"value": 4}',
    "a long one": b'{"value": 4' + b" " * 200 + b"}",
}


class TestWhatGoesTheWholeWay:
    """Or at least ends as if it had."""

    @pytest.mark.parametrize("what", BODIES)
    def test_every_body_is_understood_alike(self, client: Client, secret: str, what: str) -> None:
        one = put(client, secret, body=BODIES[what])
        other = the_whole_way(client, secret, "twin-ann", "TWIN-POT", BODIES[what])
        assert one.status_code == other.status_code
        assert one["Content-Type"] == other["Content-Type"]
        assert written("ann", "POT") == written("twin-ann", "TWIN-POT")
        if one.status_code >= 400:
            differing = {"instance": ""}
            assert one.json() | differing == other.json() | differing

    @pytest.mark.parametrize(
        ("changed", "status"),
        [
            ({"content_type": "text/plain"}, 415),
            ({"content_type": "application/json; charset=latin-1"}, 201),
            ({"content_type": "application/JSON; charset=UTF-8"}, 201),
            ({"Accept": "text/html"}, 406),
            ({"Accept": "application/json; indent=4"}, 201),
            ({"Accept": "application/json, text/plain, */*"}, 201),
            ({"query": "?format=xml"}, 404),
            ({"query": "?any=thing"}, 201),
            ({"Host": "evil.example"}, 400),
            ({"sku": "GHOST"}, 404),
            ({"sku": "no%20sku"}, 404),
            ({"sku": "POT/"}, 404),
            ({"shopper": "a%0Ab"}, 400),
            ({"shopper": "x" * 300}, 400),
            ({"shopper": "account-7"}, 400),
            ({"shopper": "somebody new"}, 201),
        ],
    )
    def test_every_request_is_answered_alike(
        self, client: Client, secret: str, settings: Any, changed: Any, status: int
    ) -> None:
        settings.ALLOWED_HOSTS = ["testserver"]
        one = put(client, secret, **changed)
        assert one.status_code == status
        Rating.objects.all().delete()
        other = the_whole_way(client, secret, **changed)
        assert other.status_code == status
        assert one["Content-Type"] == other["Content-Type"]
        if status == 201:
            assert one.content[:40] == other.content[:40], "indented or not"

    @pytest.mark.parametrize("sent", ["", "Api-Key", "Api-Key wrong", "Api-Key a b", "Bearer abc"])
    def test_a_bad_key_or_none_gets_the_answers_of_the_api(
        self, client: Client, settings: Any, taken: list[bool], sent: str
    ) -> None:
        settings.SHOPRECO_OPEN_API = False
        path = "/api/v1/shoppers/ann/ratings/POT"
        answer = client.put(path, BODY, content_type=JSON, headers={"Authorization": sent} if sent else {})
        assert answer.status_code in (401, 403)
        assert answer["Content-Type"] == "application/problem+json"
        assert taken == [False] and not Rating.objects.exists()

    def test_a_revoked_key_writes_nothing_any_more_and_a_new_one_does_at_once(
        self, client: Client, secret: str, taken: list[bool]
    ) -> None:
        assert put(client, secret).status_code == 201
        ApiKey.objects.update(revoked_at=timezone.now())
        assert put(client, secret, body=b'{"value": 1}').status_code == 401
        assert Rating.objects.get().value == 4
        assert put(client, ApiKey.issue("other")[1], body=b'{"value": 2}').status_code == 200
        assert taken == [True, False, True]

    def test_a_shop_that_has_changed_is_tried_again_once_and_then_left_to_the_whole_way(
        self, client: Client, secret: str, taken: list[bool], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(client, secret)
        Product.objects.filter(sku="TWIN-POT").update(price="99.00")
        assert put(client, secret, body=b'{"value": 5}').status_code == 200
        states = iter(range(100, 200))
        asked: list[Stamp] = []

        def restless(*_: Any, seen: Stamp, **__: Any) -> Any:
            asked.append(seen)
            return Stamp("restless", next(states)), None

        monkeypatch.setattr(express_ratings, "rate_at_once", restless)
        assert put(client, secret, body=b'{"value": 3}').status_code == 200
        assert Rating.objects.get().value == 3
        assert len(asked) == express_ratings.TRIES == 2 and asked[1] == Stamp("restless", 100)
        assert taken == [True, True, False]

    def test_what_the_database_cannot_do_for_the_lane_alone(
        self, client: Client, secret: str, taken: list[bool], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(express_ratings, "rate_at_once", failing(OperationalError("gone")))
        assert put(client, secret).status_code == 201
        assert taken == [False]

    @pytest.mark.parametrize("facts", [{"sqlstate": "55P03"}, {"sqlstate": "57014"}, {"sqlite_errorcode": 5}])
    def test_who_has_waited_for_a_lock_in_vain_is_told_and_does_not_wait_again(
        self, client: Client, secret: str, monkeypatch: pytest.MonkeyPatch, facts: dict[str, object]
    ) -> None:
        error, cause = OperationalError("locked"), Exception()
        vars(cause).update(facts)
        error.__cause__ = cause
        monkeypatch.setattr(express_ratings, "rate_at_once", failing(error))
        client.raise_request_exception = False
        answer = put(client, secret)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert answer["Content-Type"] == "application/problem+json"
        assert not Rating.objects.exists()


def failing(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


class TestLimits:
    def test_every_rating_counts_once_whichever_way_it_goes(
        self, client: Client, secret: str, rates: Any, taken: list[bool]
    ) -> None:
        rates("100/min")
        for shopper, sku in (("ann", "POT"), ("ann", "GHOST"), ("new", "POT"), ("new", "POT")):
            put(client, secret, shopper, sku)
        the_whole_way(client, secret)
        put(client, secret, body=b'{"value": 9}')
        redis = Redis.from_url(django_settings.REDIS_URL)
        (key,) = redis.keys("*throttle:user:key-*")
        assert int(redis.get(key) or 0) == 6
        assert taken == [True, False, False, True, False, False]

    def test_a_limit_that_is_reached_is_told_of_and_holds_in_both_ways(
        self, client: Client, secret: str, rates: Any, taken: list[bool]
    ) -> None:
        rates("3/day")
        assert the_whole_way(client, secret).status_code == 200 + 1
        values = [json.dumps({"value": value}) for value in (1, 2, 3)]
        assert [put(client, secret, body=body).status_code for body in values] == [200, 200, 429]
        assert put(client, secret)["Retry-After"]
        assert Rating.objects.get().value == 2
        assert taken == [False, True, True, False, False]

    def test_with_another_key_another_count_begins(self, client: Client, secret: str, rates: Any) -> None:
        rates("1/day")
        assert put(client, secret).status_code == 201
        assert put(client, secret).status_code == 429
        assert put(client, ApiKey.issue("other")[1]).status_code == 200

    @pytest.mark.parametrize(("policy", "status"), [("allow", 201), ("refuse", 503)])
    def test_without_redis_the_settings_decide(
        self, client: Client, secret: str, settings: Any, rates: Any, monkeypatch: pytest.MonkeyPatch,
        policy: str, status: int,
    ) -> None:  # fmt: skip
        rates("100/min")
        take_redis_away(settings, monkeypatch)
        settings.REDIS_URL = "unix:///nowhere/redis.sock"
        settings.SHOPRECO_WITHOUT_CACHE = policy
        client.raise_request_exception = False
        assert put(client, secret).status_code == status
        assert Rating.objects.count() == int(status == 201)
