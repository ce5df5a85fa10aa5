"""The account in a real browser: wishes, what was hidden, and being forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from feedback.models import Event, Rating, Shopper
from tests.browser.conftest import DESKTOP, PHONE, OpenBrowser
from tests.browser.steps import said, star

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("javascript", [True, False], ids=["htmx", "plain"])
def test_the_heart_goes_on_and_off(open_browser: OpenBrowser, javascript: bool) -> None:
    page = open_browser(javascript=javascript)
    page.goto("/products/garden-0/")
    heart = page.locator("#heart-garden-0")
    expect(heart).to_have_attribute("aria-pressed", "false")
    heart.click()
    expect(said(page)).to_contain_text("is on the wishlist")
    expect(heart).to_have_attribute("aria-pressed", "true")
    page.goto("/accounts/wishlist/")
    page.get_by_role("button", name="Take Garden thing 0 off the wishlist").click()
    expect(page.get_by_role("heading", name="No wishes yet")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["wide", "narrow"])
def test_a_visitor_signs_up_takes_everything_along_and_is_forgotten(
    open_browser: OpenBrowser, size: tuple[int, int], tmp_path: Path
) -> None:
    page = open_browser(size=size)
    before = Shopper.objects.count()
    page.goto("/products/garden-0/")
    star(page, "garden-0", 4).click()
    expect(said(page)).to_contain_text("rated")
    page.goto("/products/kitchen-0/")
    page.locator(".product-main").get_by_role("button", name="Not interested").click()
    expect(said(page)).to_contain_text("will not be recommended again")
    page.goto("/accounts/sign-up/")
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password", exact=True).fill("velvet-chair-9")
    page.get_by_label("Password confirmation").fill("velvet-chair-9")
    page.get_by_role("button", name="Create the account").click()
    expect(said(page)).to_contain_text("is in your account now")
    page.goto("/accounts/")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("navigation", name="Your account").get_by_role("link", name="Not interested").click()
    page.get_by_role("button", name="Undo and recommend Kitchen thing 0 again").click()
    expect(page.get_by_role("heading", name="Nothing is hidden from you")).to_be_visible()
    page.goto("/accounts/data/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    download.value.save_as(tmp_path / "data.json")
    data = json.loads((tmp_path / "data.json").read_text())
    assert [(row["product"], row["value"]) for row in data["ratings"]] == [("garden-0", 4)]
    assert {"dismiss", "undismiss"} <= {row["kind"] for row in data["events"]}
    page.get_by_role("link", name="Delete my data").click()
    page.get_by_label("The account too").check()
    page.get_by_label("Your password").fill("velvet-chair-9")
    page.get_by_role("button", name="Delete it all").click()
    expect(said(page)).to_contain_text("Your data and your account are deleted.")
    assert Shopper.objects.count() == before
    assert not Rating.objects.filter(shopper__account__isnull=False).exists()
    assert not Event.objects.filter(kind=Event.Kind.UNDISMISS).exists()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["wide", "narrow"])
def test_no_page_scrolls_sideways_and_each_has_one_heading(
    open_browser: OpenBrowser, size: tuple[int, int], theme: str
) -> None:
    page = open_browser(size=size, theme=theme)
    page.goto("/products/garden-0/")
    page.locator("#heart-garden-0").click()
    expect(said(page)).to_contain_text("is on the wishlist")
    for address in (
        "/accounts/", "/accounts/ratings/", "/accounts/wishlist/", "/accounts/orders/", "/accounts/data/",
        "/accounts/not-interested/", "/accounts/data/delete/", "/basket/", "/accounts/password/forgotten/",
    ):  # fmt: skip
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
        expect(page.locator("h1")).to_have_count(1)
