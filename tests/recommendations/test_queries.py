"""How often a list asks the database: never once per product."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.models import Shopper
from recommendations.conf import conf
from recommendations.models import MerchandisingRule
from recommendations.serving.index import live_model
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
    for _ in ("computed", "cached"):
        # Live version, ratings, events, rules, is anything new, candidates, products, titles of the reasons.
        count, found = queries(lambda: recommend_for(shopper, now=NOW, limit=200))
        assert count == 8
        assert found.total >= products - 2


def test_a_list_with_something_explored_in_it_asks_once_more_for_titles():
    shop = make_shop(products=200)
    publish_model("item_knn")
    look_around()
    shopper = Shopper.objects.get(pk=shop.gardeners[0].pk)
    for _ in ("computed", "cached"):
        count, found = queries(lambda: recommend_for(shopper, now=NOW, limit=200))
        assert any(item.explored for item in found.items)
        assert count == 9


@pytest.mark.parametrize("products", [10, 200])
def test_filters_ask_once_more_and_rules_not_at_all(products):
    shop = make_shop(products=products)
    publish_model("item_knn")
    look_around()
    shopper = Shopper.objects.get(pk=shop.gardeners[0].pk)
    for n in range(5):
        MerchandisingRule.objects.create(name=f"{n}", action="pin", product=make_product())
    filters = Filters(category=shop.kitchen_department)
    look_around()
    assert queries(lambda: recommend_for(shopper, now=NOW, limit=200, filters=filters))[0] == 9
    # The pins are new to the model: the titles of what they resemble are one query more.
    assert queries(lambda: recommend_for(shopper, now=NOW, limit=200))[0] == 9


@pytest.mark.parametrize("products", [10, 200])
def test_everybodys_lists_take_the_same_queries_whatever_the_catalogue(products):
    shop = make_shop(products=products)
    publish_model("item_knn")
    live_model()
    expected = {
        # Live version, rules, candidates, products.
        "popular": (lambda: recommend_for(None, now=NOW, limit=200), 4),
        "similar": (lambda: similar_to(shop.garden[0], now=NOW, limit=200), 4),
        # Newest, rules, candidates, products.
        "newest": (lambda: newest(now=NOW, limit=200), 4),
        # Events, ratings, rules, candidates, products.
        "trending": (lambda: trending(now=NOW, limit=200), 5),
    }
    for name, (call, count) in expected.items():
        cache.clear()
        assert (name, queries(call)[0]) == (name, count)
