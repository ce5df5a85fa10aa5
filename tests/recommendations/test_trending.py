"""trending and newest: lists without any model."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from catalog.models import Product
from feedback.models import Event
from recommendations.conf import conf
from recommendations.models import MerchandisingRule
from recommendations.serving.results import Strategy
from recommendations.serving.service import newest, trending
from recommendations.serving.snapshot import current
from recommendations.serving.trends import trend_scores
from tests.factories import NOW, make_category, make_event, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
Kind = Event.Kind


def hot(**asked):
    cache.clear()
    return [item.product for item in trending(now=NOW, **asked).items]


def test_the_score_is_every_signals_weight_halved_with_every_week():
    ann, pot = make_shopper(), make_product()
    make_event(ann, pot, Kind.PURCHASE, now=NOW)
    make_event(ann, pot, Kind.VIEW, now=NOW - 7 * DAY)
    make_rating(ann, pot, 4, now=NOW - 14 * DAY)
    view = conf().event_weights[Kind.VIEW]
    assert trend_scores(conf(), now=NOW) == {pot.pk: pytest.approx(1.0 + view / 2 + 0.7 / 4)}


def test_many_recent_views_beat_an_old_purchase():
    pot, pan = make_product(), make_product()
    make_event(make_shopper(), pot, Kind.PURCHASE, now=NOW - 21 * DAY)
    for _ in range(2):
        make_event(make_shopper(), pan, Kind.VIEW)
    assert hot() == [pan, pot]
    found = trending(now=NOW)
    assert (found.strategy, found.model_version, found.total) == (Strategy.TRENDING, None, 2)


def test_what_is_disliked_is_not_trending_however_much_is_said_of_it():
    pot = make_product()
    make_event(make_shopper(), pot, Kind.VIEW)
    for _ in range(3):
        make_rating(make_shopper(), pot, 1)
        make_event(make_shopper(), pot, Kind.DISMISS)
    assert trend_scores(conf(), now=NOW) == {}


def test_neither_the_long_past_nor_the_future_counts():
    old, coming = make_product(), make_product()
    make_event(make_shopper(), old, Kind.PURCHASE, now=NOW - 28 * DAY)
    make_rating(make_shopper(), coming, 5, now=NOW + MINUTE)
    assert trend_scores(conf(), now=NOW) == {}


def test_only_what_can_be_bought_is_shown_and_narrowed_to_a_department():
    garden, kitchen = make_category(), make_category()
    aisle = make_category(parent=garden)
    rake, spade, pot = (make_product(category=each) for each in (garden, aisle, kitchen))
    hidden, sold_out = make_product(is_active=False), make_product(stock=0)
    for product in (rake, spade, pot, hidden, sold_out):
        make_event(make_shopper(), product, Kind.BASKET)
    assert set(hot()) == {rake, spade, pot}
    assert set(hot(category=garden)) == {rake, spade}
    assert set(hot(category=aisle)) == {spade}
    assert len(hot(limit=2)) == 2


def test_a_departments_short_list_is_filled_with_honest_reasons():
    garden, kitchen = make_category("Garden"), make_category("Kitchen")
    hot_one, rated, new = (make_product(category=garden, created_at=NOW - n * DAY) for n in (9, 8, 7))
    make_event(make_shopper(), hot_one, Kind.BASKET)
    make_rating(make_shopper(), rated, 5, now=NOW - 300 * DAY)
    make_event(make_shopper(), make_product(category=kitchen), Kind.BASKET)
    cache.clear()
    found = trending(now=NOW, category=garden)
    assert [item.product for item in found.items] == [hot_one, rated, new]
    assert found.strategy == Strategy.TRENDING and found.total == 3
    assert len({item.reason.text for item in found.items}) == 3
    scores = [item.score for item in found.items]
    assert scores == sorted(scores, reverse=True)
    assert [item.product for item in trending(now=NOW, category=garden, limit=1).items] == [hot_one]


def test_a_department_nobody_visited_lately_is_not_called_trending():
    garden, kitchen = make_category("Garden"), make_category("Kitchen")
    rated, new = make_product(category=garden), make_product(category=garden, created_at=NOW)
    make_rating(make_shopper(), rated, 5, now=NOW - 300 * DAY)
    make_event(make_shopper(), make_product(category=kitchen), Kind.BASKET)
    cache.clear()
    found = trending(now=NOW, category=garden)
    assert (found.strategy, [item.product for item in found.items]) == (Strategy.POPULAR, [rated, new])
    empty = trending(now=NOW, category=make_category("Cellar"))
    assert (empty.items, empty.total) == ((), 0)


def test_a_filled_list_takes_no_more_queries_with_more_products(django_assert_num_queries):
    garden = make_category("Garden")
    make_event(make_shopper(), make_product(category=garden), Kind.BASKET)
    hot(category=garden)
    with django_assert_num_queries(4):
        trending(now=NOW, category=garden)
    for _ in range(15):
        make_product(category=garden)
    current()
    with django_assert_num_queries(4):
        assert len(trending(now=NOW, category=garden).items) == 16


def test_a_shop_nobody_visited_lately_shows_its_top_rated_then_its_newest():
    old, new = make_product(created_at=NOW - DAY), make_product(created_at=NOW)
    assert (trending(now=NOW).strategy, hot()) == (Strategy.NEWEST, [new, old])
    make_rating(make_shopper(), old, 5, now=NOW - 300 * DAY)
    cache.clear()
    assert (trending(now=NOW).strategy, hot()) == (Strategy.POPULAR, [old])


def test_scores_are_kept_for_a_minute_and_then_made_anew():
    pot, pan = make_product(), make_product()
    make_event(make_shopper(), pot, Kind.VIEW, now=NOW - DAY)
    assert trend_scores(conf(), now=NOW).keys() == {pot.pk}
    make_event(make_shopper(), pan, Kind.VIEW, now=NOW)
    assert trend_scores(conf(), now=NOW + timedelta(seconds=59)).keys() == {pot.pk}
    assert trend_scores(conf(), now=NOW + MINUTE).keys() == {pan.pk, pot.pk}


def test_kept_scores_are_the_computed_ones_in_their_order(django_assert_num_queries):
    for weight in range(5):
        product = make_product()
        for _ in range(weight + 1):
            make_event(make_shopper(), product, Kind.CLICK, now=NOW - weight * DAY)
    computed = trend_scores(conf(), now=NOW)
    with django_assert_num_queries(0):
        kept = trend_scores(conf(), now=NOW)
    assert list(kept.items()) == list(computed.items())
    assert list(kept.values()) == sorted(kept.values(), reverse=True)


def test_the_newest_come_first_and_hidden_ones_never():
    old, new = make_product(created_at=NOW - DAY), make_product(created_at=NOW)
    make_product(created_at=NOW, is_active=False)
    make_product(created_at=NOW, stock=0)
    found = newest(now=NOW)
    assert [item.product for item in found.items] == [new, old]
    assert (found.strategy, found.total) == (Strategy.NEWEST, 2)
    assert [item.product for item in newest(now=NOW, limit=1).items] == [new]


def test_rules_but_pins_hold_for_everybodys_lists():
    pot, pan, cup = (make_product(created_at=NOW - n * DAY) for n in range(3))
    MerchandisingRule.objects.create(name="a", action="drop", product=pot)
    MerchandisingRule.objects.create(name="b", action="pin", product=cup)
    assert [item.product for item in newest(now=NOW).items] == [pan, cup]
    assert Product.objects.count() == 3
