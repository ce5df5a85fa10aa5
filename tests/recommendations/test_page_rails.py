"""A product page's two lists in one go say what each list says alone, less the repeats."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from recommendations.models import MerchandisingRule, ModelVersion
from recommendations.serving import service
from recommendations.serving.rails import product_rails
from recommendations.serving.results import Recommendations
from tests.shop import Shop, open_trained_shop

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


def test_a_product_pages_lists_are_the_single_ones(shop: Shop) -> None:
    now, product = timezone.now(), shop.products["garden"][0]
    bought, like, _ = product_rails(product, now=now, together=4, similar=6)
    assert bought.items
    assert places(bought) == places(service.bought_together(product, now=now, limit=4))
    assert places(like) == places(service.similar_to(product, now=now, limit=20), besides=bought)[:6]
    assert like.strategy == service.similar_to(product, now=now).strategy


def test_without_a_model_they_stand(shop: Shop) -> None:
    ModelVersion.objects.update(is_live=False)
    now, product = timezone.now(), shop.products["garden"][0]
    bought, like, _ = product_rails(product, now=now, together=4, similar=6)
    assert bought.items
    assert places(like) == places(service.similar_to(product, now=now), besides=bought)[:6]
