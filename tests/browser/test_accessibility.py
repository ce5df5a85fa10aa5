"""axe-core finds nothing on any main page, whatever the impact, in both themes."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenBrowser
from tests.browser.pages import PAGES
from tests.browser.steps import cards, said, star
from tests.browser.test_basket import ADDRESS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def violations(page: Page, name: str) -> list[str]:
    """What axe has against the page, in one line each."""
    results = Axe().run(page)
    return [
        f"{name}: {each['id']} ({each['impact']}): {node['html'][:140]} {node['failureSummary'][:200]}"
        for each in results.response["violations"]
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_on_any_page(open_browser: OpenBrowser, theme: str, size: tuple[int, int]) -> None:
    page = open_browser(theme=theme, size=size)
    found = []
    for name, address in PAGES.items():
        page.goto(address)
        found += violations(page, name)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_after_a_star_with_the_reasons_open(open_browser: OpenBrowser, theme: str) -> None:
    page = open_browser(theme=theme)
    page.goto("/")
    star(page, cards(page, "#rails")[0], 5).click()
    expect(said(page).get_by_role("button", name="Undo")).to_be_visible()
    mine = page.locator('[data-rail="for-you"]')
    mine.locator(".why summary").first.click()
    expect(mine.locator(".why-panel").first).to_be_visible()
    assert not (found := violations(page, "home with a list of one's own")), "\n".join(found)
    page.goto("/about/recommendations/")
    for summary in page.locator(".about summary").all():
        summary.click()
    assert not (found := violations(page, "about, opened")), "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_where_there_is_something_in_it(open_browser: OpenBrowser, theme: str) -> None:
    """Basket, checkout with and without mistakes, order, wishlist and what was turned down, none empty."""
    page, found = open_browser(theme=theme, size=PHONE), []
    page.goto("/products/kitchen-0/")
    page.locator(".product-main").get_by_role("button", name="Not interested").click()
    expect(said(page)).to_contain_text("will not be recommended again")
    page.goto("/products/garden-0/")
    page.locator("#heart-garden-0").click()
    expect(said(page)).to_contain_text("is on the wishlist")
    page.locator("#add-garden-0").click()
    expect(said(page)).to_contain_text("is in your basket")
    found += violations(page, "product with a message")
    for address in ("/accounts/wishlist/", "/accounts/not-interested/", "/accounts/data/delete/", "/basket/"):
        page.goto(address)
        found += violations(page, address)
    expect(page.locator("#complete .product-card").first).to_be_visible()
    found += violations(page, "completed basket")
    page.get_by_role("link", name="Go to checkout").click()
    found += violations(page, "checkout")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    found += violations(page, "checkout with mistakes")
    for label, words in ADDRESS.items():
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", name="Thank you, Anna Acker")).to_be_visible()
    found += violations(page, "order")
    page.goto("/accounts/orders/")
    found += violations(page, "orders")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_on_the_pages_of_trouble(open_browser: OpenBrowser, theme: str) -> None:
    # The browser itself notes that the page answered with 404 or 403.
    page = open_browser(theme=theme, watched=False)
    found = []
    for name, address in {"not found": "/products/none/", "forbidden": "/orders/1/"}.items():
        page.goto(address)
        assert page.locator(".trouble-page").count() == 1, name
        found += violations(page, name)
    assert not found, "\n".join(found)
