"""A share of each personal list goes to products few have met."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from catalog.models import Product
from feedback.models import Shopper
from recommendations.conf import conf
from recommendations.home import home_page
from recommendations.models import MerchandisingRule
from recommendations.serving.exploration import chance, slots
from recommendations.serving.results import Filters, Sort
from recommendations.serving.service import recommend_for
from tests.api import ROOT
from tests.factories import NOW, make_product, make_rating
from tests.shops import Shop, make_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings) -> Shop:
    """Newcomers come in by exploring alone: their own place is beyond every list's end."""
    set_share(settings, 0.05)
    made = make_shop(products=30)
    publish_model("item_knn")
    return made


def set_share(settings, share: float, **others) -> None:
    settings.RECOMMENDATIONS = {
        **settings.RECOMMENDATIONS, "exploration_share": share, "newcomer_pace": 1000, "little_seen": 0.5,
        "candidates": 48, **others,
    }  # fmt: skip


def new_rakes(shop: Shop, count: int = 3, **fields) -> list[Product]:
    fields = {"brand": "Rakeco", "price": "15.00", "created_at": NOW} | fields
    return [make_product(f"Rake {100 + n}", category=shop.garden_department, **fields) for n in range(count)]


def list_of(shopper: Shopper, *, now=NOW, limit=40, **asked):
    return recommend_for(Shopper.objects.get(pk=shopper.pk), now=now, limit=limit, **asked).items


def explored(items) -> list[int]:
    return [place for place, item in enumerate(items) if item.explored]


def test_one_place_in_twenty_is_given_to_a_new_product_never_in_the_upper_half(shop):
    new = {each.pk for each in new_rakes(shop)}
    for gardener in shop.gardeners:
        items = list_of(gardener)
        places = explored(items)
        assert len(places) == 2
        assert 10 <= places[0] < 20 and 30 <= places[1] < 40
        assert {items[place].product.pk for place in places} <= new


def test_it_says_so_and_why(shop):
    new_rakes(shop)
    item = next(item for item in list_of(shop.gardeners[0]) if item.explored)
    assert item.reason.text.startswith("New in the shop, like Rake ")
    assert "which you rated" in item.reason.text
    assert item.reason.product is not None


def test_the_api_marks_what_is_explored(shop, settings, client: Client):
    settings.SHOPRECO_OPEN_API = True
    new = {each.sku for each in new_rakes(shop)}
    path = f"{ROOT}/shoppers/{shop.gardeners[0].external_id}/recommendations?limit=20"
    items = client.get(path).json()["items"]
    marked = [item["sku"] for item in items if item["explored"]]
    assert len(marked) == 1 and set(marked) <= new
    assert all(isinstance(item["explored"], bool) for item in items)


def test_the_rest_of_the_list_keeps_its_order(shop, settings):
    set_share(settings, 0.0)
    before = [item.product.pk for item in list_of(shop.gardeners[0])]
    set_share(settings, 0.05)
    new_rakes(shop)
    after = [item.product.pk for item in list_of(shop.gardeners[0]) if not item.explored]
    assert after == before[: len(after)]


def test_a_share_of_0_switches_it_off(shop, settings):
    set_share(settings, 0.0)
    new_rakes(shop)
    for gardener in shop.gardeners:
        assert explored(list_of(gardener)) == []


def test_the_same_shopper_sees_the_same_all_day_and_others_see_others(shop):
    new_rakes(shop, 6)

    def tried(shopper, **asked):
        return [item.product.pk for item in list_of(shopper, limit=20, **asked) if item.explored]

    for gardener in shop.gardeners[:3]:
        assert tried(gardener) == tried(gardener) == tried(gardener, now=NOW + timedelta(hours=11))
    assert len({tuple(tried(gardener)) for gardener in shop.gardeners}) > 1
    days = [tuple(tried(shop.gardeners[0], now=NOW + timedelta(days=day))) for day in range(8)]
    assert len(set(days)) > 1


def test_pages_of_one_list_fit_together(shop):
    new_rakes(shop)
    whole = [item.product.pk for item in list_of(shop.gardeners[0])]
    pages = []
    for offset in (0, 20):
        pages += [item.product.pk for item in list_of(shop.gardeners[0], limit=20, offset=offset)]
    assert pages == whole
    assert len(set(whole)) == len(whole)


def test_what_does_not_suit_the_shopper_is_not_tried_on_them(shop):
    pan = make_product(
        "Pan 100", brand="Panco", price="9999.00", category=shop.kitchen_department, created_at=NOW
    )
    seen = [item.product for gardener in shop.gardeners for item in list_of(gardener) if item.explored]
    assert pan not in seen
    assert any(pan == item.product for cook in shop.cooks for item in list_of(cook) if item.explored)


def test_the_newer_is_tried_more_often(shop):
    (new,) = new_rakes(shop, 1)
    old = Product.objects.create(
        sku="OLD", title=new.title, brand=new.brand, category=new.category, price=new.price, stock=5,
        created_at=NOW - timedelta(days=90),
    )  # fmt: skip
    counted: Counter[int] = Counter()
    for day in range(6):
        for gardener in shop.gardeners:
            items = list_of(gardener, now=NOW + timedelta(days=day), limit=20)
            counted.update(item.product.pk for item in items if item.explored)
    assert counted[new.pk] > 5 * counted[old.pk]


def test_how_many_impressions_a_new_product_gets(shop, settings):
    """Of 15 shoppers whose taste it suits, on one day, in the first 20 places: all that there are."""
    (new,) = new_rakes(shop, 1)

    def impressions() -> int:
        return sum(item.product == new for gardener in shop.gardeners for item in list_of(gardener, limit=20))

    assert impressions() == len(shop.gardeners)
    set_share(settings, 0.0)
    assert impressions() == 0


def test_several_new_products_share_the_places(shop):
    new = {each.pk for each in new_rakes(shop, 5)}
    counted = Counter(
        item.product.pk
        for gardener in shop.gardeners
        for item in list_of(gardener, limit=20)
        if item.explored
    )
    assert sum(counted.values()) == len(shop.gardeners)
    assert set(counted) <= new and len(counted) >= 3


@pytest.mark.parametrize("what", ["sold out", "hidden", "dropped", "rated", "filtered"])
def test_rules_stock_and_what_is_settled_hold(shop, what):
    (new,) = new_rakes(shop, 1)
    asked = {}
    if what == "sold out":
        Product.objects.filter(pk=new.pk).update(stock=0)
    elif what == "hidden":
        Product.objects.filter(pk=new.pk).update(is_active=False)
    elif what == "dropped":
        MerchandisingRule.objects.create(name="drop", action="drop", product=new)
    elif what == "rated":
        make_rating(shop.gardeners[0], new, 3)
    else:
        asked["filters"] = Filters(exclude=frozenset({new.pk}))
    assert new not in [item.product for item in list_of(shop.gardeners[0], **asked)]


def test_pins_stay_where_the_merchandiser_put_them(shop):
    new_rakes(shop)
    MerchandisingRule.objects.create(name="pin", action="pin", product=shop.kitchen[0])
    items = list_of(shop.gardeners[0])
    assert items[0].product == shop.kitchen[0] and not items[0].explored
    assert explored(items)


def test_in_another_order_the_explored_ones_are_still_marked(shop):
    new_rakes(shop)
    items = list_of(shop.gardeners[0], sort=Sort.PRICE_UP)
    prices = [item.product.price for item in items]
    assert prices == sorted(prices)
    assert len(explored(items)) == 2


def test_nothing_is_tried_on_a_visitor_or_without_consent(shop):
    new_rakes(shop)
    assert explored(recommend_for(None, now=NOW, limit=40).items) == []
    Shopper.objects.filter(pk=shop.gardeners[0].pk).update(consent=False)
    assert explored(list_of(shop.gardeners[0])) == []


def test_a_product_the_model_knows_but_few_have_met_is_tried_too(settings):
    set_share(settings, 0.05)
    shop = make_shop(products=30)
    (quiet,) = new_rakes(shop, 1)
    publish_model("item_knn")
    marked = [item for gardener in shop.gardeners for item in list_of(gardener, limit=20) if item.explored]
    assert marked and {item.product for item in marked} == {quiet}
    assert all(item.reason.text.startswith("Few have met it yet, like Rake") for item in marked)


def test_the_place_and_the_chance_hang_on_shopper_day_and_number_alone(settings):
    set_share(settings, 0.1)
    for shopper in range(30):
        found = slots(conf(), 40, shopper_id=shopper, now=NOW)
        assert found == slots(conf(), 40, shopper_id=shopper, now=NOW + timedelta(minutes=5))
        assert [slot // 10 for slot in found] == [0, 1, 2, 3]
        assert all(slot % 10 >= 5 for slot in found)
        assert slots(conf(), 25, shopper_id=shopper, now=NOW) == [slot for slot in found if slot < 25]
    assert len({chance(1, NOW, n) for n in range(1000)}) == 1000
    assert all(0 < chance(s, NOW, n) < 1 for s in range(20) for n in range(20))


@pytest.mark.parametrize(
    "values",
    [
        {"exploration_share": -0.1}, {"exploration_share": 0.6}, {"newcomer_pace": 0},
        {"exploration_half_life": timedelta(0)},
    ],
)  # fmt: skip
def test_settings_without_sense_are_refused(settings, values):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, **values}
    with pytest.raises(ImproperlyConfigured):
        conf()


def test_the_home_page_says_so_too(shop):
    """Its row ends at twelve places: those see it whose place to try is the eleventh or twelfth."""
    new = {each.pk for each in new_rakes(shop, 6)}
    found = [
        item
        for day in range(3)
        for gardener in shop.gardeners
        for rail in home_page(Shopper.objects.get(pk=gardener.pk), now=NOW + timedelta(days=day)).rails
        if rail.key == "for-you"
        for item in rail.items
        if item.product.pk in new
    ]
    assert found
    assert all(item.explored and item.reason.text.startswith("New in the shop, like Rake") for item in found)
