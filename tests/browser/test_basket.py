"""Basket and order in a real browser: in place and as plain forms, wide and narrow."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from catalog.models import Order, Product
from feedback.models import Event
from tests.browser.conftest import DESKTOP, PHONE, OpenBrowser
from tests.browser.steps import said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ADDRESS = {
    "Name": "Anna Acker", "E-mail": "anna@example.org", "Street and number": "Long Lane 1",
    "Postcode": "AB1 2CD", "City": "Leeds", "Country": "United Kingdom",
}  # fmt: skip


def put_in(page: Page, sku: str) -> None:
    page.goto(f"/products/{sku}/")
    page.locator(f"#add-{sku}").first.click()
    expect(said(page)).to_contain_text("is in your basket")


def nothing_scrolls_sideways(page: Page) -> None:
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("javascript", [True, False], ids=["htmx", "plain"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["wide", "narrow"])
def test_from_product_to_order(open_browser: OpenBrowser, size: tuple[int, int], javascript: bool) -> None:
    page = open_browser(size=size, javascript=javascript)
    put_in(page, "garden-0")
    put_in(page, "garden-1")
    expect(page.get_by_role("link", name="Basket with 2 items")).to_be_visible()
    page.get_by_role("link", name="Basket with 2 items").click()
    nothing_scrolls_sideways(page)
    quantity = page.get_by_label("Quantity of Garden thing 0")
    quantity.fill("3")
    if javascript:
        quantity.blur()
    else:
        page.get_by_role("button", name="Update Garden thing 0").click()
    expect(page.get_by_text("4 items, at today’s prices.")).to_be_visible()
    expect(page.get_by_role("link", name="Basket with 4 items")).to_be_visible()
    page.get_by_role("link", name="Go to checkout").click()
    nothing_scrolls_sideways(page)
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    for label, words in ADDRESS.items():
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", name="Thank you, Anna Acker")).to_be_visible()
    nothing_scrolls_sideways(page)
    order = Order.objects.get()
    assert {line.sku: line.quantity for line in order.lines.all()} == {"garden-0": 3, "garden-1": 1}
    assert Product.objects.get(sku="garden-0").stock == 17
    bought = Event.objects.filter(order_ref=order.number)
    assert {event.product.sku for event in bought} == {"garden-0", "garden-1"}
    expect(page.get_by_role("link", name="Basket without items")).to_be_visible()


def test_what_is_taken_out_is_put_back_by_undo(open_browser: OpenBrowser) -> None:
    page = open_browser()
    put_in(page, "garden-0")
    page.goto("/basket/")
    page.get_by_role("button", name="Remove Garden thing 0").click()
    expect(page.get_by_role("heading", name="Nothing in it yet")).to_be_visible()
    said(page).get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Quantity of Garden thing 0")).to_have_value("1")


def test_what_completes_the_basket_comes_late_and_follows_it(open_browser: OpenBrowser) -> None:
    page = open_browser()
    put_in(page, "garden-0")
    page.goto("/basket/")
    rail = page.get_by_role("region", name="Complete your basket")
    expect(rail).to_be_visible()
    first = rail.locator(".product-card").first
    sku = first.get_attribute("data-sku")
    page.locator(f"#complete #add-{sku}").click()
    expect(page.get_by_text("2 items, at today’s prices.")).to_be_visible()
    expect(page.locator(f"#complete #add-{sku}")).to_have_count(0)
