"""Shopper ids while typing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import make_shopper
from tests.visits import sign_in

pytestmark = pytest.mark.django_db
PAGE = "/shoppers/suggest/"


def suggested(client: Client, beginning: str) -> list[str]:
    return re.findall(r'<option value="([^"]*)"', client.get(PAGE, {"q": beginning}).content.decode())


def test_ids_that_begin_with_the_text_shortest_first(client: Client) -> None:
    for external_id in ("120", "12", "1", "21"):
        make_shopper(external_id)
    assert suggested(client, "1") == ["1", "12", "120"]
    assert suggested(client, " 12 ") == ["12", "120"]


def test_visitors_and_accounts_are_never_suggested(client: Client) -> None:
    make_shopper("visitor-1", is_anonymous=True)
    sign_in(Client())
    assert suggested(client, "") == []


def test_an_id_with_markup_is_text(client: Client) -> None:
    make_shopper('"><script>')
    assert suggested(client, '"') == ["&quot;&gt;&lt;script&gt;"]


def test_nul_and_very_long_text_are_ordinary(client: Client) -> None:
    assert suggested(client, "a\x00") == []
    assert suggested(client, "a" * 10_000) == []


def test_closed_to_shoppers_where_looking_up_is_closed(client: Client, settings: Any) -> None:
    settings.SHOPRECO_OPEN_LOOKUP = False
    make_shopper("4711")
    assert client.get(PAGE, {"q": "4"}).status_code == 403
    sign_in(client, is_staff=True)
    assert suggested(client, "4") == ["4711"]
