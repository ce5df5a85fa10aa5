"""Who may call which route of the API: every address of its urlconf, so that no new one is forgotten."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from feedback.identity import SESSION_KEY, shopper_for_account
from feedback.models import Rating, Shopper
from shopreco.models import ApiKey, User
from tests.api import ROOT, problem_of
from tests.factories import NOW, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
JSON = "application/json"
METHODS = {"get", "post", "put", "patch", "delete"}
BODIES = {"batch": {"shoppers": ["ann"]}, "ratings": [], "events": [], "rating": {"value": 4}}
ALWAYS_OPEN = {("get", "health-live"), ("get", "health-ready")}


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern)
        else:
            yield pattern


def _routes() -> list[tuple[str, str, str]]:
    """(method, name, address) of every operation."""
    found = []
    for pattern in _patterns(get_resolver("shopreco.api.urls")):
        if pattern.name == "unknown":
            continue
        route = str(pattern.pattern).replace("<str:shopper_id>", "ann").replace("<str:sku>", "POT")
        methods = METHODS & set(dir(pattern.callback.view_class))  # type: ignore[attr-defined]
        found += [(method, str(pattern.name), f"{ROOT}/{route}") for method in sorted(methods)]
    return found


ROUTES = _routes()
GUARDED = [route for route in ROUTES if route[:2] not in ALWAYS_OPEN]


def call(client: Client, method: str, name: str, address: str, **headers: str):
    kwargs = {} if method == "get" else {"data": BODIES.get(name), "content_type": JSON}
    return getattr(client, method)(address, headers=headers, **kwargs)


@pytest.fixture(autouse=True)
def shop():
    make_rating(make_shopper("ann"), make_product(sku="POT"), 3)


@pytest.fixture
def closed(settings):
    settings.SHOPRECO_OPEN_API = settings.SHOPRECO_OPEN_LOOKUP = False


def signed_in(client: Client, is_staff: bool = False) -> User:
    user = User.objects.create_user("sam", password="a long enough one", is_staff=is_staff)
    client.force_login(user)
    return user


def test_the_routes_are_the_ones_that_were_promised():
    assert {(method, address.removeprefix(f"{ROOT}/")) for method, _, address in ROUTES} == {
        ("get", "shoppers/ann/recommendations"), ("get", "shoppers/ann/ratings"),
        ("put", "shoppers/ann/ratings/POT"), ("delete", "shoppers/ann/ratings/POT"),
        ("post", "ratings"), ("post", "events"), ("get", "products"), ("get", "products/POT"),
        ("post", "recommendations/batch"),
        ("get", "products/POT/similar"), ("get", "products/POT/bought-together"), ("get", "trending"),
        ("get", "onboarding"), ("get", "models/live"), ("get", "health/live"), ("get", "health/ready"),
        ("get", "schema"), ("get", "docs"),
    }  # fmt: skip


@pytest.mark.parametrize(("method", "name", "address"), ROUTES)
def test_everybody_may_call_the_open_api(client, method, name, address):
    assert call(client, method, name, address).status_code in {200, 204} | (
        {404} if name == "live-model" else set()
    )


@pytest.mark.parametrize(("method", "name", "address"), GUARDED)
def test_the_closed_api_asks_strangers_for_a_key(client, closed, method, name, address):
    answer = call(client, method, name, address)
    assert "Api-Key" in problem_of(answer, 401)["detail"]
    assert answer["WWW-Authenticate"] == 'Api-Key realm="api"'


@pytest.mark.parametrize(("method", "name", "address"), GUARDED)
def test_the_closed_api_refuses_accounts_that_are_not_staff(client, closed, method, name, address):
    signed_in(client)
    assert "staff" in problem_of(call(client, method, name, address), 403)["detail"]


@pytest.mark.parametrize(("method", "name", "address"), GUARDED)
@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_key_opens_the_closed_api(client, closed, header, method, name, address):
    _, secret = ApiKey.issue("till")
    value = f"Api-Key {secret}" if header == "Authorization" else secret
    answer = call(client, method, name, address, **{header: value})
    assert answer.status_code in {200, 204} | ({404} if name == "live-model" else set())


@pytest.mark.parametrize(("method", "name", "address"), GUARDED)
def test_staff_may_call_the_closed_api(client, closed, method, name, address):
    signed_in(client, is_staff=True)
    answer = call(client, method, name, address)
    assert answer.status_code in {200, 204} | ({404} if name == "live-model" else set())


@pytest.mark.parametrize(("method", "name", "address"), sorted(set(ROUTES) - set(GUARDED)))
def test_health_is_always_open_and_asks_for_nobody(client, closed, method, name, address):
    for key in ("", "nonsense"):
        assert call(client, method, name, address, **{"X-API-Key": key}).status_code == 200


@pytest.mark.parametrize(("method", "name", "address"), GUARDED)
def test_a_revoked_key_is_refused_even_by_the_open_api(client, method, name, address):
    key, secret = ApiKey.issue("till")
    key.revoked_at = NOW
    key.save()
    document = problem_of(call(client, method, name, address, **{"X-API-Key": secret}), 401)
    assert document["code"] == "authentication_failed"


@pytest.mark.parametrize(
    "value", ["Api-Key", "Api-Key ", "Api-Key two words", "api-key unknown", "Api-Key Zoë"]
)
def test_a_key_that_is_none_is_refused(client, value):
    problem_of(client.get(f"{ROOT}/products", headers={"Authorization": value}), 401)


def test_other_schemes_are_nobodys_key(client, closed):
    assert client.get(f"{ROOT}/products", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_session_writes_only_with_its_csrf_token(closed):
    client = Client(enforce_csrf_checks=True)
    signed_in(client, is_staff=True)
    url = f"{ROOT}/shoppers/ann/ratings/POT"
    assert "CSRF" in problem_of(client.put(url, {"value": 5}, content_type=JSON), 403)["detail"]
    token = "a" * 32
    client.cookies["csrftoken"] = token
    answer = client.put(url, {"value": 5}, content_type=JSON, headers={"X-CSRFToken": token})
    assert answer.status_code == 200


def test_a_key_writes_without_a_csrf_token(closed):
    _, secret = ApiKey.issue("till")
    url = f"{ROOT}/shoppers/ann/ratings/POT"
    client = Client(enforce_csrf_checks=True)
    answer = client.put(url, {"value": 5}, content_type=JSON, headers={"X-API-Key": secret})
    assert answer.status_code == 200


class TestHistoriesThatBelongToSomeone:
    """In the open API the histories of accounts and of visitors are theirs alone."""

    @pytest.fixture(params=["account", "visitor"])
    def someone(self, request) -> Shopper:
        if request.param == "visitor":
            return make_shopper("visitor-1", is_anonymous=True)
        return make_shopper("vip", account=User.objects.create_user("vip"))

    CALLS = [call for call in ROUTES if "/ann/" in call[2]]

    @pytest.mark.parametrize(("method", "name", "address"), CALLS)
    def test_strangers_may_not_touch_them(self, client, someone, method, name, address):
        address = address.replace("ann", someone.external_id)
        problem_of(call(client, method, name, address), 403)
        signed_in(client)
        problem_of(call(client, method, name, address), 403)
        assert not Rating.objects.filter(shopper=someone).exists()

    @pytest.mark.parametrize(("method", "name", "address"), CALLS)
    def test_a_key_and_staff_may(self, client, someone, method, name, address):
        address = address.replace("ann", someone.external_id)
        _, secret = ApiKey.issue("till")
        assert call(client, method, name, address, **{"X-API-Key": secret}).status_code < 300
        signed_in(client, is_staff=True)
        assert call(client, method, name, address).status_code < 300

    @pytest.mark.parametrize("route", ["ratings", "events"])
    def test_lists_refuse_the_row(self, client, someone, route):
        row = {"shopper": someone.external_id, "product": "POT", "value": 5, "kind": "view"}
        answer = client.post(f"{ROOT}/{route}", [row, row | {"shopper": "ann"}], content_type=JSON)
        assert answer.status_code == 207
        refused, taken = answer.json()
        assert [error["field"] for error in refused["errors"]] == ["shopper"]
        assert taken["status"] in {"created", "updated"}
        _, secret = ApiKey.issue("till")
        answer = client.post(f"{ROOT}/{route}", [row], content_type=JSON, headers={"X-API-Key": secret})
        assert answer.json() == [{"index": 0, "status": "created"}]

    def test_an_account_may_touch_its_own(self, client):
        own = shopper_for_account(signed_in(client).pk, now=NOW)
        url = f"{ROOT}/shoppers/{own.external_id}/ratings/POT"
        assert client.put(url, {"value": 5}, content_type=JSON).status_code == 201

    def test_a_visitor_may_touch_its_own(self, client):
        own = make_shopper("visitor-1", is_anonymous=True)
        session = client.session
        session[SESSION_KEY] = own.pk
        session.save()
        assert client.get(f"{ROOT}/shoppers/visitor-1/ratings").status_code == 200


def test_a_browser_on_another_origin_may_ask_with_a_key(client, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]
    answer = client.options(
        f"{ROOT}/products",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-api-key",
        },
    )
    assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "x-api-key" in answer["Access-Control-Allow-Headers"]
