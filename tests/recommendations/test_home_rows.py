"""The rows of the home page: what is in each, in which order, and nothing twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Product, weighted_rating
from feedback.models import Event, Shopper
from recommendations.home import Home, home_page, rail, whole_home
from recommendations.models import MerchandisingRule, ModelVersion
from recommendations.serving import service
from recommendations.serving.home_rows import KEYS
from tests.factories import make_event, make_product, make_rating, make_shopper
from tests.shop import Shop, open_shop, open_trained_shop

pytestmark = pytest.mark.django_db
Kind = Event.Kind


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def shop() -> Shop:
    return open_trained_shop()


def again(shopper: Shopper) -> Shopper:
    return Shopper.objects.get(pk=shopper.pk)


def skus(home: Home) -> dict[str, list[str]]:
    return {rail.key: [item.product.sku for item in rail.items] for rail in home.rails}


def reasons(home: Home, key: str) -> list[str]:
    return [item.reason.text for rail in home.rails if rail.key == key for item in rail.items]


def more_products(count: int, **fields: Any) -> None:
    """Enough of them that no rail has to go without for want of products."""
    for number in range(count):
        make_product(sku=f"extra-{number}", **fields)


def test_every_rail_in_its_order_and_no_product_in_two(shop: Shop, now: datetime) -> None:
    ann = make_shopper()
    more_products(20)
    more_products_rated(shop, now)
    make_event(ann, shop.products["kitchen"][3], Kind.VIEW, now=now)
    make_rating(ann, shop.products["garden"][0], 5, now=now)
    home = whole_home(again(ann), now=now)
    shown = skus(home)
    assert list(shown) == [key for key in KEYS if key in shown]
    assert {"for-you", "because", "trending", "new"} <= set(shown)
    everything = [sku for rail in shown.values() for sku in rail]
    assert len(everything) == len(set(everything))
    assert all(shown.values())


def more_products_rated(shop: Shop, now: datetime) -> None:
    """More of the garden, which the live model has not learned."""
    fan = make_shopper()
    for number in range(14):
        product = make_product(sku=f"fresh-{number}", category=shop.garden)
        make_rating(fan, product, 5, now=now)


def test_each_address_answers_what_the_whole_page_shows(shop: Shop, now: datetime) -> None:
    shopper = again(shop.gardener)
    more_products(20)
    whole = {rail.key: rail for rail in whole_home(shopper, now=now).rails}
    for key in KEYS:
        for _ in ("kept", "worked out anew"):
            found = rail(key, shopper, now=now)
            assert (found and [item.product.pk for item in found.items]) == (
                [item.product.pk for item in whole[key].items] if key in whole else None
            )
            assert (found and [item.reason.text for item in found.items]) == (
                [item.reason.text for item in whole[key].items] if key in whole else None
            )
            cache.clear()


def test_the_page_knows_which_rails_will_come(shop: Shop, now: datetime) -> None:
    shopper = again(shop.gardener)
    more_products(30)
    more_products_rated(shop, now)
    home = home_page(shopper, now=now)
    whole = [rail.key for rail in whole_home(shopper, now=now).rails]
    assert [rail.key for rail in home.rails] == ["for-you"]
    assert ["for-you", *home.later] == whole
    assert [rail.key for rail in home_page(None, now=now).rails] == ["trending"]
    everybodys = [rail.key for rail in whole_home(None, now=now).rails]
    assert ["trending", *home_page(None, now=now).later] == everybodys


def test_for_you_is_the_beginning_of_the_shoppers_list(shop: Shop, now: datetime) -> None:
    MerchandisingRule.objects.create(name="First", action="pin", product=shop.products["kitchen"][2])
    own = service.recommend_for(again(shop.gardener), now=now, limit=12)
    found = rail("for-you", again(shop.gardener), now=now)
    assert found is not None
    assert [(item.product, item.reason) for item in found.items] == [
        (item.product, item.reason) for item in own.items
    ]


def test_because_names_what_was_liked_last(shop: Shop, now: datetime) -> None:
    ann = make_shopper()
    make_rating(ann, shop.products["kitchen"][0], 5, now=now - timedelta(hours=2))
    make_event(ann, shop.products["garden"][4], Kind.PURCHASE, now=now - timedelta(hours=1))
    make_rating(ann, shop.products["kitchen"][1], 2, now=now)
    home = whole_home(again(ann), now=now)
    because = next((rail for rail in home.rails if rail.key == "because"), None)
    assert because is None or because.title == "Because you bought Garden thing 4"
    own = {item.product.pk for rail in home.rails if rail.key == "for-you" for item in rail.items}
    like = [
        item.product.pk for item in service.similar_to(shop.products["garden"][4], now=now, limit=40).items
    ]
    settled = {shop.products["kitchen"][0].pk, shop.products["kitchen"][1].pk}
    left = [pk for pk in like if pk not in own | settled][:12]
    assert (because is None) == (not left)
    if because is not None:
        assert [item.product.pk for item in because.items] == left


def test_continue_holds_what_was_opened_and_neither_bought_nor_settled(now: datetime) -> None:
    seen, bought, rated, wished, dismissed = (make_product(sku=name) for name in
        ("seen", "bought", "rated", "wished", "dismissed"))  # fmt: skip
    ann = make_shopper()
    for hours, product in enumerate((seen, bought, rated, dismissed), start=2):
        make_event(ann, product, Kind.VIEW, now=now - timedelta(hours=hours))
    make_event(ann, wished, Kind.WISHLIST, now=now - timedelta(hours=1))
    make_event(ann, bought, Kind.PURCHASE, now=now)
    make_event(ann, dismissed, Kind.DISMISS, now=now)
    make_rating(ann, rated, 4, now=now)
    make_event(make_shopper(), seen, Kind.PURCHASE, now=now)
    fan = make_shopper()
    make_rating(fan, rated, 4, now=now)
    from tests.factories import make_live_model

    make_live_model("ease", now=now)
    Product.objects.filter(pk=rated.pk).update(stock=5)
    found = rail("continue", again(ann), now=now)
    mine = rail("for-you", again(ann), now=now)
    in_for_you = {item.product.sku for item in mine.items} if mine else set()
    shown = [item.product.sku for item in found.items] if found else []
    assert shown == [sku for sku in ("wished", "seen") if sku not in in_for_you]
    words = {item.product.sku: item.reason.text for item in found.items} if found else {}
    expected = {"wished": "It is on your wishlist", "seen": "You looked at it"}
    assert words == {sku: expected[sku] for sku in shown}


def test_what_was_turned_down_is_on_no_rail(shop: Shop, now: datetime) -> None:
    ann, product = make_shopper(), make_product(sku="turned-down")
    make_rating(ann, shop.products["garden"][0], 5, now=now)
    assert "turned-down" in str(skus(whole_home(again(ann), now=now)))
    make_event(ann, product, Kind.DISMISS, now=now)
    assert "turned-down" not in str(skus(whole_home(again(ann), now=now)))


def test_top_of_the_department_the_history_leans_to(shop: Shop, now: datetime) -> None:
    ann, fan = make_shopper(), make_shopper()
    for number in range(16):
        product = make_product(sku=f"bed-{number}", category=shop.garden)
        make_rating(fan, product, 5 if number else 1, now=now - timedelta(days=60))
    make_rating(ann, shop.products["garden"][0], 5, now=now)
    make_rating(ann, shop.products["garden"][1], 5, now=now)
    make_rating(ann, shop.products["kitchen"][1], 4, now=now)
    top = rail("department", again(ann), now=now)
    assert top is not None
    assert top.title == "Top rated in Garden"
    assert {item.product.category for item in top.items} == {shop.garden}
    best = [weighted_rating(item.product.rating_count, item.product.rating_total) for item in top.items]
    assert best == sorted(best, reverse=True)
    assert top.items[0].reason.text.startswith("Rated ")


@pytest.mark.parametrize("lately", [0, 2])
def test_in_a_quiet_time_the_model_says_what_is_popular(shop: Shop, now: datetime, lately: int) -> None:
    """As in a shop that has imported the purchases of years ago: two clicks of today are no trend."""
    Event.objects.all().delete()
    Shopper.objects.filter(external_id__contains="-fan-").delete()
    Product.objects.update(rating_count=0, rating_total=0)
    for product in shop.products["garden"][:lately]:
        make_event(make_shopper(), product, Kind.CLICK, now=now)
    cache.clear()
    popular = next(rail for rail in whole_home(None, now=now).rails if rail.key == "trending")
    assert (popular.title, popular.words) == ("Popular here", "What our shoppers like most")
    assert len(popular.items) == 12
    assert {item.reason.text for item in popular.items} <= {
        "Popular in Garden with shoppers here", "Popular in Kitchen with shoppers here",
    }  # fmt: skip


def test_what_is_merely_described_alike_is_not_said_to_be_liked_alike(shop: Shop, now: datetime) -> None:
    """A product the model has not learned is compared by its texts, and the row says so."""
    ann, new = make_shopper(), make_product("Garden thing new", category=shop.garden)
    make_rating(ann, new, 5, now=now)
    row = next(rail for rail in whole_home(again(ann), now=now).rails if rail.key == "because")
    assert (row.title, row.words) == ("Because you rated Garden thing new 5 stars", "Described alike")
    assert {item.reason.text for item in row.items} == {"Described like Garden thing new"}


def test_trending_tells_the_place_in_the_department(shop: Shop, now: datetime) -> None:
    Event.objects.all().delete()
    Shopper.objects.filter(external_id__contains="-fan-").delete()
    first, second, other = shop.products["garden"][0], shop.products["garden"][1], shop.products["kitchen"][0]
    for product, times in ((first, 3), (other, 2), (second, 1)):
        for _ in range(times):
            make_event(make_shopper(), product, Kind.PURCHASE, now=now)
    cache.clear()
    home = whole_home(None, now=now)
    assert reasons(home, "trending") == [
        "Number 1 in Garden over the last 4 weeks",
        "Number 1 in Kitchen over the last 4 weeks",
        "Number 2 in Garden over the last 4 weeks",
    ]
    long_ago = now - timedelta(weeks=4, hours=1)
    make_event(make_shopper(), shop.products["garden"][2], Kind.PURCHASE, now=long_ago)
    cache.clear()
    assert len(reasons(whole_home(None, now=now), "trending")) == 3


def test_an_untrained_shop_has_what_everybody_gets() -> None:
    shop, now = open_shop(), timezone.now()
    found = skus(whole_home(again(shop.cook), now=now))
    assert "trending" in found
    assert "for-you" not in found


def test_without_a_live_model_or_consent_nothing_is_personal(shop: Shop, now: datetime) -> None:
    Shopper.objects.filter(pk=shop.gardener.pk).update(consent=False)
    personal = {"for-you", "because", "continue", "department"}
    assert not personal & set(skus(whole_home(again(shop.gardener), now=now)))
    ModelVersion.objects.update(is_live=False)
    assert "for-you" not in skus(whole_home(again(shop.cook), now=now))


def test_what_was_sold_out_or_hidden_since_is_left_out_at_once(shop: Shop, now: datetime) -> None:
    before = skus(whole_home(None, now=now))["new"]
    Product.objects.filter(sku=before[0]).update(stock=0)
    Product.objects.filter(sku=before[1]).update(is_active=False)
    assert skus(whole_home(None, now=now))["new"] == before[2:]


def test_a_rule_counts_at_once(shop: Shop, now: datetime) -> None:
    gone = skus(whole_home(None, now=now))["trending"][0]
    MerchandisingRule.objects.create(name="No", action="drop", product=Product.objects.get(sku=gone))
    assert gone not in {sku for shown in skus(whole_home(None, now=now)).values() for sku in shown}


def test_the_work_is_done_once_for_all_rails(shop: Shop, now: datetime) -> None:
    shopper = again(shop.gardener)
    rail("new", shopper, now=now)
    with CaptureQueriesContext(connection, ) as asked:  # fmt: skip
        rail("trending", shopper, now=now)
    # The shop's state, products.
    assert len(asked) == 2
