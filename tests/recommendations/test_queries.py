"""How often a list asks the database: never once per product."""

from functools import partial

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.models import Shopper
from recommendations.conf import conf
from recommendations.models import MerchandisingRule
from recommendations.serving.newcomers import newcomers_of
from recommendations.serving.results import Filters
from recommendations.serving.service import newest, recommend_for, similar_to, trending
from recommendations.serving.snapshot import current
from tests.factories import NOW, make_product
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db


def queries(call):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        found = call()
        # What a page reads of every product.
        for item in found.items:
            if item.product.category is not None:
                assert item.product.category.department.name
            assert item.product.title and item.reason.text
    return len(captured), found


def look_around():
    """Load the model and read the catalogue, as a process does once."""
    newcomers_of(current(), conf())


@pytest.mark.parametrize("products", [10, 200])
def test_a_personal_list_takes_the_same_queries_for_10_and_for_200_products(settings, products):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "exploration_share": 0.0}
    shop = make_shop(products=products)
    publish_model("item_knn")
    look_around()
    shopper = Shopper.objects.get(pk=shop.gardeners[0].pk)
    recommend_for(shopper, now=NOW, limit=200)  # what looks alike is read once
    # The shop's state, the history, products, titles of the reasons.
    count, found = queries(lambda: recommend_for(shopper, now=NOW, limit=200))
    assert count == 4
    assert found.total >= products - 2


def test_a_list_with_something_explored_in_it_asks_no_more():
    shop = make_shop(products=200)
    publish_model("item_knn")
    look_around()
    shopper = Shopper.objects.get(pk=shop.gardeners[0].pk)
    recommend_for(shopper, now=NOW, limit=200)
    count, found = queries(lambda: recommend_for(shopper, now=NOW, limit=200))
    assert any(item.explored for item in found.items)
    assert count == 4


@pytest.mark.parametrize("products", [10, 200])
def test_neither_filters_nor_rules_ask_more(products):
    shop = make_shop(products=products)
    publish_model("item_knn")
    look_around()
    shopper = Shopper.objects.get(pk=shop.gardeners[0].pk)
    for n in range(5):
        MerchandisingRule.objects.create(name=f"{n}", action="pin", product=make_product())
    filters = Filters(category=shop.kitchen_department)
    look_around()
    for asked in (filters, Filters()):
        call = partial(recommend_for, shopper, now=NOW, limit=200, filters=asked)
        call()
        assert queries(call)[0] == 4


@pytest.mark.parametrize("products", [10, 200])
def test_everybodys_lists_take_the_same_queries_whatever_the_catalogue(products):
    shop = make_shop(products=products)
    publish_model("item_knn")
    look_around()
    expected = {
        # The shop's state, products.
        "popular": (lambda: recommend_for(None, now=NOW, limit=200), 2),
        "similar": (lambda: similar_to(shop.garden[0], now=NOW, limit=200), 2),
        # Newest, the shop's state, products.
        "newest": (lambda: newest(now=NOW, limit=200), 3),
        # Events, ratings, the shop's state, products.
        "trending": (lambda: trending(now=NOW, limit=200), 4),
    }
    for name, (call, count) in expected.items():
        cache.clear()
        call()  # what a page names, it has read
        cache.clear()
        assert (name, queries(call)[0]) == (name, count)
