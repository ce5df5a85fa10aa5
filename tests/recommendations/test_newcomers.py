"""Products created since the last training: in lists, in similar products and explained, at once."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Category, Product
from feedback.models import Shopper
from recommendations.conf import conf
from recommendations.models import MerchandisingRule
from recommendations.serving import newcomers
from recommendations.serving.newcomers import newcomers_of
from recommendations.serving.results import Filters, Strategy
from recommendations.serving.service import recommend_for, similar_to
from recommendations.serving.snapshot import current
from tests.factories import NOW, make_product, make_rating
from tests.shops import Shop, make_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings) -> Shop:
    """No exploring and no mixing: what is new has to come in by what is said of it."""
    plain = {"exploration_share": 0.0, "diversity": 0.0, "department_cap": 0}
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, **plain}
    made = make_shop(products=30)
    publish_model("item_knn")
    return made


def new_rake(shop: Shop, **fields) -> Product:
    fields = {"brand": "Rakeco", "price": "15.00", "category": shop.garden_department} | fields
    return make_product("Rake of the year", **fields)


def new_pan(shop: Shop) -> Product:
    return make_product("Pan", brand="Panco", price="15.00", category=shop.kitchen_department)


def place_of(product: Product, shopper: Shopper, **asked) -> int | None:
    """Place in the list from 0; None when it is not in it."""
    found = recommend_for(Shopper.objects.get(pk=shopper.pk), now=NOW, limit=100, **asked).items
    return next((place for place, item in enumerate(found) if item.product == product), None)


@pytest.mark.parametrize("algorithm", ["item_knn", "ease", "svd"])
def test_a_new_product_is_in_the_lists_of_those_who_like_its_kind(settings, algorithm):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "exploration_share": 0.0}
    shop = make_shop(products=30)
    publish_model(algorithm)
    rake = new_rake(shop)
    for gardener in shop.gardeners[:5]:
        assert place_of(rake, gardener) is not None
    gardener, cook = shop.gardeners[0], shop.cooks[0]
    found = place_of(rake, gardener)
    assert found is not None
    other = place_of(rake, cook)
    assert other is None or other > found


def test_what_the_model_has_learned_stays_ahead(shop):
    rake, pace = new_rake(shop), conf().newcomer_pace
    for gardener in shop.gardeners:
        place = place_of(rake, gardener)
        assert place is not None and place >= pace - 1


def test_many_new_products_do_not_flood_a_list(shop):
    rakes = {new_rake(shop).pk for _ in range(25)}
    found = recommend_for(shop.gardeners[0], now=NOW, limit=100).items
    new = [place for place, item in enumerate(found) if item.product.pk in rakes]
    assert len(new) > 1
    first_fifty = [place for place in new if place < 33]
    assert len(first_fifty) <= 33 // conf().newcomer_pace


def test_the_order_of_what_is_learned_stays_and_scores_fall(shop):
    before = [item.product.pk for item in recommend_for(shop.gardeners[1], now=NOW, limit=100).items]
    rake = new_rake(shop)
    found = recommend_for(shop.gardeners[1], now=NOW, limit=100).items
    assert [item.product.pk for item in found if item.product != rake] == before
    scores = [item.score for item in found]
    assert scores == sorted(scores, reverse=True)


def test_the_reason_names_what_it_is_like_and_what_was_done_with_that(shop):
    rake, gardener = new_rake(shop), shop.gardeners[0]
    found = recommend_for(gardener, now=NOW, limit=100)
    item = next(item for item in found.items if item.product == rake)
    own = dict(gardener.ratings.values_list("product_id", "value"))
    assert item.reason.product is not None and item.reason.share is not None
    stars = own[item.reason.product.pk]
    assert item.reason.text == (
        f"New in the shop, like {item.reason.product.title}, which you rated {stars} stars"
    )
    assert stars >= 4 and 0 < item.reason.share <= 1
    assert item.predicted_rating is None and not item.explored


def test_a_product_that_is_shown_again_is_new_to_a_model_that_was_trained_without_it(settings):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "exploration_share": 0.0}
    shop = make_shop(products=30)
    draft = new_rake(shop, is_active=False, created_at=NOW - timedelta(days=400))
    publish_model("item_knn")
    assert place_of(draft, shop.gardeners[0]) is None
    Product.objects.filter(pk=draft.pk).update(is_active=True)
    assert place_of(draft, shop.gardeners[0]) is not None


def test_a_cached_list_does_not_hide_what_came_after_it(shop):
    gardener = shop.gardeners[0]
    recommend_for(gardener, now=NOW)
    rake = new_rake(shop)
    assert place_of(rake, gardener) is not None
    rake.delete()
    assert place_of(rake, gardener) is None


def test_a_new_product_that_was_rated_is_not_recommended_and_speaks_for_its_like(shop):
    rated, other = new_rake(shop), new_rake(shop)
    gardener = shop.gardeners[0]
    before = place_of(other, gardener)
    make_rating(gardener, rated, 5)
    assert place_of(rated, gardener) is None
    after = place_of(other, gardener)
    assert before is not None and after is not None and after <= before


def test_stock_filters_and_rules_hold_for_new_products(shop):
    rake, gardener = new_rake(shop), shop.gardeners[0]
    assert place_of(rake, gardener, filters=Filters(category=shop.garden_department)) is not None
    assert place_of(rake, gardener, filters=Filters(category=shop.kitchen_department)) is None
    assert place_of(rake, gardener, filters=Filters(min_predicted=1.0)) is None
    rule = MerchandisingRule.objects.create(name="drop", action="drop", product=rake)
    assert place_of(rake, gardener) is None
    rule.delete()
    Product.objects.filter(pk=rake.pk).update(stock=0)
    assert place_of(rake, gardener) is None


def test_a_shopper_without_history_gets_the_list_everybody_gets(shop):
    rake = new_rake(shop)
    found = recommend_for(None, now=NOW, limit=100)
    assert found.strategy == Strategy.POPULAR
    assert rake not in [item.product for item in found.items]


def test_products_similar_to_a_new_one_are_found_by_their_texts(shop):
    rake = new_rake(shop)
    found = similar_to(rake, now=NOW, limit=10)
    assert found.strategy == Strategy.DESCRIBED_ALIKE
    assert found.model_version is not None
    assert {shop.name(item.product) for item in found.items} == {"garden"}
    assert {item.reason.text for item in found.items} == {"Described alike"}
    assert rake not in [item.product for item in found.items]


def test_new_products_are_similar_to_each_other(shop):
    rake, twin = new_rake(shop), new_rake(shop)
    items = similar_to(rake, now=NOW, limit=40).items
    (like,) = [item for item in items if item.product == twin]
    assert like.score == items[0].score


def test_of_a_model_without_texts_the_department_is_shown(shop):
    model = current().model
    assert model is not None
    object.__setattr__(model.bundle, "content", None)
    assert newcomers_of(current(), conf()) is None
    found = similar_to(new_rake(shop), now=NOW)
    assert found.strategy == Strategy.SAME_CATEGORY
    assert place_of(new_rake(shop), shop.gardeners[0]) is None


def test_the_texts_of_new_products_are_read_once_and_again_when_there_are_others(shop):
    def queries() -> int:
        snapshot = current()
        with CaptureQueriesContext(connection) as captured:
            newcomers_of(snapshot, conf())
        return len(captured)

    new_rake(shop)
    assert [queries(), queries(), queries()] == [1, 0, 0]
    Product.objects.filter(pk=shop.garden[0].pk).update(price="11.50")
    assert queries() == 0, "another price of what is known is no newcomer"
    new_pan(shop)
    assert [queries(), queries()] == [1, 0]


def said(product: Product) -> list[tuple[int, float]]:
    """What the texts of all products are like that of this one, by id."""
    found = newcomers_of(current(), conf())
    assert found is not None
    return sorted(newcomers.similar_to_newcomer(product.pk, found, most=100).items())


CHANGES = {
    "title": lambda shop, pan: Product.objects.filter(pk=pan.pk).update(title="Rake of the year"),
    "brand": lambda shop, pan: Product.objects.filter(pk=pan.pk).update(brand="Rakeco"),
    "category": lambda shop, pan: Product.objects.filter(pk=pan.pk).update(category=shop.garden_department),
    "price": lambda shop, pan: Product.objects.filter(pk=pan.pk).update(price="950.00"),
    "its category's name": lambda shop, pan: Category.objects.filter(
        pk=shop.kitchen_department.pk
    ).update(name="Cellar"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_said_anew_of_a_new_product_counts_at_once(shop, what):
    pan, other = new_pan(shop), new_rake(shop)
    before, others = said(pan), said(other)
    CHANGES[what](shop, pan)
    after, others_after = said(pan), said(other)
    assert after != before
    newcomers._read.clear()
    assert (said(pan), said(other)) == (after, others_after), "a process that starts now says the same"
    Product.objects.filter(pk=pan.pk).update(
        title="Pan", brand="Panco", category=shop.kitchen_department, price="15.00"
    )
    Category.objects.filter(pk=shop.kitchen_department.pk).update(name="Kitchen")
    assert (said(pan), said(other)) == (before, others)


def test_a_new_product_that_is_called_something_else_is_recommended_to_others(shop):
    pan, gardener = new_pan(shop), shop.gardeners[0]
    before = place_of(pan, gardener)
    Product.objects.filter(pk=pan.pk).update(
        title="Rake of the year", brand="Rakeco", category=shop.garden_department
    )
    after = place_of(pan, gardener)
    assert after is not None and (before is None or after < before)


@pytest.mark.parametrize("change", [{"sku": "OTHER"}, {"stock": 0}])
def test_a_change_that_is_not_in_the_texts_is_looked_at_and_makes_no_others(shop, change):
    rake = new_rake(shop)
    new_pan(shop)
    found = newcomers_of(current(), conf())
    Product.objects.filter(pk=rake.pk).update(**change)
    snapshot = current()
    with CaptureQueriesContext(connection) as captured:
        after = newcomers_of(snapshot, conf())
        assert newcomers_of(snapshot, conf()) is after
    assert len(captured) == 1
    assert found is not None and after is not None and after is not found
    assert after.content is found.content


def test_a_description_alone_is_read_with_the_next_change_of_its_product(shop):
    Product.objects.filter(pk__in=[product.pk for product in shop.garden[:5]]).update(description="Of oak.")
    publish_model("item_knn")
    pan = new_pan(shop)
    before = said(pan)
    Product.objects.filter(pk=pan.pk).update(description="Of oak.")
    assert said(pan) == before
    Product.objects.filter(pk=pan.pk).update(stock=0)
    after = said(pan)
    assert after != before
    newcomers._read.clear()
    assert said(pan) == after


def test_with_nothing_new_no_text_is_read(shop):
    snapshot = current()
    with CaptureQueriesContext(connection) as captured:
        found = newcomers_of(snapshot, conf())
    assert not captured.captured_queries
    assert found is not None and not len(found.ids) and found.key == ""


def test_of_two_requests_that_come_at_once_one_reads_the_texts(shop, monkeypatch):
    new_rake(shop)
    snapshot, looked = current(), []
    model = snapshot.model
    assert model is not None
    look = newcomers._look

    def counted(*given):
        looked.append(given)
        return look(*given)

    monkeypatch.setattr(newcomers, "_look", counted)
    with newcomers._lock:
        asking = Thread(target=newcomers_of, args=(snapshot, conf()))
        asking.start()
        newcomers._read[model] = found = look(model, snapshot.catalogue, None, conf())
    asking.join()
    assert not looked and newcomers_of(snapshot, conf()) is found


def test_a_new_model_starts_anew(shop):
    rake = new_rake(shop)
    assert place_of(rake, shop.gardeners[0]) is not None
    publish_model("item_knn")
    found = newcomers_of(current(), conf())
    assert found is not None and rake.pk not in found.ids
    assert rake.pk in found.little_seen
