"""The pages' limits while Redis, which counts them, is away: the setting says what becomes of a request."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.limits import CannotCountError, Limit
from feedback.models import Rating
from tests.api import take_redis_away
from tests.factories import make_product
from tests.pages import text_of
from tests.visits import sign_in

pytestmark = pytest.mark.django_db
WRITES = {
    "a rating": ("/feedback/rate/", {"sku": "lamp", "value": "4"}),
    "a wish": ("/feedback/wish/", {"sku": "lamp"}),
    "the basket": ("/basket/add/", {"sku": "lamp", "quantity": "1"}),
    "a sign-in": ("/accounts/sign-in/", {"username": "ann", "password": "wrong"}),
    "a new account": ("/accounts/sign-up/", {"username": "ann"}),
    "a reset": ("/accounts/password/forgotten/", {"email": "ann@example.org"}),
}


@pytest.fixture(autouse=True)
def no_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make_product("Lamp", sku="lamp", stock=9)
    take_redis_away(settings, monkeypatch)


@pytest.fixture
def browser(client: Client) -> Client:
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("what", WRITES)
def test_by_default_selling_goes_before_counting(browser: Client, what: str) -> None:
    path, form = WRITES[what]
    assert browser.post(path, form).status_code in (200, 302)


@pytest.mark.parametrize("what", WRITES)
def test_a_shop_that_wants_everything_counted_answers_503(browser: Client, what: str, settings: Any) -> None:
    settings.SHOPRECO_WITHOUT_CACHE = "refuse"
    path, form = WRITES[what]
    answer = browser.post(path, form)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The shop needs a moment" in text_of(answer)
    assert not Rating.objects.exists()


def test_reading_is_never_refused(browser: Client, settings: Any) -> None:
    settings.SHOPRECO_WITHOUT_CACHE = "refuse"
    sign_in(browser)
    for path in ("/", "/products/", "/products/lamp/", "/basket/", "/accounts/ratings/"):
        assert browser.get(path).status_code == 200


def test_asking_without_counting_is_refused_too(settings: Any) -> None:
    limit, now = Limit("tries", 5, 60), timezone.now()
    assert limit.wait("ann", now=now) == 0
    settings.SHOPRECO_WITHOUT_CACHE = "refuse"
    with pytest.raises(CannotCountError):
        limit.wait("ann", now=now)
