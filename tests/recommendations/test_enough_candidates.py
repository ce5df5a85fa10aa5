"""A page of a list is made of no more candidates than it takes, and is the same as of all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Product
from feedback.models import Shopper
from recommendations.conf import conf
from recommendations.engine.finding import top_of
from recommendations.merchandising import Rules
from recommendations.models import MerchandisingRule
from recommendations.serving import service
from recommendations.serving.batch import listed_for_many
from recommendations.serving.listed import listed_for
from recommendations.serving.results import Filters, Sort
from recommendations.serving.service import Asked, enough_for
from recommendations.serving.snapshot import current
from tests.factories import NOW, make_product
from tests.shops import Shop, make_shop, publish_model

pytestmark = pytest.mark.django_db
ALL = 60


@pytest.fixture
def shop(settings: Any) -> Shop:
    """110 products of which lists of 50 are made; some are tried on everybody."""
    settings.RECOMMENDATIONS = {
        **settings.RECOMMENDATIONS, "candidates": ALL, "list_length": 50, "varied_places": 6,
        "exploration_share": 0.1, "little_seen": 4.0,
    }  # fmt: skip
    made = make_shop(products=55)
    publish_model("svd")
    return made


def asked_for(shop: Shop, asked: Asked) -> list[Any]:
    shoppers = Shopper.objects.filter(pk__in=[each.pk for each in (*shop.gardeners[:4], *shop.cooks[:4])])
    return [listed_for(each, asked, now=NOW, snapshot=current()) for each in shoppers]


def looked_for(shop: Shop, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """How many products the model was asked for."""
    counts: set[int] = set()

    def counted(model: Any, history: Any, k: int, **others: Any) -> Any:
        counts.add(k)
        return top_of(model, history, k, **others)

    with monkeypatch.context() as patch:
        patch.setattr("recommendations.serving.candidates.top_of", counted)
        asked_for(shop, asked)
    return counts


@pytest.mark.parametrize("limit", [1, 5, 20, 50])
@pytest.mark.parametrize("offset", [0, 7, 45])
def test_a_page_is_the_same_as_cut_from_the_whole(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, limit: int, offset: int
) -> None:
    asked = Asked(limit=limit, offset=offset)
    some = asked_for(shop, asked)
    monkeypatch.setattr(service, "enough_for", lambda *_: None)
    assert some == asked_for(shop, asked)
    assert {found.total for found in some} == {50}
    assert all(len(found.cards) == min(limit, 50 - offset) for found in some)


def test_pages_of_many_shoppers_are_those_of_each(shop: Shop) -> None:
    shoppers = list(Shopper.objects.filter(pk__in=[each.pk for each in shop.gardeners]))
    asked = Asked(limit=8)
    alone = [listed_for(each, asked, now=NOW, snapshot=current()) for each in shoppers]
    assert listed_for_many(shoppers, asked, now=NOW, snapshot=current()) == alone


def test_what_is_left_out_makes_room_for_what_comes_after_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked_for(shop, Asked(limit=6))[0].cards
    without = Filters(exclude=frozenset(card.pk for card in first))
    some = asked_for(shop, Asked(without, limit=9))
    assert all(len(found.cards) == 9 for found in some)
    monkeypatch.setattr(service, "enough_for", lambda *_: None)
    assert some == asked_for(shop, Asked(without, limit=9))


def test_no_more_are_looked_for_than_a_page_takes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked_for(shop, Asked(limit=3), monkeypatch) == {6}
    assert looked_for(shop, Asked(limit=3, offset=20), monkeypatch) == {23}
    assert looked_for(shop, Asked(limit=50, offset=30), monkeypatch) == {ALL}


def test_all_are_looked_for_where_another_order_or_a_rule_may_bring_any_to_the_top(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for asked in (Asked(sort=Sort.PRICE_UP, limit=3), Asked(Filters(max_price=Decimal(90)), limit=3)):
        assert looked_for(shop, asked, monkeypatch) == {ALL}
    rule = MerchandisingRule.objects.create(name="up", action="boost", brand="Rakeco", strength=0.5)
    assert looked_for(shop, Asked(limit=3), monkeypatch) == {ALL}
    assert enough_for(Asked(), Rules((rule,)), conf()) is None
    assert enough_for(Asked(), Rules(()), conf()) == 20


def test_all_are_looked_for_where_so_many_are_left_out_that_the_list_is_shorter(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked_for(shop, Asked(limit=50))[0].cards
    most = Filters(exclude=frozenset(card.pk for card in first[:20]))
    assert looked_for(shop, Asked(most, limit=3), monkeypatch) == {ALL}
    assert asked_for(shop, Asked(most, limit=3))[0].total < 50


def test_all_are_looked_for_where_newcomers_are_to_be_placed_among_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_product("Rake 900", brand="Rakeco", category=shop.garden_department)
    assert looked_for(shop, Asked(limit=3), monkeypatch) == {ALL}


def test_all_are_looked_for_where_a_list_may_be_shorter(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    Product.objects.exclude(pk__in=[each.pk for each in shop.garden]).update(stock=0)
    assert looked_for(shop, Asked(limit=3), monkeypatch) == {ALL}
    assert {found.total for found in asked_for(shop, Asked(limit=3))} != {50}
