"""Every error of the API is a problem document, and none tells of the inside."""

import pytest
from django.core.exceptions import ValidationError
from django.core.signals import got_request_exception
from django.db import DataError, OperationalError
from django.http import Http404
from django.test import Client

from catalog.api.errors import field_errors
from shopreco.api.problems import NOT_STORABLE
from tests.api import ROOT, problem_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def failing(monkeypatch):
    """Makes GET trending raise the exception given."""

    def fail_with(exc: Exception) -> Client:
        def trending(**_: object) -> None:
            raise exc

        monkeypatch.setattr("recommendations.api.views.trending", trending)
        return Client(raise_request_exception=False)

    return fail_with


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch", "options"])
@pytest.mark.parametrize(
    "address", ["/api/", "/api/v2/products", f"{ROOT}/nonsense", f"{ROOT}/products/", f"{ROOT}/"]
)
def test_an_unknown_address_is_a_404_problem(client, method, address):
    document = problem_of(getattr(client, method)(address), 404)
    assert document["instance"] == address
    assert "/api/v1/schema" in document["detail"]


def test_an_unknown_address_needs_neither_key_nor_database(client, settings, django_assert_num_queries):
    settings.SHOPRECO_OPEN_API = False
    with django_assert_num_queries(0):
        problem_of(client.get(f"{ROOT}/nonsense", headers={"X-API-Key": "wrong"}), 404)


def test_a_wrong_method_says_which_are_right(client):
    answer = client.post(f"{ROOT}/products")
    assert problem_of(answer, 405)["title"] == "Method Not Allowed"
    assert answer["Allow"] == "GET, HEAD, OPTIONS"


def test_a_format_that_is_not_there_is_a_problem(client):
    problem_of(client.get(f"{ROOT}/products", headers={"Accept": "text/csv"}), 406)


def test_the_schema_in_yaml_still_complains_in_json(client, settings):
    settings.SHOPRECO_OPEN_API = False
    problem_of(client.get(f"{ROOT}/schema", headers={"Accept": "application/vnd.oai.openapi"}), 401)


def test_a_failure_is_logged_told_and_not_shown(failing, caplog):
    heard = []

    def listen(**said):
        heard.append(said["request"].path)

    got_request_exception.connect(listen)
    try:
        answer = failing(RuntimeError("the secret plan")).get(f"{ROOT}/trending")
    finally:
        got_request_exception.disconnect(listen)
    document = problem_of(answer, 500)
    assert "secret" not in answer.content.decode()
    assert document["title"] == "Internal Server Error"
    assert "the secret plan" in caplog.text
    assert heard == [f"{ROOT}/trending"]


def test_a_missing_database_says_when_to_come_back(failing):
    answer = failing(OperationalError("host=db password=x")).get(f"{ROOT}/trending")
    assert "password" not in str(problem_of(answer, 503))
    assert answer["Retry-After"] == "5"


@pytest.mark.parametrize(
    ("exc", "status", "detail"),
    [
        (Http404("No Product matches the given query."), 404, "Not found."),
        (ValidationError("A rating is a whole number."), 400, "A rating is a whole number."),
        (
            DataError("invalid byte sequence"),
            400,
            NOT_STORABLE,
        ),
        (ValidationError({"value": ["Too high."]}), 400, "value: Too high."),
    ],
)
def test_what_django_raises_becomes_a_problem_too(failing, exc, status, detail):
    assert problem_of(failing(exc).get(f"{ROOT}/trending"), status)["detail"] == detail


def test_many_mistakes_are_all_listed_and_a_few_are_spoken(client):
    query = {"limit": "x", "offset": "x", "min_price": "x", "max_price": "x", "sort": "x"}
    document = problem_of(client.get(f"{ROOT}/shoppers/ann/recommendations", query), 400)
    assert {error["field"] for error in document["errors"]} == set(query)
    assert document["detail"].endswith("And 2 more.")


def test_nested_complaints_become_dotted_paths():
    detail = {"rows": [{"value": ["Too high."]}, {}], "non_field_errors": ["Send less."], "a": "b"}
    assert field_errors(detail) == [
        {"field": "rows.0.value", "detail": "Too high."},
        {"field": "", "detail": "Send less."},
        {"field": "a", "detail": "b"},
    ]


def test_an_address_with_odd_characters_stays_an_address(client):
    assert problem_of(client.get(f"{ROOT}/products/a%20%22b"), 404)["instance"] == f"{ROOT}/products/a%20%22b"
