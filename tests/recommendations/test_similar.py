"""similar_to: by the live model, else from the same department."""

import pytest

from catalog.models import Product
from recommendations.models import MerchandisingRule
from recommendations.serving.results import Strategy
from recommendations.serving.service import similar_to
from tests.factories import NOW, make_category, make_product, make_rating, make_shopper
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db


def products_like(product, **asked):
    return [item.product for item in similar_to(product, now=NOW, **asked).items]


@pytest.mark.parametrize("algorithm", ["svd", "item_knn", "ease"])
def test_products_that_the_same_shoppers_like_are_similar(algorithm):
    shop = make_shop()
    version = publish_model(algorithm)
    for product in (shop.garden[0], shop.kitchen[5]):
        found = similar_to(product, now=NOW, limit=5)
        assert (found.strategy, found.model_version) == (Strategy.SIMILAR, version.pk)
        assert {shop.name(item.product) for item in found.items} == {shop.name(product)}
        assert product not in [item.product for item in found.items]
        scores = [item.score for item in found.items]
        assert scores == sorted(scores, reverse=True) and scores[-1] > 0
        assert {(item.reason.text, item.reason.product) for item in found.items} == {
            ("Liked by the same shoppers", product)
        }


def test_what_is_invisible_or_sold_out_is_not_shown():
    shop = make_shop()
    publish_model("item_knn")
    hidden, sold_out, *rest = products_like(shop.garden[0], limit=99)
    Product.objects.filter(pk=hidden.pk).update(is_active=False)
    Product.objects.filter(pk=sold_out.pk).update(stock=0)
    assert products_like(shop.garden[0], limit=99) == rest


def test_the_best_are_shown_and_all_are_counted():
    shop = make_shop()
    publish_model("item_knn")
    everything = products_like(shop.garden[0], limit=99)
    found = similar_to(shop.garden[0], now=NOW, limit=3)
    assert [item.product for item in found.items] == everything[:3]
    assert found.total == len(everything)


def test_without_a_model_the_department_is_shown_best_rated_first():
    department = make_category()
    aisle, other = make_category(parent=department), make_category()
    ann = make_shopper()
    good, bad, elsewhere = (make_product(category=each) for each in (aisle, department, other))
    for product, stars in ((good, 5), (bad, 1), (elsewhere, 5)):
        make_rating(ann, product, stars)
    found = similar_to(make_product(category=aisle), now=NOW)
    assert found.strategy == Strategy.SAME_CATEGORY
    assert [item.product for item in found.items] == [good, bad]
    assert {item.reason.text for item in found.items} == {"From the same department"}


@pytest.mark.parametrize("reason", ["unknown to the model", "a model that finds nothing similar"])
def test_what_the_model_finds_nothing_like_is_compared_by_what_is_said_of_it(reason):
    garden, kitchen = make_category("Garden"), make_category("Kitchen")
    rake, pot = make_product("Long rake", category=garden), make_product("Copper pot", category=kitchen)
    for product in (rake, pot):
        make_rating(make_shopper(), product, 4)
    if reason == "unknown to the model":
        publish_model("item_knn")
    asked = make_product("Short rake", category=garden)
    if reason == "a model that finds nothing similar":
        publish_model("popularity")
    found = similar_to(asked, now=NOW)
    assert found.strategy == Strategy.DESCRIBED_ALIKE
    assert found.items[0].product == rake


def test_sold_out_shelf_mates_do_not_take_the_place_of_others(settings):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "candidates": 2}
    department, ann = make_category(), make_shopper()
    asked, there = make_product(category=department), make_product(category=department)
    for _ in range(2):
        make_rating(ann, make_product(category=department, stock=0), 5)
    assert products_like(asked) == [there]


def test_a_product_of_no_category_has_nothing_similar():
    make_product()
    found = similar_to(make_product(), now=NOW)
    assert (found.items, found.total) == ((), 0)


def test_pins_have_no_business_in_similar_products_and_drops_have():
    shop = make_shop()
    publish_model("item_knn")
    first, second, *_ = products_like(shop.garden[0])
    MerchandisingRule.objects.create(name="pin", action="pin", product=shop.kitchen[0])
    MerchandisingRule.objects.create(name="drop", action="drop", product=first)
    assert products_like(shop.garden[0])[0] == second
    assert shop.kitchen[0] not in products_like(shop.garden[0], limit=99)
