"""Pages for what goes wrong, and what every page carries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests.factories import make_product
from tests.pages import text_of

pytestmark = pytest.mark.django_db
PAGES = ["/", "/products/", "/products/lamp/", "/recommendations/", "/accounts/ratings/",
         "/accounts/sign-in/", "/accounts/sign-up/", "/nowhere/"]  # fmt: skip


def test_an_unknown_address_is_a_friendly_404(client: Client) -> None:
    page = client.get("/nowhere/")
    assert page.status_code == 404
    assert "This page is not here" in text_of(page)


def test_a_failing_page_is_a_friendly_500_that_needs_nothing_from_the_shop(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("catalog.views.browse", fail)
    client.raise_request_exception = False
    page = client.get("/products/")
    assert page.status_code == 500
    assert "That was our mistake" in text_of(page)
    assert "secret detail" not in page.content.decode()


@pytest.mark.parametrize(
    ("template", "title", "heading"),
    [
        ("500.html", "Something went wrong · ShopReco", "That was our mistake"),
        ("503.html", "Back in a moment · ShopReco", "The shop needs a moment"),
    ],
)
def test_the_pages_of_a_shop_in_trouble_need_no_context_and_no_database(
    template: str, title: str, heading: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        page = render_to_string(template)
    assert f"<title>{title}</title>" in page
    assert f"<h1>{heading}</h1>" in page
    assert f'aria-hidden="true">{template.removesuffix(".html")}</p>' in page
    assert page.startswith("<!doctype html>")


@pytest.mark.parametrize("address", PAGES)
def test_every_page_keeps_the_content_security_policy(client: Client, address: str) -> None:
    make_product(sku="lamp")
    response = client.get(address)
    policy, page = response["Content-Security-Policy"], response.content.decode()
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)", page), "an inline script"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", page)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", page), "another host"


@pytest.mark.parametrize("address", PAGES)
def test_every_page_has_a_title_a_heading_a_language_and_a_way_past_the_menu(
    client: Client, address: str
) -> None:
    make_product(sku="lamp")
    page = client.get(address).content.decode()
    assert re.search(r"<title>[^<]+ShopReco|<title>ShopReco", page)
    assert page.count("<h1") == 1
    assert '<html lang="en"' in page
    assert 'href="#main"' in page
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_search_engines_are_kept_out_of_personal_pages(client: Client) -> None:
    page = client.get("/robots.txt")
    assert page["Content-Type"].startswith("text/plain")
    assert "Disallow: /recommendations/" in page.content.decode()
