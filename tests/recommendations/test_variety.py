"""Personal lists are mixed: in their order, never in what they show; merchandisers have the last word."""

from dataclasses import replace

import pytest

from catalog.models import Product
from feedback.models import Event, Shopper
from recommendations.conf import conf
from recommendations.engine.variety import Variety
from recommendations.merchandising import Rules
from recommendations.models import MerchandisingRule
from recommendations.serving import shelf, snapshot
from recommendations.serving.results import Filters, Sort, Strategy
from recommendations.serving.service import recommend_for
from tests.factories import NOW, make_category, make_event, make_product, make_shopper
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db
Action = MerchandisingRule.Action
MIXED, CAPPED = Variety(0.5, None, 50), Variety(0.0, 5, 50)
NO_RULES = Rules(())


def shown(scores, variety, rules=NO_RULES, filters=None):
    asked = shelf.places(scores, filters or Filters(), rules, (), snapshot.current(), variety=variety)
    return [place.product_id for place in asked]


class TestMixing:
    @pytest.fixture(autouse=True)
    def stock(self):
        """Fifty of the garden and of the kitchen: first twelve of the garden, then one of each in turn."""
        garden, kitchen = make_category("Garden"), make_category("Kitchen")
        self.beds = make_category("Beds", parent=garden)
        self.garden = [make_product(f"Rake {number}", category=self.beds) for number in range(50)]
        self.kitchen = [make_product(f"Pan {number}", category=kitchen) for number in range(50)]
        in_turn = [each for pair in zip(self.kitchen, self.garden[12:], strict=False) for each in pair]
        ranked = [*self.garden[:12], *in_turn, *self.kitchen[38:]]
        self.scores = {product.pk: 1 - place / 100 for place, product in enumerate(ranked)}

    def departments(self, ids):
        kitchen = {product.pk for product in self.kitchen}
        return ["kitchen" if pk in kitchen else "garden" for pk in ids]

    def test_near_duplicates_move_apart(self, settings):
        twins = [make_product("Striped blue mug", brand="Potter") for _ in range(3)]
        others = [make_product(title, brand=title) for title in ("Oak chair", "Wool rug")]
        ranked = [*twins, *others, *self.garden]
        scores = {product.pk: 1 - place / 200 for place, product in enumerate(ranked)}
        first = shown(scores, MIXED)[:4]
        assert first[0] == twins[0].pk
        assert {others[0].pk, others[1].pk} < set(first)

    def test_no_department_fills_every_place_though_its_products_stand_in_an_aisle(self):
        assert set(self.departments(shown(self.scores, None)[:10])) == {"garden"}
        ten = self.departments(shown(self.scores, CAPPED)[:10])
        assert ten.count("garden") == ten.count("kitchen") == 5

    def test_the_same_products_are_shown_with_the_same_scores(self):
        for variety in (MIXED, CAPPED):
            plain = shelf.places(self.scores, Filters(), NO_RULES, (), snapshot.current())
            found = shelf.places(self.scores, Filters(), NO_RULES, (), snapshot.current(), variety=variety)
            assert sorted(found, key=lambda place: -place.score) == plain
            assert found[0] == plain[0] and found[25:] == plain[25:]

    def test_a_rule_that_moves_up_wins_over_variety(self):
        boost = MerchandisingRule(action=Action.BOOST, category=self.beds, strength=1.0)
        assert set(self.departments(shown(self.scores, CAPPED, Rules((boost,)))[:30])) == {"garden"}

    def test_pins_stay_first_and_count_for_nobody(self):
        pinned = self.garden[3:8]
        rules = Rules(tuple(MerchandisingRule(action=Action.PIN, product=each) for each in pinned))
        found = shown(self.scores, CAPPED, rules)
        assert found[:5] == [each.pk for each in pinned]
        ten = self.departments(found[5:15])
        assert ten.count("garden") == 5
        assert len(set(found)) == len(found) == 100

    def test_what_is_never_recommended_leaves_its_places_to_others_before_the_mixing(self):
        pans = [MerchandisingRule(action=Action.DROP, product=each) for each in self.kitchen[:2]]
        ten = shown(self.scores, CAPPED, Rules(tuple(pans)))[:10]
        assert self.departments(ten).count("kitchen") == 5
        assert not {each.pk for each in self.kitchen[:2]} & set(ten)

    def test_buried_products_come_last_all_the_same(self):
        bury = MerchandisingRule(action=Action.BURY, category=self.beds)
        found = self.departments(shown(self.scores, CAPPED, Rules((bury,))))
        assert found == ["kitchen"] * 50 + ["garden"] * 50

    def test_products_without_a_department_are_not_one_department(self):
        Product.objects.update(category=None)
        assert shown(self.scores, CAPPED) == shown(self.scores, None)


class TestWhichListsAreMixed:
    def variety(self, strategy=Strategy.PERSONAL, filters=None, **changes):
        return shelf.variety_for(strategy, filters or Filters(), replace(conf(), **changes))

    def test_personal_and_popular_ones_by_the_settings(self):
        asked = {"diversity": 0.3, "department_cap": 4, "varied_places": 20}
        for strategy in (Strategy.PERSONAL, Strategy.POPULAR):
            assert self.variety(strategy, **asked) == Variety(0.3, 4, 20)

    def test_not_those_whose_order_says_something_else(self):
        for strategy in set(Strategy) - {Strategy.PERSONAL, Strategy.POPULAR}:
            assert self.variety(strategy) is None

    def test_inside_one_department_there_is_no_cap(self):
        found = self.variety(filters=Filters(category=make_category()), diversity=0.3)
        assert found is not None and (found.most, found.balance) == (None, 0.3)

    def test_a_cap_of_0_is_none(self):
        found = self.variety(department_cap=0)
        assert found is not None and found.most is None


class TestPages:
    @pytest.fixture(autouse=True)
    def mixed_shop(self, settings):
        asked = {"diversity": 0.5, "department_cap": 3}
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, **asked}
        self.shop = make_shop(products=40)
        publish_model("item_knn")
        self.shopper = make_shopper()
        for product in (*self.shop.garden[:3], *self.shop.kitchen[:2]):
            make_event(self.shopper, product, Event.Kind.PURCHASE)

    def items(self, **asked):
        return recommend_for(Shopper.objects.get(pk=self.shopper.pk), now=NOW, **{"limit": 99, **asked}).items

    def test_the_list_is_mixed_and_the_best_match_is_first(self, settings):
        found = self.items()
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "diversity": 0, "department_cap": 0}
        plain = self.items()
        assert found != plain and found[0] == plain[0]
        assert {item.product for item in found} == {item.product for item in plain}
        kinds = [self.shop.name(item.product) for item in found[:6]]
        assert kinds.count("garden") == kinds.count("kitchen") == 3

    def test_pages_put_together_are_the_list_again_and_again(self):
        whole = self.items()
        for size in (1, 7, 24):
            pages = [self.items(limit=size, offset=at) for at in range(0, len(whole), size)]
            assert [item for page in pages for item in page] == list(whole)

    def test_another_order_is_that_order(self):
        prices = [item.product.price for item in self.items(sort=Sort.PRICE_UP)]
        assert prices == sorted(prices)

    def test_inside_a_department_the_cap_takes_no_one_out(self):
        found = self.items(filters=Filters(category=self.shop.garden_department))
        assert {self.shop.name(item.product) for item in found} == {"garden"}

    def test_reasons_and_scores_are_those_of_the_model_wherever_the_product_stands(self, settings):
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "exploration_share": 0.0}
        mixed = {item.product.pk: (item.score, item.reason) for item in self.items()}
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "diversity": 0, "department_cap": 0}
        assert {item.product.pk: (item.score, item.reason) for item in self.items()} == mixed
