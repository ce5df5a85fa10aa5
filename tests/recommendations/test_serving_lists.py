"""recommend_for: personal at once, only what may be shown, filtered, sorted and paged, with a fallback."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from catalog.models import Product, weighted_rating
from feedback.models import Event, Shopper
from feedback.services import unrate
from recommendations.serving.results import Filters, Sort, Strategy
from recommendations.serving.service import recommend_for
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper
from tests.shops import Shop, make_shop, publish_model

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def model(shop):
    return publish_model("item_knn")


def ids(shopper=None, **asked):
    return [item.product.pk for item in recommend_for(shopper, now=NOW, **asked).items]


def names(shop, shopper, limit=6, **asked):
    return [shop.name(item.product) for item in recommend_for(shopper, now=NOW, limit=limit, **asked).items]


def again(shopper):
    """The shopper as the next request reads them."""
    return Shopper.objects.get(pk=shopper.pk)


class TestPersonalLists:
    @pytest.mark.parametrize("algorithm", ["svd", "item_knn", "ease"])
    def test_everyone_gets_what_their_kind_likes(self, shop, algorithm):
        publish_model(algorithm)
        for shopper in shop.gardeners[:5]:
            assert set(names(shop, shopper, limit=3)) == {"garden"}
        for shopper in shop.cooks[:5]:
            assert set(names(shop, shopper, limit=3)) == {"kitchen"}

    @pytest.mark.parametrize("algorithm", ["svd", "item_knn", "ease"])
    def test_a_shopper_the_model_has_never_seen_is_served_from_their_first_rating(self, shop, algorithm):
        publish_model(algorithm)
        ann = make_shopper()
        assert recommend_for(ann, now=NOW).strategy == Strategy.POPULAR
        make_rating(ann, shop.garden[0], 5)
        found = recommend_for(again(ann), now=NOW, limit=6)
        assert found.strategy == Strategy.PERSONAL
        assert {shop.name(item.product) for item in found.items} == {"garden"}

    def test_the_list_follows_every_rating_edit_and_take_back_at_once(self, shop, model):
        ann, rake = make_shopper(), shop.garden[0]
        make_rating(ann, rake, 5)
        liked = ids(again(ann))
        assert set(names(shop, again(ann))) == {"garden"}
        make_rating(ann, rake, 1)
        assert "garden" not in names(shop, again(ann))
        make_rating(ann, rake, 5)
        assert ids(again(ann)) == liked
        unrate(shopper=ann, product=rake, now=NOW)
        assert recommend_for(again(ann), now=NOW).strategy == Strategy.POPULAR
        assert rake.pk in ids(again(ann), limit=99)

    def test_events_speak_where_nothing_is_rated(self, shop, model):
        ann = make_shopper()
        make_event(ann, shop.kitchen[3], Event.Kind.WISHLIST)
        assert set(names(shop, again(ann))) == {"kitchen"}

    def test_of_two_opposite_tastes_the_stronger_leads(self, shop, model):
        ann = make_shopper()
        make_event(ann, shop.garden[0], Event.Kind.VIEW)
        make_event(ann, shop.kitchen[0], Event.Kind.PURCHASE)
        assert names(shop, again(ann), limit=1) == ["kitchen"]

    def test_the_answer_names_the_model_the_moment_and_the_stars_to_expect(self, shop, model):
        found = recommend_for(shop.gardeners[0], now=NOW, limit=3)
        assert (found.model_version, found.generated_at) == (model.pk, NOW)
        assert all(
            item.predicted_rating is not None and 1 <= item.predicted_rating <= 5 for item in found.items
        )
        scores = [item.score for item in found.items]
        assert scores == sorted(scores, reverse=True)

    def test_a_shop_with_few_ratings_expects_no_stars(self):
        for _ in range(3):
            make_event(make_shopper(), make_product(), Event.Kind.PURCHASE)
        publish_model("item_knn")
        assert {item.predicted_rating for item in recommend_for(None, now=NOW).items} == {None}

    def test_a_live_popularity_model_makes_no_personal_lists_and_says_so(self, shop):
        publish_model("popularity")
        assert recommend_for(shop.gardeners[0], now=NOW).strategy == Strategy.POPULAR


class TestWhatIsLeftOut:
    def test_what_the_shopper_has_settled(self, shop, model):
        ann, (rated, bought, dismissed, viewed) = make_shopper(), shop.garden[:4]
        make_rating(ann, rated, 5)
        make_event(ann, bought, Event.Kind.PURCHASE)
        make_event(ann, dismissed, Event.Kind.DISMISS)
        make_event(ann, viewed, Event.Kind.VIEW)
        found = ids(again(ann), limit=99)
        assert not {rated.pk, bought.pk, dismissed.pk} & set(found)
        assert viewed.pk in found
        assert len(found) == len(shop.products) - 3

    def test_what_is_invisible_or_sold_out_by_now_even_from_a_list_that_is_cached(self, shop, model):
        gardener = shop.gardeners[0]
        hidden, sold_out, *_ = ids(gardener)
        Product.objects.filter(pk=hidden).update(is_active=False)
        Product.objects.filter(pk=sold_out).update(stock=0)
        assert not {hidden, sold_out} & set(ids(gardener, limit=99))
        with_sold_out = ids(gardener, limit=99, filters=Filters(in_stock=False))
        assert hidden not in with_sold_out and sold_out in with_sold_out

    def test_what_the_caller_excludes(self, shop, model):
        first, second, *rest = ids(shop.gardeners[0], limit=99)
        assert ids(shop.gardeners[0], limit=99, filters=Filters(exclude=frozenset({first, second}))) == rest

    def test_new_products_until_the_next_training_where_texts_are_not_looked_at(self, shop, model, settings):
        settings.RECOMMENDATIONS |= {"newcomers": 0, "exploration_share": 0.0}
        new = make_product()
        assert new.pk not in ids(shop.gardeners[0], limit=99)
        publish_model("item_knn")
        assert new.pk in ids(shop.gardeners[0], limit=99)

    def test_a_deleted_product_is_simply_not_there(self, shop, model):
        gardener = shop.gardeners[0]
        gone = ids(gardener)[0]
        Product.objects.get(pk=gone).delete()
        assert gone not in ids(again(gardener), limit=99)


class TestFilters:
    def test_a_department_with_its_aisles(self, shop, model):
        gardener = shop.gardeners[0]
        assert set(names(shop, gardener, filters=Filters(category=shop.kitchen_department))) == {"kitchen"}

    def test_a_price_range_inclusive_at_both_ends(self, shop, model):
        found = recommend_for(
            shop.gardeners[0], now=NOW, filters=Filters(min_price=Decimal(12), max_price=Decimal(15))
        )
        prices = {item.product.price for item in found.items}
        assert prices and prices <= {Decimal(price) for price in range(12, 16)}
        everything = recommend_for(shop.gardeners[0], now=NOW, limit=99)
        assert found.total == sum(12 <= item.product.price <= 15 for item in everything.items)

    def test_stars_the_model_must_expect(self, shop, model):
        everything = recommend_for(shop.gardeners[0], now=NOW, limit=99)
        expected = [
            item.product.pk
            for item in everything.items
            if item.predicted_rating and item.predicted_rating >= 3.5
        ]
        found = ids(shop.gardeners[0], limit=99, filters=Filters(min_predicted=3.5))
        assert 0 < len(found) < everything.total
        assert found == expected
        assert ids(shop.gardeners[0], filters=Filters(min_predicted=5.1)) == []

    def test_a_narrow_list_is_found_below_the_best_candidates_of_all(self, shop, settings):
        """A filter is laid over the whole catalogue, not over the few candidates of the open list."""
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "candidates": 3}
        publish_model("item_knn")
        kitchen = Filters(category=shop.kitchen_department)
        assert names(shop, shop.gardeners[0], limit=99) == ["garden"] * 3
        assert names(shop, shop.gardeners[0], limit=99, filters=kitchen) == ["kitchen"] * 3

    def test_filters_hold_for_everybodys_list_too(self, shop, model):
        assert set(names(shop, None, filters=Filters(category=shop.garden_department))) == {"garden"}


class TestSortingAndPaging:
    @pytest.mark.parametrize(
        ("sort", "key"),
        [
            (Sort.PRICE_UP, lambda product: product.price),
            (Sort.PRICE_DOWN, lambda product: -product.price),
            (Sort.NEWEST, lambda product: -product.created_at.timestamp()),
            (Sort.TOP_RATED, lambda product: -(product.rating_total + 17.5) / (product.rating_count + 5)),
        ],
    )
    def test_sorting_orders_the_whole_list_and_ties_stay_best_match_first(self, shop, model, sort, key):
        best = recommend_for(shop.gardeners[0], now=NOW, limit=99)
        found = recommend_for(shop.gardeners[0], now=NOW, limit=99, sort=sort)
        expected = sorted((item.product for item in best.items), key=key)
        assert [item.product for item in found.items] == expected
        assert found.total == best.total

    @pytest.mark.parametrize("sort", [Sort.BEST, Sort.PRICE_UP])
    def test_pages_put_together_are_the_list(self, shop, model, sort):
        whole = recommend_for(shop.gardeners[0], now=NOW, limit=99, sort=sort)
        pages = [
            recommend_for(shop.gardeners[0], now=NOW, limit=5, offset=at, sort=sort)
            for at in range(0, whole.total, 5)
        ]
        assert [item for page in pages for item in page.items] == list(whole.items)
        assert {page.total for page in pages} == {whole.total} == {len(whole.items)}

    def test_behind_the_end_there_is_nothing_but_the_total(self, shop, model):
        found = recommend_for(shop.gardeners[0], now=NOW, offset=500)
        assert found.items == () and found.total == 14

    def test_the_list_is_as_long_as_the_setting_allows(self, shop, settings, model):
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "list_length": 4}
        found = recommend_for(shop.gardeners[0], now=NOW, limit=99)
        assert (len(found.items), found.total) == (4, 4)


class TestWithoutAHistory:
    def test_nobody_gets_what_is_popular(self, shop, model):
        make_rating(make_shopper(), shop.garden[7], 5)
        found = recommend_for(None, now=NOW, limit=99)
        assert (found.strategy, found.model_version) == (Strategy.POPULAR, model.pk)
        assert {item.reason.text for item in found.items} == {
            "Popular in Garden with shoppers here",
            "Popular in Kitchen with shoppers here",
        }
        assert found.total == len(shop.products)

    def test_a_shopper_without_feedback_gets_the_same_list(self, shop, model):
        assert ids(make_shopper()) == ids(None)

    def test_so_does_one_who_has_not_consented_whatever_they_did(self, shop, model):
        gardener = shop.gardeners[0]
        personal = ids(gardener)
        Shopper.objects.filter(pk=gardener.pk).update(consent=False)
        found = recommend_for(again(gardener), now=NOW)
        assert found.strategy == Strategy.POPULAR
        assert [item.product.pk for item in found.items] == ids(None)
        Shopper.objects.filter(pk=gardener.pk).update(consent=True)
        assert ids(again(gardener)) == personal

    def test_one_who_knows_only_products_the_model_does_not_gets_it_without_them(self, shop, model):
        ann, new = make_shopper(), make_product()
        make_rating(ann, new, 5)
        found = recommend_for(again(ann), now=NOW)
        assert found.strategy == Strategy.POPULAR
        assert [item.product.pk for item in found.items] == ids(None)


class TestWithoutAModel:
    def test_what_happened_lately(self, shop):
        make_event(make_shopper(), shop.kitchen[2], Event.Kind.PURCHASE, now=NOW - HOUR)
        found = recommend_for(shop.gardeners[0], now=NOW)
        assert (found.strategy, found.model_version) == (Strategy.TRENDING, None)
        assert found.items[0].product == shop.kitchen[2]
        assert found.items[0].reason.text == "Popular in Kitchen over the last 4 weeks"

    def test_then_what_is_rated_best_then_what_is_new(self):
        old, new = (make_product(created_at=NOW - hours * HOUR) for hours in (2, 1))
        found = recommend_for(None, now=NOW)
        assert found.strategy == Strategy.NEWEST
        assert [item.product for item in found.items] == [new, old]
        assert {item.reason.text for item in found.items} == {"New in the shop since 1 June 2026"}
        make_rating(make_shopper(), old, 5, now=NOW - 200 * 24 * HOUR)
        found = recommend_for(None, now=NOW)
        assert (found.strategy, [item.product for item in found.items]) == (Strategy.POPULAR, [old])

    def test_an_empty_shop_has_an_empty_list(self):
        found = recommend_for(None, now=NOW)
        assert (found.items, found.total, found.strategy) == ((), 0, Strategy.NEWEST)

    def test_an_empty_shop_has_one_for_a_shopper_too(self):
        assert recommend_for(make_shopper(), now=NOW).items == ()


class TestWithoutACache:
    def test_the_list_is_the_same_without_redis(self, shop, model, settings, tmp_path):
        expected = recommend_for(shop.gardeners[0], now=NOW, limit=99)
        settings.CACHES = {
            "default": {**settings.CACHES["default"], "LOCATION": f"unix://{tmp_path / 'nobody.sock'}"}
        }
        assert recommend_for(shop.gardeners[0], now=NOW, limit=99) == expected
        assert connection.is_usable()


class TestScarceShops:
    def test_a_shop_that_is_mostly_sold_out_still_fills_its_lists(self, shop, model, settings):
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "candidates": 6, "list_length": 6}
        ann = make_shopper()
        make_rating(ann, shop.garden[0], 5)
        best = ids(again(ann), limit=6)
        Product.objects.filter(pk__in=best[:5]).update(stock=0)
        left = ids(again(ann), limit=6)
        assert len(left) == 6
        assert not set(left) & set(best[:5])

    def test_without_a_rating_predictor_what_everybody_gives_is_expected(self, shop):
        found = recommend_for(None, now=NOW, filters=Filters(min_predicted=3.6), limit=100)
        assert found.model_version is None
        assert found.items
        assert all(
            weighted_rating(item.product.rating_count, item.product.rating_total) >= 3.6
            for item in found.items
        )
        everything = recommend_for(None, now=NOW, limit=100)
        assert len(found.items) < len(everything.items)
