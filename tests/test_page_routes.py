"""What holds for every address of the shop, those that come later too: the list is read from the URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from catalog.models import Order, Product
from feedback.models import Event, Shopper
from tests.catalog.test_checkout import fill, order
from tests.factories import (
    make_category,
    make_event,
    make_live_model,
    make_product,
    make_rating,
    make_shopper,
)
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db
# They have tests of their own: tests/test_admin_access.py and tests/test_api_access.py.
ELSEWHERE = ("admin/", "api/")
VALUES = {"sku": "lamp", "number": "ABCDEFGHJK", "key": "for-you", "uidb64": "MQ", "token": "set-password",
          "path": "none.png"}  # fmt: skip
HOSTILE = "<img src=x onerror=alert(1)> \"'&amp; 🪴 {{ 7*7 }} lamp"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt; &quot;&#x27;&amp;amp; 🪴 {{ 7*7 }} lamp"


def routes(patterns: Any = None, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    """(name, address) of every page."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if path.startswith(ELSEWHERE):
            continue
        if isinstance(pattern, URLResolver):
            yield from routes(
                pattern.url_patterns, path, f"{pattern.namespace}:" if pattern.namespace else space
            )
        elif isinstance(pattern, URLPattern) and pattern.name:
            wanted = re.findall(r"<(?:\w+:)?(\w+)>", path)
            yield pattern.name, reverse(space + pattern.name, kwargs={each: VALUES[each] for each in wanted})


ROUTES = dict(routes())


def test_the_list_is_the_shops() -> None:
    assert {"home", "product", "basket_add", "checkout", "order", "rate", "login", "delete"} <= ROUTES.keys()
    assert len(ROUTES) >= 35


@pytest.mark.parametrize("name", ROUTES)
def test_nothing_is_posted_without_the_token(name: str) -> None:
    make_product(sku="lamp")
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post(ROUTES[name], {"sku": "lamp", "value": "5", "quantity": "1"})
    # The machines' own figures are only read, by a door without sessions.
    assert answer.status_code == (405 if name == "metrics" else 403)
    assert not Shopper.objects.exists() and not Order.objects.exists() and not Event.objects.exists()


@pytest.mark.parametrize("name", ROUTES)
def test_every_answer_carries_a_strict_policy_and_nothing_inline(name: str, client: Client) -> None:
    make_product(sku="lamp")
    answer = client.get(ROUTES[name])
    assert answer.status_code in {200, 302, 403, 404, 405}
    policy = dict(
        each.strip().split(" ", 1) for each in answer["Content-Security-Policy"].split(";") if " " in each
    )
    assert policy["default-src"] in {"'self'", "'none'"}
    for directive, sources in policy.items():
        assert not re.search(r"unsafe|\*|https?:", sources), (directive, sources)
    # Pictures are drawn by the shop or uploaded to it; `data:` is Bootstrap's own arrows.
    assert policy.get("script-src", policy["default-src"]) in {"'self'", "'none'"}
    assert policy.get("style-src", policy["default-src"]) in {"'self'", "'none'"} or "svg" in ROUTES[name]
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Referrer-Policy"]
    if "html" in answer["Content-Type"]:
        text = answer.content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|<script(?![^>]*\bsrc=)", text)


@pytest.mark.parametrize("name", ROUTES)
def test_no_address_shows_anothers_things(name: str) -> None:
    """A stranger, another account and another visitor ask for every page, with the owner's id and without."""
    make_product(sku="lamp")
    owner = Client()
    shopper = sign_in(owner, "owner")
    make_product("Very private thing", sku="private", stock=9, is_active=True)
    make_rating(shopper, Product.objects.get(sku="private"))
    make_event(shopper, Product.objects.get(sku="private"), Event.Kind.WISHLIST)
    fill(owner, private=1)
    order(owner)
    fill(owner, private=2)
    Product.objects.filter(sku="private").update(is_active=False)
    Order.objects.update(number=VALUES["number"])
    visitor, account = Client(), Client()
    visit_as(visitor, make_shopper("visitor-1"))
    sign_in(account, "other")
    for browser in (Client(), visitor, account):
        for address in (ROUTES[name], f"{ROUTES[name]}?shopper={shopper.external_id}"):
            answer = browser.get(address)
            text = b"".join(answer).decode() if answer.streaming else answer.content.decode()
            assert "Very private thing" not in text and "Anna Acker" not in text and "Long Lane" not in text


@pytest.fixture
def hostile(client: Client) -> Client:
    """A shopper whose every list, basket and order is full of titles that are markup."""
    department = make_category("<b>Garden</b> & co", slug="garden")
    texts = {
        "brand": "<i>Acme</i>",
        "attributes": {"<u>colour</u>": "<s>red</s>"},
        "description": "<script>alert(2)</script>",
    }
    goods = [
        make_product(f"{HOSTILE} {number}", sku=f"bad-{number}", stock=50, category=department, **texts)
        for number in range(30)
    ]
    for number in range(8):
        fan = make_shopper()
        for product in goods[number : number + 8]:
            make_rating(fan, product, 5)
        for product in goods[:2]:
            make_event(fan, product, Event.Kind.PURCHASE, order_ref=f"order-{number}")
    other = make_shopper()
    for number in range(12):
        make_event(other, goods[20], Event.Kind.PURCHASE, order_ref=f"alone-{number}")
    make_live_model()
    make_rating(sign_in(client), goods[3], 5)
    client.post("/feedback/wish/", {"sku": "bad-4"})
    client.post("/feedback/dismiss/", {"sku": "bad-5"})
    client.get("/products/bad-6/")
    fill(client, **{"bad-0": 1})
    order(client)
    fill(client, **{"bad-0": 1})
    return client


CHIPS = "/products/?brand=<i>Acme</i>&attr.<u>colour</u>=<s>red</s>&department=garden"
PAGES = [
    "/", "/?rails=inline", "/rails/", "/rails/continue/", "/rails/new/", "/products/", "/products/?q=lamp",
    CHIPS,
    "/products/?q=<img src=x onerror=alert(1)>", "/products/bad-0/", "/search/suggest/?q=lamp",
    "/recommendations/", "/recommendations/onboarding/", "/basket/", "/basket/complete/", "/checkout/",
    "/accounts/", "/accounts/ratings/", "/accounts/wishlist/", "/accounts/orders/",
    "/accounts/not-interested/",
    "ORDER",
]  # fmt: skip
UNTITLED = {"/accounts/", "/accounts/orders/"}


def test_titles_of_markup_and_emoji_are_text_on_every_page_that_shows_one(hostile: Client) -> None:
    for address in PAGES:
        place = f"/orders/{Order.objects.get().number}/" if address == "ORDER" else address
        page = hostile.get(place).content.decode()
        for raw in ("<img src=x", "<b>Garden", "<i>Acme", "<u>colour", "<s>red", "<script>alert", "49 lamp"):
            assert raw not in page, (place, raw)
        assert (ESCAPED in page) == (address not in UNTITLED), place


def test_every_picture_is_lazy_and_keeps_its_room(hostile: Client) -> None:
    found = 0
    for address in PAGES:
        page = hostile.get("/orders/" + Order.objects.get().number + "/" if address == "ORDER" else address)
        for picture in re.findall(r"<img\b[^>]*>", page.content.decode()):
            found += 1
            assert re.search(r'width="\d+" height="\d+" loading="lazy"', picture), (address, picture)
            assert ' alt="' in picture, (address, picture)
    assert found > 100


def test_and_in_every_answer_to_a_form(hostile: Client) -> None:
    for door, form in (
        ("/feedback/rate/", {"value": "4"}), ("/feedback/wish/", {"heart": "1"}), ("/feedback/dismiss/", {}),
        ("/basket/add/", {"quantity": "1"}), ("/basket/add/", {"quantity": "99"}),
        ("/basket/change/", {"quantity": "0"}),
    ):  # fmt: skip
        answer = hostile.post(door, {"sku": "bad-9", **form}, headers={"HX-Request": "true"})
        text = answer.content.decode()
        assert "<img src=x" not in text and "&lt;img src=x" in text, door


def test_and_in_the_administration(hostile: Client) -> None:
    staff = Client()
    sign_in(staff, "boss", is_staff=True)
    get_user_model().objects.filter(username="boss").update(is_superuser=True)
    product, placed = Product.objects.get(sku="bad-3"), Order.objects.get()
    for address in (
        "/admin/catalog/product/", f"/admin/catalog/product/{product.pk}/change/", "/admin/feedback/rating/",
        f"/admin/catalog/order/{placed.pk}/change/", "/admin/feedback/event/",
    ):  # fmt: skip
        answer = staff.get(address)
        assert answer.status_code == 200, address
        assert "<img src=x" not in (page := answer.content.decode()), address
        assert "&lt;img src=x" in page, address
