"""Why this?: what is told of a product's score, and that the parts add up to all of it."""

from __future__ import annotations

import numpy as np
import pytest
from django.template.loader import render_to_string
from django.test import Client

from catalog.models import Product
from feedback.models import Event
from recommendations.conf import conf
from recommendations.serving.history import history_of
from recommendations.serving.index import live_model
from recommendations.serving.reasons import (
    AGAINST,
    FOR,
    by_stars,
    everybodys,
    personal_reasons,
    products_named,
)
from recommendations.serving.results import Cause, Item, Reason, Strategy
from recommendations.templatetags.recommendation_tags import bounded, percent
from tests.factories import NOW, make_category, make_event, make_product, make_rating, make_shopper
from tests.pages import text_of
from tests.shop import open_trained_shop
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("algorithm", ["svd", "item_knn", "ease"])
def test_the_causes_are_the_largest_pushes_and_with_the_rest_they_are_all_of_it(algorithm: str) -> None:
    shop = make_shop()
    publish_model(algorithm)
    model = live_model()
    assert model is not None
    history = history_of(shop.gardeners[0].pk, conf(), now=NOW)
    ids = [product.pk for product in shop.products]
    explained = model.bundle.ranker.model.explain(  # type: ignore[attr-defined]
        history.history, model.bundle.products.positions(np.array(ids))
    )
    reasons = personal_reasons(ids, history, model)
    told = 0
    for place, product in enumerate(shop.products):
        reason, pushes = reasons[product.pk], explained.contributions[place]
        positive = np.sort(pushes[pushes > 0])[::-1]
        assert len(reason.causes) == min(FOR, len(positive))
        assert [cause.share for cause in reason.causes] == pytest.approx(
            (positive[:FOR] / positive.sum()).tolist() if len(positive) else [], rel=1e-4
        )
        if reason.causes:
            told += 1
            assert reason.share == reason.causes[0].share
            assert reason.product == reason.causes[0].product
            assert sum(cause.share for cause in reason.causes) + reason.rest == pytest.approx(1)
        negative = -np.sort(pushes[pushes < 0])
        for cause, pull in zip(reason.against, negative[:AGAINST].tolist(), strict=False):
            assert cause.share == pytest.approx(pull / positive.sum() if len(positive) else 1.0, rel=1e-4)
    assert told


def test_known_products_are_not_read_again(django_assert_num_queries: object) -> None:
    shop = make_shop()
    publish_model("item_knn")
    model = live_model()
    assert model is not None
    history = history_of(shop.gardeners[0].pk, conf(), now=NOW)
    known = Product.objects.in_bulk()
    ids = [product.pk for product in shop.products]
    with django_assert_num_queries(0):  # type: ignore[operator]
        given = personal_reasons(ids, history, model, products_named(known))
    assert given == personal_reasons(ids, history, model)


@pytest.mark.parametrize(
    ("strategy", "place", "words"),
    [
        (Strategy.TRENDING, 2, "Number 2 in Garden over the last 4 weeks"),
        (Strategy.TRENDING, None, "Popular in Garden over the last 4 weeks"),
        (Strategy.POPULAR, None, "Popular in Garden with shoppers here"),
        (Strategy.NEWEST, None, "New in Garden since 1 June 2026"),
    ],
)
def test_everybodys_reasons_name_the_department_and_the_period(
    strategy: Strategy, place: int | None, words: str
) -> None:
    aisle = make_category("Rakes", parent=make_category("Garden"))
    product = make_product(category=aisle, created_at=NOW)
    assert everybodys(product, strategy, conf(), place=place).text == words


def test_without_a_department_they_name_none() -> None:
    product = make_product(created_at=NOW)
    texts = [everybodys(product, each, conf(), place=1).text for each in (Strategy.TRENDING, Strategy.NEWEST)]
    assert texts == ["Popular over the last 4 weeks", "New in the shop since 1 June 2026"]


@pytest.mark.parametrize(
    ("values", "words"), [([5], "Rated 5.0 of 5 by 1 shopper"), ([5, 4], "Rated 4.5 of 5 by 2 shoppers")]
)
def test_the_top_rated_say_by_how_many(values: list[int], words: str) -> None:
    product = make_product()
    for value in values:
        make_rating(make_shopper(), product, value)
    product.refresh_from_db()
    assert by_stars(product).text == words


def test_the_page_tells_the_shares_and_offers_to_ignore_a_rating_but_no_view(client: Client) -> None:
    shop = open_trained_shop()
    make_event(shop.gardener, shop.products["garden"][0], Event.Kind.VIEW)
    page = client.get("/recommendations/", {"shopper": shop.gardener.external_id})
    words = text_of(page)
    assert "Why this? What you did that speaks for it: You rated Garden thing" in words
    assert "Ignore that rating of Garden thing" in words
    assert 'form="dismissal-' in page.content.decode()


def test_a_cause_with_markup_is_text(client: Client) -> None:
    shop = open_trained_shop()
    Product.objects.filter(sku__startswith="garden").update(title="<b>Rake</b>")
    page = client.get("/recommendations/", {"shopper": shop.gardener.external_id}).content.decode()
    assert "<b>Rake" not in page
    assert "You rated &lt;b&gt;Rake&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0 %"), (0.001, "<1 %"), (0.009, "<1 %"), (0.736, "74 %"), (1.0, "100 %"), (2, "200 %")],
)
def test_shares_are_whole_percentages(share: float, words: str) -> None:
    assert percent(share) == words


def test_a_meter_stays_within_its_scale() -> None:
    assert (bounded(-1), bounded(0.5), bounded(3)) == ("0.000", "0.500", "1.000")


def test_the_rest_is_what_is_not_told() -> None:
    product = make_product()
    cause = Cause("You rated it", product, 0.6, is_rating=True)
    assert Reason("", product, 0.6, (cause,)).rest == pytest.approx(0.4)
    assert Reason("Popular").rest == 0


def test_a_product_that_is_tried_out_says_so(client: Client) -> None:
    product = make_product("Lamp")
    request = client.get("/").wsgi_request
    told = [
        render_to_string("recommendations/_why.html", {"item": item, "next": "/"}, request=request)
        for item in (
            Item(product, 1.0, Reason("Few have met it yet"), explored=True),
            Item(product, 1.0, Reason("Popular")),
        )
    ]
    assert ["Few shoppers have met it yet" in each for each in told] == [True, False]
