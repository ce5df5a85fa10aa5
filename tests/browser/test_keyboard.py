"""The stars by keyboard, focus after a list has changed, menus and the theme."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from feedback.models import Rating
from tests.browser.conftest import OpenBrowser
from tests.browser.steps import cards, given, look_up, said, star, stars

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_arrow_keys_only_move_and_enter_or_space_rates(open_browser: OpenBrowser, key: str) -> None:
    page = open_browser()
    page.goto("/products/garden-3/")
    ratings = Rating.objects.filter(product__sku="garden-3", shopper__is_anonymous=True)
    star(page, "garden-3", 1).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert given(page, "garden-3") == 4
    expect(said(page)).to_be_empty()
    assert not ratings.exists()
    page.keyboard.press(key)
    expect(said(page)).to_contain_text("4 stars")
    assert ratings.get().value == 4
    expect(star(page, "garden-3", 4)).to_be_focused()


def test_the_focus_goes_to_the_list_when_its_card_has_left(open_browser: OpenBrowser) -> None:
    page = open_browser()
    look_up(page, "garden-fan-0")
    first = cards(page)[0]
    star(page, first, 5).focus()
    page.keyboard.press("Enter")
    expect(stars(page, first)).to_have_count(0)
    expect(page.locator("#list-title")).to_be_focused()


def test_filters_apply_at_once_with_an_address_to_share_and_the_back_button(
    open_browser: OpenBrowser,
) -> None:
    page = open_browser()
    look_up(page, "garden-fan-0")
    before = cards(page)
    page.get_by_label("Department", exact=True).select_option("kitchen")
    page.wait_for_url("**department=kitchen**")
    expect(page.locator("#list .product-department").first).to_have_text("Kitchen")
    kitchen = cards(page)
    assert {sku.split("-")[0] for sku in kitchen} == {"kitchen"}
    assert "min_price" not in page.url
    other = open_browser()
    other.goto(page.url)
    assert cards(other) == kitchen
    page.go_back()
    page.wait_for_url(lambda url: "department" not in url)
    expect(stars(page, before[0])).to_have_count(1)
    assert cards(page) == before


def test_a_wrong_price_is_explained_in_place(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/recommendations/")
    page.get_by_label("Price from").fill("50")
    page.get_by_label("Price to").fill("10")
    page.get_by_label("Price to").press("Enter")
    expect(page.get_by_text("below the lowest price")).to_be_visible()


def test_ids_are_suggested_while_typing(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/")
    page.get_by_label("See the shop as one of its shoppers").press_sequentially("kitchen-fan-1")
    offered = page.locator("#shopper-ids option")
    expect(offered.first).to_have_attribute("value", "kitchen-fan-1")
    expect(offered).to_have_count(8)


def test_menus_close_at_escape_and_give_the_focus_back(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/products/")
    menu = page.locator(".menu-departments summary")
    menu.click()
    expect(page.get_by_role("link", name="Garden", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Garden", exact=True)).to_be_hidden()
    expect(menu).to_be_focused()


def test_the_chosen_colours_are_remembered_and_there_before_the_first_paint(
    open_browser: OpenBrowser,
) -> None:
    page = open_browser(theme="light")
    page.goto("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Dark colours").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        "  window.first = document.documentElement.dataset.bsTheme;"
        "})"
    )
    page.reload()
    assert page.evaluate("window.first") == "dark"
    assert page.evaluate(ground) == dark


def test_without_javascript_the_system_decides_the_colours(open_browser: OpenBrowser) -> None:
    shades = {}
    for theme in ("light", "dark"):
        page = open_browser(javascript=False, theme=theme)
        page.goto("/")
        # Playwright's own questions are answered where the page's scripts are not run.
        shades[theme] = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
        expect(page.get_by_role("button", name="Dark colours")).to_be_hidden()
    light, dark = (sum(map(int, re.findall(r"\d+", shades[theme])[:3])) for theme in ("light", "dark"))
    assert light > 3 * 200 and dark < 3 * 60, shades
