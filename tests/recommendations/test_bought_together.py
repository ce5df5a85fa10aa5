"""bought_together: what shares orders more often than chance has it."""

from itertools import count

import pytest
from django.core.cache import cache

from catalog.models import Product
from feedback.models import Event
from feedback.services import NewEvent, record_events
from recommendations.serving.baskets import partner_scores
from recommendations.serving.results import Strategy
from recommendations.serving.service import bought_together
from recommendations.serving.snapshot import current
from tests.factories import NOW, make_product, make_shopper

pytestmark = pytest.mark.django_db
_orders = count(1)


def order(*products, times=1):
    """Orders of exactly these products."""
    shopper = make_shopper()
    rows = []
    for _ in range(times):
        ref = f"order-{next(_orders)}"
        rows += [
            NewEvent(shopper, product, Event.Kind.PURCHASE, NOW, f"{ref}-{product.pk}", order_ref=ref)
            for product in products
        ]
    record_events(rows)
    cache.clear()


@pytest.fixture
def goods():
    return [make_product(title) for title in ("Pot", "Lid", "Bag", "Cup")]


def partners(product):
    return [item.product for item in bought_together(product, now=NOW).items]


def test_the_score_is_the_affinity_and_the_reason_counts_the_orders(goods):
    pot, lid, bag, cup = goods
    order(pot, lid, times=3)
    order(pot, bag)
    order(cup, times=6)
    found = bought_together(pot, now=NOW)
    (item,) = found.items
    assert item.product == lid
    # 3 orders of both and 3 with the lid.
    assert item.score == pytest.approx(3 / 3**0.2)
    assert (item.reason.text, item.reason.product) == ("Bought together in 3 orders", pot)
    assert (found.strategy, found.model_version, found.total) == (Strategy.BOUGHT_TOGETHER, None, 1)


def test_a_pair_that_chance_may_have_made_is_no_pattern(goods):
    """Twice together is more than expected, yet nothing to be sure of among orders that often hold both."""
    pot, lid, _, cup = goods
    order(pot, lid, times=2)
    order(pot, times=3)
    order(lid, times=3)
    order(cup, times=10)
    assert 2 > 5 * 5 / 18
    assert partners(pot) == []
    order(pot, lid, times=4)
    assert partners(pot) == [lid]


def test_one_order_is_no_pattern(goods):
    pot, lid, _, cup = goods
    order(pot, lid)
    order(cup, times=9)
    assert partners(pot) == []
    order(pot, lid)
    assert partners(pot) == [lid]


def test_what_everybody_buys_is_not_bought_together(goods):
    """The bag is in more of the pot's orders than the lid, as it is in nearly all orders."""
    pot, lid, bag, cup = goods
    order(pot, lid, bag, times=3)
    order(pot, bag, times=2)
    order(cup, bag, times=20)
    assert partner_scores(pot).keys() == {lid.pk}


def test_of_two_partners_shared_by_as_many_orders_the_one_bought_with_little_else_leads(goods):
    pot, lid, bag, cup = goods
    order(pot, lid, times=3)
    order(pot, bag, times=3)
    order(bag, cup, times=6)
    order(cup, times=60)
    assert partners(pot) == [lid, bag]


def test_a_line_bought_twice_in_an_order_is_one_order(goods):
    pot, lid, _, cup = goods
    ann = make_shopper()
    record_events(
        NewEvent(ann, product, Event.Kind.PURCHASE, NOW, f"{line}", order_ref="one")
        for line, product in enumerate([pot, lid, lid, lid])
    )
    order(cup, times=9)
    assert partners(pot) == []


def test_purchases_without_an_order_say_nothing(goods):
    pot, lid, *_ = goods
    ann = make_shopper()
    for line, product in enumerate([pot, lid, pot, lid]):
        record_events([NewEvent(ann, product, Event.Kind.PURCHASE, NOW, f"{line}")])
    assert partners(pot) == []


def test_only_what_can_be_bought_is_shown(goods):
    pot, lid, bag, cup = goods
    order(pot, lid, bag, times=2)
    order(cup, times=9)
    assert set(partners(pot)) == {lid, bag}
    Product.objects.filter(pk=lid.pk).update(stock=0)
    Product.objects.filter(pk=bag.pk).update(is_active=False)
    assert partners(pot) == []


def test_a_product_nobody_bought_has_no_partners(goods, django_assert_max_num_queries):
    current()
    with django_assert_max_num_queries(3):
        assert partners(goods[0]) == []


def test_the_answer_takes_the_same_queries_for_many_partners(goods, django_assert_num_queries):
    pot, lid, *_ = goods
    order(make_product(), times=50)
    order(pot, lid, times=2)
    bought_together(pot, now=NOW)
    with django_assert_num_queries(4):
        bought_together(pot, now=NOW, limit=50)
    order(pot, *(make_product() for _ in range(30)), times=2)
    bought_together(pot, now=NOW)
    with django_assert_num_queries(4):
        assert len(bought_together(pot, now=NOW, limit=50).items) == 31
