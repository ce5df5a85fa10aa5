"""How often one caller may call, counted in the real cache."""

import pytest
from django.core.cache import cache

from catalog.limits import counted
from shopreco.api.throttles import CallerThrottle
from shopreco.models import ApiKey, User
from tests.api import ROOT, problem_of, take_redis_away
from tests.factories import make_product

pytestmark = pytest.mark.django_db
URL = f"{ROOT}/products"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Stands still at the beginning of a minute, until a test moves it."""
    now = [1_800_000_000.0]
    monkeypatch.setattr(CallerThrottle, "timer", staticmethod(lambda: now[0]))
    return now


@pytest.fixture
def rates(settings):
    def set_rates(**rates: str) -> None:
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}

    return set_rates


def statuses(client, times: int, **headers: str) -> list[int]:
    return [client.get(URL, headers=headers).status_code for _ in range(times)]


def test_who_calls_too_often_is_told_when_to_come_back(client, rates, clock):
    rates(anon="2/min")
    clock[0] += 20
    assert statuses(client, 2) == [200, 200]
    answer = client.get(URL)
    assert problem_of(answer, 429)["code"] == "throttled"
    assert answer["Retry-After"] == "40"
    clock[0] += 40
    assert statuses(client, 1) == [200]


def test_addresses_are_counted_apart(client, rates):
    rates(anon="1/min")
    assert client.get(URL, REMOTE_ADDR="10.0.0.1").status_code == 200
    assert client.get(URL, REMOTE_ADDR="10.0.0.2").status_code == 200
    assert client.get(URL, REMOTE_ADDR="10.0.0.1").status_code == 429


def test_a_caller_cannot_make_up_another_address(client, rates):
    rates(anon="1/min")
    assert client.get(URL, headers={"X-Forwarded-For": "1.1.1.1"}).status_code == 200
    assert client.get(URL, headers={"X-Forwarded-For": "2.2.2.2"}).status_code == 429


def test_behind_a_proxy_the_address_it_adds_counts(client, rates, settings):
    rates(anon="1/min")
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    assert client.get(URL, headers={"X-Forwarded-For": "made-up, 1.1.1.1"}).status_code == 200
    assert client.get(URL, headers={"X-Forwarded-For": "other, 1.1.1.1"}).status_code == 429
    assert client.get(URL, headers={"X-Forwarded-For": "made-up, 2.2.2.2"}).status_code == 200


def test_every_key_has_its_own_count_and_anons_does_not_matter(client, rates):
    rates(anon="1/min", user="2/min")
    secrets = [ApiKey.issue(name)[1] for name in ("till", "app")]
    assert statuses(client, 2) == [200, 429]
    for secret in secrets:
        assert statuses(client, 3, **{"X-API-Key": secret}) == [200, 200, 429]


def test_an_account_is_counted_as_itself(client, rates):
    rates(user="1/min")
    client.force_login(User.objects.create_user("sam"))
    assert statuses(client, 2) == [200, 429]


def test_feedback_of_strangers_has_a_limit_of_its_own(client, rates):
    rates(feedback="1/min")
    make_product(sku="POT")
    url, body = f"{ROOT}/shoppers/ann/ratings/POT", {"value": 4}
    assert client.put(url, body, content_type="application/json").status_code == 201
    assert client.put(url, body, content_type="application/json").status_code == 429
    assert client.post(f"{ROOT}/events", [], content_type="application/json").status_code == 429
    assert client.get(f"{ROOT}/shoppers/ann/ratings").status_code == 200
    _, secret = ApiKey.issue("till")
    for _ in range(2):
        answer = client.put(url, body, content_type="application/json", headers={"X-API-Key": secret})
        assert answer.status_code == 200


def test_health_is_never_throttled(client, rates):
    rates(anon="1/min")
    for _ in range(3):
        assert client.get(f"{ROOT}/health/live").status_code == 200


def test_without_a_cache_nobody_is_held_back(client, rates, settings, monkeypatch):
    rates(anon="1/min")
    take_redis_away(settings, monkeypatch)
    assert statuses(client, 3) == [200, 200, 200]


def test_a_shop_that_answers_nobody_uncounted_says_so_while_the_cache_is_away(
    client, rates, settings, monkeypatch
):
    rates(anon="100/min")
    settings.SHOPRECO_WITHOUT_CACHE = "refuse"
    assert statuses(client, 1) == [200]
    take_redis_away(settings, monkeypatch)
    client.raise_request_exception = False
    answer = client.get(URL)
    assert "counted" in problem_of(answer, 503)["detail"]
    assert answer["Retry-After"] == "5"
    assert client.get(f"{ROOT}/health/live").status_code == 200


def test_what_has_no_limit_is_answered_without_a_cache_too(client, rates, settings, monkeypatch):
    rates()
    settings.SHOPRECO_WITHOUT_CACHE = "refuse"
    take_redis_away(settings, monkeypatch)
    assert statuses(client, 2) == [200, 200]


def test_a_count_that_runs_out_in_between_starts_anew(monkeypatch):
    monkeypatch.setattr(cache, "add", lambda *_args, **_kwargs: False)
    assert counted("throttle:gone", keep=1) == 1
