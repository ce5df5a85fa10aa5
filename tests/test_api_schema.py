"""GET schema and GET docs: the description is complete, valid and shown within the security policy."""

import json

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from tests.api import ROOT

METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def operations(schema):
    return [
        (f"{method} {address}", operation)
        for address, path in schema["paths"].items()
        for method, operation in path.items()
        if method in METHODS
    ]


def test_the_description_is_valid_and_nothing_had_to_be_guessed(capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json")
    assert json.loads(capsys.readouterr().out)["openapi"].startswith("3.1")


def test_every_route_says_what_it_is_for(operations):
    assert len(operations) == 18
    for name, operation in operations:
        assert operation["summary"] and operation["description"] and operation["tags"], name


def test_every_parameter_has_a_type_and_words(operations):
    for name, operation in operations:
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (name, parameter["name"])
            assert parameter["schema"].keys() & {"type", "$ref", "enum"}, (name, parameter["name"])


def test_every_answer_has_a_body_described_or_is_empty_by_nature(operations):
    for name, operation in operations:
        for status, answer in operation["responses"].items():
            assert answer["description"], (name, status)
            assert ("content" in answer) == (status != "204"), (name, status)


def test_every_route_but_health_tells_of_its_problems(operations):
    for name, operation in operations:
        problems = {
            int(status)
            for status, answer in operation["responses"].items()
            if "application/problem+json" in answer.get("content", {})
        }
        assert 500 in problems, name
        if "/health/" not in name:
            assert {401, 403, 429} <= problems, name
        if operation.get("parameters"):
            assert 400 in problems, name
        if "{sku}" in name or "models/live" in name:
            assert 404 in problems, name
        if "requestBody" in operation:
            assert {400, 413, 415} <= problems, name


def test_the_recommendations_name_all_their_parameters(schema):
    operation = schema["paths"]["/api/v1/shoppers/{shopper_id}/recommendations"]["get"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {
        "shopper_id", "limit", "offset", "category", "min_price", "max_price", "in_stock", "min_predicted",
        "sort", "exclude", "explain",
    }  # fmt: skip


@pytest.mark.django_db
def test_the_schema_comes_in_yaml_and_json(client):
    assert client.get(f"{ROOT}/schema").content.startswith(b"openapi: 3.1")
    answer = client.get(f"{ROOT}/schema", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert answer.json()["info"]["title"] == "ShopReco API"


@pytest.mark.django_db
def test_the_docs_page_has_nothing_inline_and_nothing_foreign(client):
    page = client.get(f"{ROOT}/docs")
    html = page.content.decode()
    assert "<style" not in html and " style=" not in html and "<script>" not in html
    assert "://" not in html
    assert "script-src 'self'" in page["Content-Security-Policy"]
    script = client.get(f"{ROOT}/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema" in script.content.decode().replace("\\u002D", "-")
