"""A second click while the page still follows the first one: its answer finds the form gone that asked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from feedback.models import Rating
from tests.browser.conftest import OpenBrowser
from tests.browser.steps import cards, look_up, said, star, stars

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def hold(page: Page, path: str, sku: str) -> list[Route]:
    """Keep what is sent there about the product until it is continued."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        if f"sku={sku}&" in f"{route.request.post_data}&":
            held.append(route)
        else:
            route.continue_()

    page.route(f"**{path}", keep)
    return held


def test_a_second_star_given_before_the_list_has_followed_the_first_is_followed_too(
    open_browser: OpenBrowser,
) -> None:
    page = open_browser()
    look_up(page, "garden-fan-0")
    first, second = cards(page)[:2]
    held = hold(page, "/feedback/rate/", second)
    with page.expect_request("**/feedback/rate/"):
        star(page, second, 5).click()
    old = stars(page, second).element_handle()
    star(page, first, 5).click()
    expect(stars(page, first)).to_have_count(0)
    assert old is not None and not old.evaluate("form => form.isConnected")
    held[0].continue_()
    expect(stars(page, second)).to_have_count(0)
    expect(said(page)).to_contain_text("The list is updated.")
    assert Rating.objects.filter(product__sku__in=[first, second], value=5).count() >= 2
    assert cards(page)


def test_what_is_put_into_the_basket_meanwhile_is_counted_at_the_top(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/products/garden-3/")
    held = hold(page, "/basket/add/", "garden-3")
    with page.expect_request("**/basket/add/"):
        page.locator("#add-garden-3").click()
    old = page.locator("#add-garden-3").element_handle()
    star(page, "garden-3", 4).click()
    expect(page.get_by_role("heading", name="Your rating")).to_be_visible()
    assert old is not None and not old.evaluate("button => button.isConnected")
    held[0].continue_()
    expect(said(page)).to_contain_text("is in your basket")
    expect(page.get_by_role("link", name="Basket with 1 item")).to_be_visible()
