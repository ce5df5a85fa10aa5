"""The examples of docs/api.md, performed one after the other: calls work, answers look as shown."""

import json
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from feedback.tasks import catch_up
from shopreco.models import ApiKey
from tests.factories import (
    make_category,
    make_event,
    make_live_model,
    make_product,
    make_rating,
    make_shopper,
    make_tastes,
)

DOCUMENT = Path(__file__).parent.parent / "docs" / "api.md"
BLOCK = re.compile(r"```(sh|json)\n(.*?)```", re.DOTALL)


def calls(shell: str) -> list[list[str]]:
    words = shlex.split(shell.replace("\\\n", " "))
    starts = [place for place, word in enumerate(words) if word == "curl"]
    return [words[start + 1 : end] for start, end in zip(starts, [*starts[1:], len(words)], strict=True)]


def perform(client: Client, words: list[str], secret: str) -> Any:
    """The answer to one curl command."""
    method, body, headers, url = "GET", "", {}, ""
    rest = iter(words)
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-d":
            body = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value.replace("SECRET", secret)
        else:
            assert word.startswith("http://localhost:8000/"), word
            url = word
    address = urlsplit(url)
    content_type = headers.pop("Content-Type", "application/octet-stream")
    path = f"{address.path}?{address.query}"
    return client.generic(method, path, body, content_type=content_type, headers=headers)


def shape(value: Any) -> Any:
    """Names and kinds of values; of a list, those of its first element."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return None if value is None else "number" if isinstance(value, int | float) else type(value).__name__


@pytest.fixture
def shop(db):
    """What the examples speak of, a live model, and a history of the shopper they are about."""
    tea = make_category("Tea", slug="tea")
    pot = make_product("Teapot", sku="TEA-1", price="12.50", brand="Leaf", category=tea)
    loved, _ = make_tastes()
    for product in loved:
        product.category = tea
        product.save()
    make_event(make_shopper(), pot, now=timezone.now())
    make_rating(make_shopper("ann@example.org"), loved[0], 5)
    make_live_model(now=timezone.now())
    catch_up()


@pytest.mark.django_db
def test_every_example_works_and_answers_as_shown(shop):
    client = Client(headers={"host": "localhost:8000"})
    _, secret = ApiKey.issue("documentation")
    answer: Any = None
    performed, shown = 0, 0
    for kind, text in BLOCK.findall(DOCUMENT.read_text()):
        if kind == "sh":
            for words in calls(text):
                answer = perform(client, words, secret)
                is_problem = answer.status_code == 400
                assert is_problem == ("limit=5000" in text) and answer.status_code <= 400, answer.content
                performed += 1
        else:
            expected = json.loads(text)
            assert shape(answer.json()) == shape(expected), answer.content
            if not any(varying in text for varying in ("rated_at", "generated_at", "checks", "wanted")):
                assert answer.json() == expected
            shown += 1
    assert (performed, shown) == (18, 7)


def test_every_route_is_in_the_document():
    text = DOCUMENT.read_text()
    for name in (
        "recommendations", "ratings", "events", "products", "similar", "bought-together", "trending",
        "onboarding", "models/live", "health/live", "health/ready", "schema", "docs",
    ):  # fmt: skip
        assert f"/{name}" in text, name
