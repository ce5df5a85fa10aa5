"""recommendations.serving.history: what a list is made from, read anew at every request."""

from datetime import timedelta

import pytest

from feedback.models import Event
from feedback.services import unrate
from recommendations.conf import conf
from recommendations.serving.history import NOTHING, history_of
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
Kind = Event.Kind
HOUR = timedelta(hours=1)


def deeds_of(shopper):
    found = history_of(shopper.pk, conf(), now=NOW)
    return dict(zip(found.history.products.tolist(), found.deeds, strict=True))


def test_nobody_and_the_silent_have_an_empty_history():
    assert history_of(0, conf(), now=NOW) is NOTHING
    assert len(history_of(make_shopper().pk, conf(), now=NOW)) == 0


def test_rows_come_oldest_first_with_the_strongest_deed_of_each_product():
    ann, pot, pan = make_shopper(), make_product(), make_product()
    make_event(ann, pot, Kind.VIEW, now=NOW)
    make_event(ann, pan, Kind.CLICK, now=NOW + HOUR)
    make_event(ann, pot, Kind.BASKET, now=NOW + 2 * HOUR)
    make_event(ann, pot, Kind.CLICK, now=NOW + 3 * HOUR)
    found = history_of(ann.pk, conf(), now=NOW)
    assert list(zip(found.history.products.tolist(), found.deeds, strict=True)) == [
        (pan.pk, "click"),
        (pot.pk, "basket"),
    ]


def test_stars_are_the_strongest_deed_of_all():
    ann, pot = make_shopper(), make_product()
    make_rating(ann, pot, 2)
    make_event(ann, pot, Kind.PURCHASE)
    assert deeds_of(ann) == {pot.pk: "rating"}


def test_rated_bought_and_dismissed_products_are_settled_and_looked_at_ones_are_not():
    ann = make_shopper()
    products = {kind: make_product() for kind in Kind}
    for kind, product in products.items():
        make_event(ann, product, kind)
    rated = make_product()
    make_rating(ann, rated, 3)
    settled = {products[Kind.PURCHASE].pk, products[Kind.DISMISS].pk, rated.pk}
    assert history_of(ann.pk, conf(), now=NOW).settled == settled


def test_what_was_settled_once_stays_so_whatever_came_later():
    ann, pot = make_shopper(), make_product()
    make_event(ann, pot, Kind.PURCHASE, now=NOW)
    make_event(ann, pot, Kind.VIEW, now=NOW + HOUR)
    assert history_of(ann.pk, conf(), now=NOW).settled == {pot.pk}


def test_a_rating_taken_back_is_gone_at_once():
    ann, pot = make_shopper(), make_product()
    make_rating(ann, pot, 3)
    unrate(shopper=ann, product=pot, now=NOW)
    assert history_of(ann.pk, conf(), now=NOW) is NOTHING


def test_of_very_many_events_the_newest_are_read_and_all_ratings(settings, django_assert_num_queries):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "history_events": 2}
    ann, rated, *products = make_shopper(), *(make_product() for _ in range(4))
    make_rating(ann, rated, 4, now=NOW - HOUR)
    for hours, product in enumerate(products):
        make_event(ann, product, now=NOW + hours * HOUR)
    with django_assert_num_queries(1):
        found = history_of(ann.pk, conf(), now=NOW)
    assert found.history.products.tolist() == [rated.pk, products[1].pk, products[2].pk]


class TestRepeatPurchases:
    """A grocer's shop: what was bought may come again."""

    @pytest.fixture(autouse=True)
    def grocer(self, settings):
        self.settings = settings
        self.after(timedelta(0))
        self.ann = make_shopper()

    def after(self, pause):
        asked = {"repeat_purchases": True, "repeat_after": pause}
        self.settings.RECOMMENDATIONS = {**self.settings.RECOMMENDATIONS, **asked}

    def settled(self, *, now=NOW):
        return history_of(self.ann.pk, conf(), now=now).settled

    def test_what_was_bought_comes_again_and_so_does_what_was_bought_and_liked(self):
        milk, bread = make_product(), make_product()
        make_event(self.ann, milk, Kind.PURCHASE)
        make_event(self.ann, bread, Kind.PURCHASE)
        make_rating(self.ann, bread, 5)
        assert self.settled() == set()

    def test_what_was_dismissed_or_rated_low_never_does(self):
        sprouts, tofu, milk = make_product(), make_product(), make_product()
        for product in (sprouts, tofu, milk):
            make_event(self.ann, product, Kind.PURCHASE)
        make_event(self.ann, sprouts, Kind.DISMISS)
        make_rating(self.ann, tofu, 2)
        assert self.settled(now=NOW + timedelta(days=999)) == {sprouts.pk, tofu.pk}

    def test_what_was_rated_but_never_bought_is_no_repetition(self):
        cheese = make_product()
        make_rating(self.ann, cheese, 5)
        assert self.settled() == {cheese.pk}

    def test_it_comes_again_some_time_after_the_last_purchase(self):
        self.after(timedelta(days=7))
        milk = make_product()
        make_event(self.ann, milk, Kind.PURCHASE, now=NOW - timedelta(days=30))
        assert self.settled() == set()
        make_event(self.ann, milk, Kind.PURCHASE, now=NOW - timedelta(days=6))
        assert self.settled() == {milk.pk}
        assert self.settled(now=NOW + timedelta(days=1)) == set()
