"""The merchandisers' rules over personal lists: put first, move up, move to the end, never recommend."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Product
from feedback.models import Shopper
from recommendations.merchandising import Rules, Targets
from recommendations.models import MerchandisingRule
from recommendations.serving.reasons import PICKED
from recommendations.serving.results import Filters
from recommendations.serving.service import recommend_for
from recommendations.serving.snapshot import current
from tests.factories import NOW, make_product, make_rating
from tests.shops import make_shop, publish_model

Action = MerchandisingRule.Action
HOUR = timedelta(hours=1)


def rule(action, *, name="", **target):
    return MerchandisingRule.objects.create(name=name or f"{action}", action=action, **target)


@pytest.mark.django_db
class TestOverAList:
    @pytest.fixture(autouse=True)
    def shop_with_a_model(self):
        self.shop = make_shop()
        publish_model("item_knn")
        self.gardener = self.shop.gardeners[0]
        self.before = self.list()

    def list(self, **asked):
        shopper = Shopper.objects.get(pk=self.gardener.pk)
        return [item.product for item in recommend_for(shopper, now=NOW, limit=99, **asked).items]

    def kinds(self):
        return [self.shop.name(product) for product in self.list()]

    def test_dropped_products_are_never_recommended(self):
        rule(Action.DROP, product=self.before[0])
        rule(Action.DROP, product=self.before[5])
        expected = [each for each in self.before if each not in (self.before[0], self.before[5])]
        assert self.list() == expected

    def test_a_whole_department_or_a_brand_in_any_case_can_be_dropped(self):
        dropped = rule(Action.DROP, category=self.shop.garden_department)
        assert set(self.kinds()) == {"kitchen"}
        dropped.delete()
        rule(Action.DROP, brand="PANCO")
        assert set(self.kinds()) == {"garden"}

    def test_full_strength_lifts_above_everything_else_and_no_strength_does_nothing(self):
        last = self.before[-1]
        boost = rule(Action.BOOST, product=last, strength=1.0)
        assert self.list()[:2] in ([last, self.before[0]], [self.before[0], last])
        boost.strength = 0.0
        boost.save()
        assert self.list() == self.before

    def test_a_moderate_boost_moves_up_but_not_to_the_top(self):
        last = self.before[-1]
        rule(Action.BOOST, product=last, strength=0.3)
        assert 0 < self.list().index(last) < len(self.before) - 1

    def test_buried_products_come_last_in_their_order(self):
        rule(Action.BURY, category=self.shop.garden_department)
        garden = [each for each in self.before if self.shop.name(each) == "garden"]
        assert self.list() == [each for each in self.before if each not in garden] + garden

    def test_pinned_products_come_first_in_the_order_of_the_rules(self):
        first, second = self.before[7], self.before[3]
        rule(Action.PIN, name="1", product=first)
        rule(Action.PIN, name="2", product=second)
        rest = [each for each in self.before if each not in (first, second)]
        assert self.list() == [first, second, *rest]

    def test_a_pinned_brand_leads_in_its_own_order(self):
        rule(Action.PIN, brand="panco")
        assert self.kinds() == sorted(self.kinds(), reverse=True)

    def test_a_pinned_product_that_is_no_candidate_is_added(self, settings):
        # Else a new product would be a candidate by its texts.
        settings.RECOMMENDATIONS |= {"newcomers": 0, "exploration_share": 0.0}
        new = make_product("Brand new")
        rule(Action.PIN, product=new)
        found = recommend_for(self.gardener, now=NOW, limit=99)
        assert [item.product for item in found.items] == [new, *self.before]
        assert found.items[0].reason == PICKED and found.items[0].predicted_rating is None
        assert found.total == len(self.before) + 1

    def test_a_pin_does_not_show_what_may_not_be_shown(self):
        settled = self.gardener.ratings.first()
        assert settled is not None
        hidden, sold_out = make_product(is_active=False), make_product(stock=0)
        excluded = self.before[0]
        for product in (settled.product, hidden, sold_out, excluded):
            rule(Action.PIN, product=product)
        assert self.list(filters=Filters(exclude=frozenset({excluded.pk}))) == self.before[1:]

    def test_a_pin_does_not_get_round_a_filter(self):
        dear = make_product(price="999.00")
        rule(Action.PIN, product=dear)
        assert dear not in self.list(filters=Filters(max_price=Decimal(100)))
        assert dear not in self.list(filters=Filters(category=self.shop.garden_department))
        assert dear not in self.list(filters=Filters(min_predicted=3.0))

    def test_never_recommend_wins_over_put_first(self):
        rule(Action.PIN, product=self.before[3])
        rule(Action.DROP, category=self.shop.garden_department)
        assert set(self.kinds()) == {"kitchen"}

    def test_put_first_wins_over_move_to_the_end(self):
        last = self.before[-1]
        rule(Action.BURY, product=last)
        rule(Action.PIN, product=last)
        assert self.list()[0] == last

    def test_a_rule_holds_at_once_though_the_list_is_cached(self):
        rule(Action.DROP, product=self.before[0])
        assert self.list() == self.before[1:]
        MerchandisingRule.objects.all().delete()
        assert self.list() == self.before

    def test_rules_hold_for_shoppers_without_a_history_too(self):
        pinned = self.shop.kitchen[0]
        rule(Action.PIN, product=pinned)
        assert recommend_for(None, now=NOW).items[0].product == pinned

    def test_everything_dropped_is_an_empty_list(self):
        for department in (self.shop.garden_department, self.shop.kitchen_department):
            rule(Action.DROP, category=department)
        assert self.list() == []

    def test_rated_products_stay_out_when_boosted(self):
        make_rating(self.gardener, self.before[0], 5)
        rule(Action.BOOST, product=self.before[0], strength=1.0)
        assert self.before[0] not in self.list()


@pytest.mark.django_db
class TestWhenARuleIsInForce:
    @pytest.mark.parametrize(
        ("window", "in_force"),
        [
            ({}, True),
            ({"starts_at": NOW}, True),
            ({"starts_at": NOW + HOUR}, False),
            ({"ends_at": NOW}, False),
            ({"ends_at": NOW + HOUR}, True),
            ({"starts_at": NOW - HOUR, "ends_at": NOW + HOUR}, True),
            ({"starts_at": NOW - 2 * HOUR, "ends_at": NOW - HOUR}, False),
            ({"is_active": False}, False),
        ],
    )
    def test_from_its_start_until_just_before_its_end_while_it_is_active(self, window, in_force):
        rule(Action.DROP, brand="x", **window)
        assert bool(current().rules_at(NOW).rules) is in_force

    def test_rules_come_in_the_order_of_their_names(self):
        products = {name: make_product() for name in ("b", "c", "a")}
        for name, product in products.items():
            rule(Action.PIN, name=name, product=product)
        assert current().rules_at(NOW).pinned() == [products[name].pk for name in "abc"]
        assert current().rules_at(NOW).without_pins().rules == ()

    def test_an_end_before_its_start_is_refused_in_words(self):
        with pytest.raises(ValidationError, match="The end must be after the start"):
            MerchandisingRule(
                name="x", action=Action.DROP, brand="x", starts_at=NOW, ends_at=NOW
            ).full_clean()

    @pytest.mark.parametrize("target", [{}, {"brand": "x", "product": True}])
    def test_a_rule_without_a_target_or_with_two_is_refused(self, target):
        if "product" in target:
            target = {**target, "product": make_product()}
        with pytest.raises(ValidationError, match="Choose one of product, category or brand"):
            MerchandisingRule(name="x", action=Action.DROP, **target).full_clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            rule(Action.DROP, **target)


ACTIONS = st.lists(st.tuples(st.sampled_from(list(Action)), st.integers(0, 7), st.floats(0, 1)), max_size=6)


@given(st.lists(st.floats(-5, 5, width=32), max_size=8), ACTIONS)
def test_whatever_the_rules_nothing_is_shown_twice_and_only_drops_leave_out(scores, actions):
    ids, none = np.arange(len(scores)), np.full(len(scores), -1)
    targets = Targets(ids, none, none, np.full(len(scores), "", object))
    rules = Rules(
        tuple(
            MerchandisingRule(action=action, product=Product(pk=pk), strength=strength)
            for action, pk, strength in actions
        )
    )
    order = rules.apply(targets, np.array(scores, np.float32))
    dropped = {pk for action, pk, _ in actions if action == Action.DROP}
    assert sorted(order) == [place for place in range(len(scores)) if place not in dropped]
    pins = [pk for action, pk, _ in actions if action == Action.PIN and pk in order]
    assert order[: len(set(pins))] == list(dict.fromkeys(pins))
