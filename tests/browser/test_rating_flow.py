"""Look up, rate, and see the list change: in place, and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from feedback.models import Rating, Shopper
from tests.browser.conftest import PHONE, OpenBrowser
from tests.browser.steps import cards, given, look_up, said, star, stars

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("size", [(1280, 900), PHONE])
def test_looking_up_an_id_and_rating_changes_the_list_in_place(
    open_browser: OpenBrowser, size: tuple[int, int]
) -> None:
    page = open_browser(size=size)
    look_up(page, "garden-fan-0")
    expect(page.get_by_role("heading", name="For shopper garden-fan-0")).to_be_visible()
    before = cards(page)
    page.evaluate("window.stillHere = true")
    star(page, before[0], 1).click()
    expect(said(page)).to_contain_text("The list is updated.")
    expect(stars(page, before[0])).to_have_count(0)
    after = cards(page)
    assert after != before
    assert page.evaluate("window.stillHere"), "the page was loaded anew"
    rating = Rating.objects.get(shopper__external_id="garden-fan-0", product__sku=before[0])
    assert rating.value == 1
    page.reload()
    assert cards(page) == after


def test_the_same_without_javascript(open_browser: OpenBrowser) -> None:
    page = open_browser(javascript=False)
    look_up(page, "garden-fan-0")
    before = cards(page)
    form = stars(page, before[0])
    star(page, before[0], 1).check()
    form.get_by_role("button", name="Save").click()
    expect(said(page)).to_contain_text("The list is updated.")
    assert "shopper=garden-fan-0" in page.url
    after = cards(page)
    assert before[0] not in after
    assert after != before


def test_undo_brings_the_list_back(open_browser: OpenBrowser) -> None:
    page = open_browser()
    look_up(page, "kitchen-fan-0")
    before = cards(page)
    star(page, before[1], 2).click()
    expect(stars(page, before[1])).to_have_count(0)
    said(page).get_by_role("button", name="Undo").click()
    expect(said(page)).to_contain_text("is taken back")
    expect(stars(page, before[1])).to_have_count(1)
    assert cards(page) == before


def test_a_visitors_first_rating_makes_for_you_appear(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/")
    expect(page.get_by_role("heading", name="Your list starts with one star")).to_be_visible()
    sku = next(sku for sku in cards(page, "#rails") if sku.startswith("garden"))
    star(page, sku, 5).click()
    expect(page.get_by_role("heading", name="For you", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Your list starts with one star")).to_have_count(0)
    mine = cards(page, '[aria-labelledby="rail-for-you"]')
    assert [each.split("-")[0] for each in mine[:4]] == ["garden"] * 4
    page.reload()
    assert cards(page, '[aria-labelledby="rail-for-you"]') == mine
    assert Shopper.objects.filter(is_anonymous=True).count() == 1


def test_signing_in_merges_the_visitors_ratings(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/products/garden-3/")
    star(page, "garden-3", 4).click()
    expect(said(page)).to_contain_text("4 stars")
    page.goto("/accounts/sign-up/")
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password", exact=True).fill("velvet-chair-9")
    page.get_by_label("Password confirmation").fill("velvet-chair-9")
    page.get_by_role("button", name="Create the account").click()
    expect(page.locator(".menu-account-name")).to_have_text("anna")
    page.goto("/accounts/ratings/")
    assert given(page, "garden-3") == 4
    assert Rating.objects.get(product__sku="garden-3", value=4, shopper__account__username="anna")


def test_taking_a_rating_back_on_the_product_page(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/products/garden-3/")
    star(page, "garden-3", 5).click()
    expect(page.get_by_role("heading", name="Your rating")).to_be_visible()
    star(page, "garden-3", 0).click()
    expect(page.get_by_role("heading", name="What do you think of it?")).to_be_visible()
    assert given(page, "garden-3") == 0


def test_not_interested_takes_the_product_away(open_browser: OpenBrowser) -> None:
    page = open_browser()
    look_up(page, "garden-fan-1")
    before = cards(page)
    page.locator(f'[id="dismiss-{before[0]}"]').click()
    expect(said(page)).to_contain_text("will not be recommended again")
    expect(stars(page, before[0])).to_have_count(0)
    page.reload()
    assert before[0] not in cards(page)


def test_a_lost_connection_is_said(open_browser: OpenBrowser) -> None:
    page = open_browser(watched=False)
    page.goto("/products/")
    page.route("**/feedback/rate/", lambda route: route.abort())
    star(page, cards(page)[0], 5).click()
    expect(said(page)).to_contain_text("did not reach the shop")
