"""The home page: rails that come late and in their room, the thread of what moved, and all of it without
JavaScript."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from feedback.models import Event, Shopper
from feedback.services import record_event
from tests.browser.conftest import DESKTOP, PHONE, OpenBrowser
from tests.browser.steps import PATIENCE, cards, look_up, said, star, until
from tests.browser.visiting import be
from tests.factories import make_product, make_shopper
from tests.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Milliseconds to the largest paint, and what of them is for the work of a shop and a phone that are slow. The
# line's part is reckoned, not timed: a machine that has other tests to run is slow whatever the page is.
SOON, WORK = 2500, 1250
LATENCY, BYTES_PER_MS = 150, 9e6 / 8 / 1000
# Fills what a browser may tell of a page: how far things jumped, and what the largest was.
WATCH = """
window.jumped = 0; window.largest = null;
const watch = (type, see) =>
  new PerformanceObserver(list => list.getEntries().forEach(see)).observe({type, buffered: true});
watch("layout-shift", each => { if (!each.hadRecentInput) jumped += each.value; });
watch("largest-contentful-paint", each => { largest = each; });
"""
NEEDED = """() => {
  const needed = performance.getEntriesByType("resource")
    .filter(each => each.renderBlockingStatus === "blocking" || each.name === largest.url);
  const all = [performance.getEntriesByType("navigation")[0], ...needed];
  const path = largest.url && !largest.url.startsWith("data:") && new URL(largest.url).pathname;
  return [all.reduce((sum, each) => sum + each.transferSize, 0), needed.length,
          path || largest.url || largest.element.textContent.trim().replace(/\\s+/g, " ")];
}"""


def scroll_to_the_end(page: Page) -> None:
    """Slowly enough for what is asked for on sight."""
    deadline = time.monotonic() + PATIENCE / 1000
    at_end = "scrollY + innerHeight >= document.documentElement.scrollHeight - 2"
    while not (page.evaluate(at_end) and page.locator(".rail-later").count() == 0):
        assert time.monotonic() < deadline, "there is always more"
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(120)


def a_browsing_gardener(shop: Shop) -> Shopper:
    """Likes the garden, and has opened something lately."""
    from django.utils import timezone

    for number in range(30):
        make_product(sku=f"fresh-{number}", category=shop.garden)
    shopper = make_shopper("visitor-gardener", is_anonymous=True)
    now = timezone.now()
    record_event(shopper=shopper, product=shop.products["garden"][0], kind=Event.Kind.PURCHASE, now=now)
    record_event(shopper=shopper, product=shop.products["kitchen"][5], kind=Event.Kind.VIEW, now=now)
    return shopper


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_rails_come_on_sight_with_no_product_twice(
    open_browser: OpenBrowser, shop: Shop, size: tuple[int, int]
) -> None:
    page = open_browser(size=size)
    be(page, a_browsing_gardener(shop))
    page.goto("/")
    assert page.locator("#rail-for-you").is_visible()
    assert page.locator("#rail-new").count() == 0
    scroll_to_the_end(page)
    expect(page.locator(".rail-later")).to_have_count(0)
    expect(page.locator("#rail-new")).to_have_text("New in the shop")
    shown = cards(page, "#rails")
    assert len(shown) == len(set(shown)) > 12


def test_without_javascript_the_page_has_every_rail(open_browser: OpenBrowser, shop: Shop) -> None:
    page = open_browser(javascript=False, size=PHONE)
    be(page, a_browsing_gardener(shop))
    page.goto("/")
    page.wait_for_url("**/?rails=inline")
    for key in ("for-you", "trending", "new"):
        expect(page.locator(f"#rail-{key}")).to_be_visible()
    sku = cards(page, '[data-rail="for-you"]')[0]
    star(page, sku, 5).check()
    page.locator(f'[id="stars-{sku}"]').get_by_role("button", name="Save").click()
    expect(said(page)).to_contain_text("5 stars")
    assert sku not in cards(page, '[data-rail="for-you"]')


def test_what_a_star_moved_glows_and_says_so(open_browser: OpenBrowser, shop: Shop) -> None:
    page = open_browser()
    page.goto("/")
    sku = next(each for each in cards(page, "#rails") if each.startswith("garden"))
    star(page, sku, 5).click()
    mine = page.locator('[data-rail="for-you"]')
    expect(mine.locator(".rail-change")).to_have_text("Here because of your last click")
    expect(mine.locator(".has-moved")).to_have_count(0)
    before = cards(page, '[data-rail="for-you"]')
    star(page, next(each for each in before if each.startswith("garden")), 1).click()
    change = mine.locator(".rail-change")
    expect(change).to_contain_text("Your last click:")
    after = cards(page, '[data-rail="for-you"]')
    fresh = [each for each in after if each not in before]
    up = [each for place, each in enumerate(after) if each in before and before.index(each) > place + 1]
    assert mine.locator(".moved", has_text="New here").count() == len(fresh)
    assert mine.locator(".moved", has_text="Up ").count() == len(up)
    assert fresh or up


def on_a_slow_line(page: Page) -> None:
    """A phone of the middle class on a mobile network of today."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": LATENCY, "downloadThroughput": BYTES_PER_MS * 1000,
        "uploadThroughput": 1.5e6 / 8,
    })  # fmt: skip
    line.send("Emulation.setCPUThrottlingRate", {"rate": 2})
    page.add_init_script(WATCH)


def on_the_line(page: Page, address: str) -> tuple[float, str]:
    """Milliseconds that the line needs for what the largest part of the page waits for; that part's image or
    text."""
    page.goto(address, wait_until="load")
    until(page, "largest !== null")
    page.wait_for_timeout(500)
    size, others, part = page.evaluate(NEEDED)
    # To connect, for the page, and for all it names at once.
    trips = 2 + (others > 0)
    return trips * LATENCY + size / BYTES_PER_MS, part


@pytest.mark.parametrize("address", ["/", "/products/", "/products/garden-0/", "/recommendations/"])
def test_nothing_jumps_and_the_line_has_the_largest_part_soon(
    open_browser: OpenBrowser, shop: Shop, address: str
) -> None:
    page = open_browser(size=PHONE)
    be(page, a_browsing_gardener(shop))
    on_a_slow_line(page)
    took, part = on_the_line(page, address)
    assert took < SOON - WORK, part
    # Nothing that a script adds later.
    assert part in " ".join(page.request.get(address).text().split())
    scroll_to_the_end(page)
    assert page.evaluate("jumped") < 0.1


def test_the_whole_list_says_what_moved_too(open_browser: OpenBrowser) -> None:
    page = open_browser()
    look_up(page, "garden-fan-0")
    before = cards(page)
    star(page, before[0], 1).click()
    expect(page.locator("#list .rail-change")).to_contain_text("Your last click:")
    after = cards(page)
    up = [each for place, each in enumerate(after) if each in before and before.index(each) > place + 1]
    assert page.locator("#list .moved", has_text="Up ").count() == len(up)
    page.get_by_label("Department", exact=True).select_option("kitchen")
    page.wait_for_url("**department=kitchen**")
    expect(page.locator("#list .rail-change")).to_have_count(0)
