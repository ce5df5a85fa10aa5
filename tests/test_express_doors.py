"""The gate in front of Django: it answers as Django would, and everything else comes to Django whole."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import OperationalError, close_old_connections, connection
from django.test import Client, RequestFactory
from django.urls import resolve
from pytest_django import Settings

from catalog.models import Product
from feedback.models import Rating
from shopreco import express_doors, express_ratings
from shopreco.express import ExpressLane
from shopreco.express_doors import ExpressGate
from shopreco.models import ApiKey
from shopreco.watching import request_id
from shopreco.watching.figures import REQUESTS
from tests.factories import make_shopper
from tests.shops import Shop, make_shop, publish_model

pytestmark = pytest.mark.django_db
NAMED = {"HTTP_X_REQUEST_ID": "edge-0123.4567"}
LISTS = resolve("/api/v1/shoppers/anybody/recommendations").route


@dataclass
class Answer:
    """What came out of a WSGI application. by_gate: Django was not asked."""

    status: int
    headers: dict[str, str]
    body: bytes
    by_gate: bool

    def json(self) -> Any:
        return json.loads(self.body)


class Environments(RequestFactory):
    """Makes what a server hands over, before a request is made of it."""

    def request(self, **told: Any) -> Any:
        return self._base_environ(**told)  # type: ignore[attr-defined]


class Door:
    """The gate as a server sees it, with all of Django behind it."""

    def __init__(self) -> None:
        self.asked_django = 0
        django = WSGIHandler()

        def watched(environ: Any, start_response: Any) -> Any:
            self.asked_django += 1
            return django(environ, start_response)

        self.gate = ExpressGate(watched)

    def __call__(self, method: str, path: str, body: Any = b"", **told: Any) -> Answer:
        environ: Any = Environments().generic(method, path, body, "application/json")
        environ |= told
        begun: list[Any] = []
        before = self.asked_django
        found = self.gate(environ, lambda status, headers, *_: begun.extend([status, headers]))  # type: ignore[arg-type]
        content = b"".join(found)
        if hasattr(found, "close"):
            found.close()
        status, headers = begun
        assert status == f"{int(status[:3])} {HTTPStatus(int(status[:3])).phrase}"
        return Answer(int(status[:3]), dict(headers), content, self.asked_django == before)


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """How often the gate let a connection go; the test's own stays open, as the test client sees to."""
    seen: list[bool] = []
    monkeypatch.setattr(express_doors, "close_old_connections", lambda: seen.append(True))
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield seen
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def shop() -> Shop:
    made = make_shop()
    publish_model("item_knn")
    return made


@pytest.fixture
def key() -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Api-Key {ApiKey.issue('shop')[1]}"}


@pytest.fixture
def door() -> Door:
    return Door()


def list_of(shop: Shop) -> str:
    return f"/api/v1/shoppers/{shop.gardeners[0].external_id}/recommendations"


def mistaken(*_: Any) -> Any:
    raise KeyError("mistake")


def given(shopper_id: str) -> list[int]:
    """The stars of all ratings of a shopper."""
    return [*Rating.objects.filter(shopper__external_id=shopper_id).values_list("value", flat=True)]


def less(answer: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in answer.items() if name != request_id.HEADER}


class TestWhatTheGateAnswers:
    def test_a_list_is_what_django_answers_headers_and_all(
        self, client: Client, shop: Shop, key: dict[str, str], settings: Settings
    ) -> None:
        settings.SECURE_HSTS_SECONDS = 3600
        door = Door()
        for scheme, port in (("http", "80"), ("https", "443")):
            ours = door("GET", list_of(shop), **key, **{"wsgi.url_scheme": scheme, "SERVER_PORT": port})
            django = client.get(list_of(shop), secure=scheme == "https", **key)  # type: ignore[arg-type]
            assert ours.by_gate and ours.status == django.status_code == 200
            assert ours.body == django.content
            assert less(ours.headers) == less(dict(django.items()))
            assert f'"{scheme}://testserver/products/' in ours.body.decode()
        assert ours.headers["Strict-Transport-Security"] == "max-age=3600"

    def test_a_rating_is_what_django_answers(
        self, client: Client, shop: Shop, key: dict[str, str], door: Door
    ) -> None:
        make_shopper("ann")
        path = f"/api/v1/shoppers/ann/ratings/{shop.garden[0].sku}"
        for value, status in ((4, 201), (2, 200)):
            ours = door("PUT", path, b'{"value": %d}' % value, **key)
            assert ours.by_gate and ours.status == status and ours.json()["value"] == value
            assert given("ann") == [value]
        django = client.put(path, b'{"value": 2}', content_type="application/json", **key)  # type: ignore[arg-type]
        assert less(ours.headers) == less(dict(django.items()))

    def test_it_has_an_id_a_line_in_the_log_and_a_place_in_the_figures(
        self,
        shop: Shop,
        key: dict[str, str],
        door: Door,
        settings: Settings,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        settings.SHOPRECO_LOG_REQUESTS = True
        caplog.set_level(logging.INFO, logger="shopreco.requests")
        before = REQUESTS.labels("GET", LISTS, 200)._value.get()
        ours = door("GET", f"{list_of(shop)}?limit=3", **key, **NAMED)
        assert ours.by_gate and ours.headers["X-Request-ID"] == "edge-0123.4567"
        assert REQUESTS.labels("GET", LISTS, 200)._value.get() == before + 1
        (line,) = [record for record in caplog.records if record.name == "shopreco.requests"]
        assert line.getMessage() == f"GET {list_of(shop)} 200"

    def test_a_connection_of_djangos_does_not_stay_with_the_thread(
        self, shop: Shop, key: dict[str, str], door: Door, closed: list[bool]
    ) -> None:
        connection.ensure_connection()
        assert door("GET", list_of(shop), **key).by_gate
        assert closed == [True]


class TestWhatComesToDjango:
    def test_other_pages_methods_and_callers(self, shop: Shop, key: dict[str, str], door: Door) -> None:
        for method, path, told, status in (
            ("GET", "/api/v1/health/live", {}, 200),
            ("GET", "/api/v1/nothing", {}, 404),
            ("POST", list_of(shop), key, 405),
            ("HEAD", list_of(shop), key, 200),
            ("GET", list_of(shop), {}, 200),
            ("GET", list_of(shop), {"HTTP_AUTHORIZATION": "Api-Key wrong"}, 401),
            ("GET", f"{list_of(shop)}?limit=x", key, 400),
            ("GET", list_of(shop), {**key, "HTTP_HOST": "evil example"}, 400),
            ("GET", list_of(shop), {**key, "HTTP_ACCEPT": "text/html", **NAMED}, 406),
        ):  # fmt: skip
            answer = door(method, path, **told)
            assert (answer.status, answer.by_gate) == (status, False), path
            assert request_id.ACCEPTED.fullmatch(answer.headers["X-Request-ID"])
        assert answer.headers["X-Request-ID"] == NAMED["HTTP_X_REQUEST_ID"]

    def test_ids_beyond_ascii_are_understood_by_the_middleware(
        self, shop: Shop, key: dict[str, str], door: Door
    ) -> None:
        make_shopper("Zoë")
        sku = shop.garden[0].sku
        answer = door("PUT", f"/api/v1/shoppers/Zo%C3%AB/ratings/{sku}", b'{"value": 4}', **key)
        assert (answer.status, answer.by_gate) == (201, False)
        assert given("Zoë") == [4]

    def test_a_shop_below_a_prefix_is_told_of_there(
        self, shop: Shop, key: dict[str, str], door: Door
    ) -> None:
        answer = door("GET", list_of(shop), **key, SCRIPT_NAME="/shop", HTTP_HOST="testserver:8999")
        assert answer.status == 200 and not answer.by_gate
        assert '"http://testserver:8999/shop/products/' in answer.body.decode()

    def test_what_was_asked_below_a_prefix_leaves_nothing_with_the_next(
        self, shop: Shop, key: dict[str, str], door: Door
    ) -> None:
        assert door("GET", "/api/v1/health/live", SCRIPT_NAME="/shop").status == 200
        answer = door("GET", list_of(shop), **key, HTTP_HOST="testserver:8998")
        assert answer.by_gate and "/shop/" not in answer.body.decode()

    def test_who_asks_in_plain_text_where_that_is_not_done_is_sent_to_https(
        self, shop: Shop, key: dict[str, str], settings: Settings
    ) -> None:
        settings.SECURE_SSL_REDIRECT = True
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        door = Door()
        answer = door("GET", list_of(shop), **key)
        assert (answer.status, answer.by_gate) == (301, False)
        assert door("GET", list_of(shop), **key, HTTP_X_FORWARDED_PROTO="https").by_gate

    def test_only_hosts_of_the_shop_are_answered(
        self, shop: Shop, key: dict[str, str], settings: Settings
    ) -> None:
        settings.ALLOWED_HOSTS = ["shop.example"]
        door = Door()
        assert door("GET", list_of(shop), **key, HTTP_HOST="shop.example:8000").by_gate
        for _ in range(2):
            answer = door("GET", list_of(shop), **key, HTTP_HOST="evil.example")
            assert (answer.status, answer.by_gate) == (400, False)

    def test_what_the_gate_has_read_of_a_rating_is_read_again(
        self, shop: Shop, key: dict[str, str], door: Door
    ) -> None:
        answer = door(
            "PUT", f"/api/v1/shoppers/somebody-new/ratings/{shop.garden[0].sku}", b'{"value": 4}', **key
        )
        assert (answer.status, answer.by_gate) == (201, False)
        assert given("somebody-new") == [4]

    def test_what_the_gate_has_tried_is_not_tried_again_by_the_middleware(
        self, shop: Shop, key: dict[str, str], door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried: list[str] = []
        monkeypatch.setattr(ExpressLane, "answer", lambda _, call: tried.append(call.path))
        assert door("GET", list_of(shop), **key).status == 200
        assert tried == [list_of(shop)]

    def test_an_error_becomes_the_answer_that_django_makes_of_it(
        self, shop: Shop, key: dict[str, str], door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_shopper("ann")
        error, cause = OperationalError("locked"), Exception()
        vars(cause)["sqlstate"] = "55P03"
        error.__cause__ = cause

        def locked(*_: Any, **__: Any) -> Any:
            raise error

        monkeypatch.setattr(express_ratings, "rate_at_once", locked)
        answer = door("PUT", f"/api/v1/shoppers/ann/ratings/{shop.garden[0].sku}", b'{"value": 4}', **key)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert not answer.by_gate and not given("ann")

    def test_a_mistake_of_ours_is_no_answer_without_a_trace(
        self, shop: Shop, key: dict[str, str], door: Door, monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(ExpressLane, "answer", mistaken)
        answer = door("GET", list_of(shop), **key)
        assert answer.status == 500
        assert "KeyError: 'mistake'" in caplog.text

    def test_a_body_that_breaks_off_is_nobodys_rating(
        self, shop: Shop, key: dict[str, str], door: Door
    ) -> None:
        make_shopper("ann")

        class Broken:
            def read(self, *_: int) -> bytes:
                raise OSError("gone")

            readline = read

        told: Any = {"wsgi.input": Broken(), "CONTENT_LENGTH": "12", **key}
        answer = door("PUT", f"/api/v1/shoppers/ann/ratings/{shop.garden[0].sku}", b'{"value": 4}', **told)
        assert answer.status >= 400 and not answer.by_gate and not given("ann")


def test_no_more_addresses_are_remembered_than_there_is_room_for(
    shop: Shop, key: dict[str, str], door: Door
) -> None:
    for port in range(express_doors.ADDRESSES + 5):
        assert door("GET", list_of(shop), **key, HTTP_HOST=f"testserver:{8000 + port}").by_gate
    assert len(door.gate._addresses) == 5


def test_prices_that_change_are_seen_through_the_gate(shop: Shop, key: dict[str, str], door: Door) -> None:
    before = door("GET", list_of(shop), **key).json()
    Product.objects.filter(sku=before["items"][0]["sku"]).update(stock=0)
    after = door("GET", list_of(shop), **key)
    assert after.by_gate and after.json()["items"][0]["sku"] != before["items"][0]["sku"]
