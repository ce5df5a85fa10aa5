"""Several lists in one go say what each list says alone, less the repeats."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from recommendations.models import MerchandisingRule, ModelVersion
from recommendations.serving import service
from recommendations.serving.rails import personal_trending_newest, together_and_similar
from recommendations.serving.results import Recommendations
from tests.shop import Shop, open_shop, open_trained_shop

pytestmark = pytest.mark.django_db


def places(found: Recommendations, *, besides: Recommendations | None = None) -> list[tuple[Any, ...]]:
    shown = {item.product.pk for item in besides.items} if besides else set()
    return [
        (item.product.sku, item.score, item.reason.text, item.predicted_rating)
        for item in found.items
        if item.product.pk not in shown
    ]


@pytest.fixture
def shop() -> Shop:
    shop = open_trained_shop()
    for name, action, number in [("Never", "drop", 1), ("First", "pin", 2), ("Last", "bury", 3)]:
        MerchandisingRule.objects.create(name=name, action=action, product=shop.products["garden"][number])
    return shop


def test_the_home_pages_lists_are_the_single_ones(shop: Shop) -> None:
    now = timezone.now()
    mine, hot, new = personal_trending_newest(shop.gardener, now=now, length=6)
    assert places(mine) == places(service.recommend_for(shop.gardener, now=now, limit=6))
    assert places(hot) == places(service.trending(now=now, limit=40), besides=mine)[:6]
    shown = [item.product.pk for found in (mine, hot, new) for item in found.items]
    assert len(shown) == len(set(shown)) == 18
    alone = places(service.newest(now=now, limit=40), besides=mine)
    assert places(new) == [place for place in alone if place[0] not in {p[0] for p in places(hot)}][:6]
    assert shop.products["garden"][1].pk not in shown


def test_a_product_pages_lists_are_the_single_ones(shop: Shop) -> None:
    now, product = timezone.now(), shop.products["garden"][0]
    bought, like = together_and_similar(product, now=now, together=4, similar=6)
    assert bought.items
    assert places(bought) == places(service.bought_together(product, now=now, limit=4))
    assert places(like) == places(service.similar_to(product, now=now, limit=20), besides=bought)[:6]
    assert like.strategy == service.similar_to(product, now=now).strategy


def test_without_a_model_there_is_no_personal_list_and_the_rest_stands(shop: Shop) -> None:
    ModelVersion.objects.update(is_live=False)
    now = timezone.now()
    mine, hot, new = personal_trending_newest(shop.gardener, now=now, length=5)
    assert mine.items == ()
    assert hot.items
    assert new.items
    bought, like = together_and_similar(shop.products["garden"][0], now=now, together=4, similar=6)
    assert bought.items
    assert places(like) == places(service.similar_to(shop.products["garden"][0], now=now), besides=bought)[:6]


def test_an_untrained_shop_has_lists_too() -> None:
    shop = open_shop()
    mine, hot, new = personal_trending_newest(shop.cook, now=timezone.now(), length=5)
    assert (len(mine.items), len(hot.items), len(new.items)) == (0, 5, 5)
