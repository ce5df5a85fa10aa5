"""The stars as a control: what sends a rating, what does not, when it is acknowledged, and by what."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect

from feedback.models import Rating
from tests.browser.conftest import OpenBrowser
from tests.browser.steps import cards, given, look_up, said, star, stars
from tests.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def mine(sku: str) -> list[int]:
    ratings = Rating.objects.filter(product__sku=sku, shopper__is_anonymous=True)
    return list(ratings.values_list("value", flat=True))


def asked(page: Page, method: str) -> list[str]:
    """The paths the page asks for from now on, pictures and the like left out."""
    paths: list[str] = []

    def see(request: Request) -> None:
        if request.method == method and request.resource_type in {"document", "fetch", "xhr"}:
            paths.append(urlsplit(request.url).path)

    page.on("request", see)
    return paths


def test_leaving_the_stars_sends_the_choice_made_with_arrow_keys(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/products/garden-3/")
    star(page, "garden-3", 1).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert mine("garden-3") == []
    page.keyboard.press("Tab")
    expect(said(page)).to_contain_text("3 stars")
    assert mine("garden-3") == [3]


def test_escape_puts_the_choice_back_and_leaving_then_sends_nothing(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/products/garden-3/")
    sent = asked(page, "POST")
    star(page, "garden-3", 1).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert given(page, "garden-3") == 0
    page.keyboard.press("Tab")
    expect(said(page)).to_be_empty()
    # What is sent is sent in turn: a rating that is taken comes after any that leaving had sent.
    star(page, "garden-3", 4).click()
    expect(said(page)).to_contain_text("4 stars")
    assert sent == ["/feedback/rate/"]
    assert mine("garden-3") == [4]


def test_a_screen_reader_hears_a_group_of_radio_buttons_with_a_name(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/products/garden-3/")
    group = page.get_by_role("group", name="Your rating of Garden thing 3")
    expect(group.get_by_role("radio")).to_have_count(6)
    expect(group.get_by_role("radio", name="No rating")).to_be_checked()
    star(page, "garden-3", 4).click()
    expect(said(page)).to_contain_text("4 stars")
    expect(group.get_by_role("radio", name="4 stars")).to_be_checked()
    group.get_by_role("radio", name="No rating").focus()
    page.keyboard.press("Space")
    expect(said(page)).to_contain_text("is taken back")
    assert mine("garden-3") == []


def test_what_the_shop_did_not_take_is_put_back(open_browser: OpenBrowser) -> None:
    page = open_browser(watched=False)
    page.goto("/products/garden-3/")
    star(page, "garden-3", 4).click()
    expect(page.get_by_role("heading", name="Your rating")).to_be_visible()
    page.route("**/feedback/rate/", lambda route: route.abort())
    star(page, "garden-3", 1).click()
    expect(said(page)).to_contain_text("did not reach the shop")
    assert given(page, "garden-3") == 4


def test_it_is_acknowledged_before_the_shop_answers_and_the_new_rail_follows_the_answer_by_itself(
    open_browser: OpenBrowser,
) -> None:
    page = open_browser()
    page.goto("/")
    held: list[Route] = []
    page.route("**/feedback/rate/", lambda route: held.append(route))
    sku = cards(page, "#rails")[0]
    with page.expect_request("**/feedback/rate/"):
        star(page, sku, 5).click()
    expect(said(page)).to_have_text("Saving your rating…")
    assert mine(sku) == []
    expect(page.locator("#rail-for-you")).to_have_count(0)
    follows = asked(page, "GET")
    held[0].continue_()
    expect(said(page)).to_contain_text("5 stars")
    expect(page.locator("#rail-for-you")).to_be_visible()
    assert mine(sku) == [5]
    assert len([path for path in follows if path.endswith("/rails/")]) == 1


@pytest.mark.parametrize(
    "address",
    ["/products/?department=garden", "/products/garden-3/", "/recommendations/onboarding/", "/?rails=inline"],
)
def test_it_is_the_same_control_everywhere(open_browser: OpenBrowser, shop: Shop, address: str) -> None:
    page = open_browser()
    page.goto(address)
    form = page.locator(".rate").first
    sku = (form.get_attribute("id") or "").removeprefix("stars-")
    star(page, sku, 5).click()
    expect(said(page)).to_contain_text("5 stars")
    assert mine(sku) == [5]
    page.goto("/accounts/ratings/")
    star(page, sku, 2).click()
    expect(said(page)).to_contain_text("2 stars")
    assert mine(sku) == [2]


def test_why_this_tells_the_shares_and_a_rating_can_be_ignored_from_there(open_browser: OpenBrowser) -> None:
    page = open_browser()
    look_up(page, "garden-fan-0")
    first = cards(page)[0]
    card = page.locator(f'[data-sku="{first}"]')
    card.locator(".why summary").click()
    panel = card.locator(".why-panel")
    expect(panel).to_contain_text("What you did that speaks for it")
    expect(panel).to_contain_text("%")
    before = Rating.objects.filter(shopper__external_id="garden-fan-0").count()
    panel.get_by_role("button", name="Ignore that rating").first.click()
    expect(said(page)).to_contain_text("is taken back")
    assert Rating.objects.filter(shopper__external_id="garden-fan-0").count() == before - 1
    said(page).get_by_role("button", name="Undo").click()
    expect(said(page)).to_contain_text("rated")
    assert Rating.objects.filter(shopper__external_id="garden-fan-0").count() == before


@pytest.mark.parametrize("javascript", [True, False])
def test_not_interested_from_why_this(open_browser: OpenBrowser, javascript: bool) -> None:
    page = open_browser(javascript=javascript)
    look_up(page, "garden-fan-1")
    first = cards(page)[0]
    card = page.locator(f'[data-sku="{first}"]')
    card.locator(".why summary").click()
    card.get_by_role("button", name="Not interested in this").click()
    expect(said(page)).to_contain_text("will not be recommended again")
    expect(stars(page, first)).to_have_count(0)


def press_both(page: Page) -> None:
    page.goto("/products/garden-0/")
    page.get_by_role("button", name="Add both to the basket").click()
    expect(said(page)).to_contain_text("are in your basket")


@pytest.mark.parametrize("javascript", [True, False])
def test_both_of_a_pair_go_into_the_basket(open_browser: OpenBrowser, javascript: bool) -> None:
    page = open_browser(javascript=javascript)
    press_both(page)
    page.goto("/basket/")
    expect(page.locator("main")).to_contain_text("Garden thing 0")


def test_a_product_is_rated_without_javascript(open_browser: OpenBrowser) -> None:
    page = open_browser(javascript=False)
    page.goto("/products/garden-3/")
    expect(page.get_by_role("img", name="ratings by stars")).to_be_visible()
    star(page, "garden-3", 4).check()
    stars(page, "garden-3").get_by_role("button", name="Save").click()
    expect(said(page)).to_contain_text("4 stars")
    assert given(page, "garden-3") == 4
    assert mine("garden-3") == [4]
