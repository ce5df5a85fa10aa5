"""The docs of the API in a browser; a breach of the security policy would be a complaint in the console."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.browser.conftest import OpenBrowser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_docs_show_every_route_and_try_them(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/api/v1/docs")
    page.locator(".opblock").first.wait_for()
    described = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    assert page.locator(".opblock").count() == sum(len(path) for path in described.values()) >= 16
    route = page.locator("#operations-Feedback-put_rating")
    route.locator(".opblock-summary-control").click()
    route.get_by_role("button", name="Try it out").click()
    route.locator("tr[data-param-name=shopper_id] input").fill("ann & co")
    route.locator("tr[data-param-name=sku] input").fill("garden-0")
    route.locator("textarea").fill('{"value": 5}')
    route.get_by_role("button", name="Execute").click()
    answer = route.locator(".live-responses-table tbody")
    answer.wait_for()
    assert answer.locator(".response-col_status").first.inner_text().strip().startswith("201")
    assert '"value": 5' in answer.inner_text()
