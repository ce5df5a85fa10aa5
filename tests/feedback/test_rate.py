"""feedback.services.rate and unrate: one rating per shopper and product, counted, logged and told."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.models import Product
from feedback.models import Rating, RatingChange, Shopper
from feedback.services import rate, recount_ratings, unrate
from feedback.signals import feedback_recorded
from tests.factories import NOW, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
DEEDS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 5)), max_size=25)


@pytest.fixture
def told():
    """What listeners heard of: (shopper ids, ratings)."""
    heard = []

    def listen(**said):
        heard.append((said["shopper_ids"], said["rated"]))

    feedback_recorded.connect(listen)
    yield heard
    feedback_recorded.disconnect(listen)


class CountsTest(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(deeds=DEEDS)
    def test_counts_versions_and_log_follow_every_rating_edit_and_take_back(self, deeds):
        shoppers, products = [make_shopper() for _ in range(3)], [make_product() for _ in range(3)]
        before = RatingChange.objects.count()
        stars, changes = {}, []
        for hour, (s, p, value) in enumerate(deeds):
            now = NOW + timedelta(hours=hour)
            if value:
                rate(shopper=shoppers[s], product=products[p], value=value, now=now)
                changes.append(value)
                stars[s, p] = (value, now)
            else:
                assert unrate(shopper=shoppers[s], product=products[p], now=now) == ((s, p) in stars)
                changes += [None] if stars.pop((s, p), None) else []
        stored = Rating.objects.filter(shopper__in=shoppers)
        places = {shopper.pk: place for place, shopper in enumerate(shoppers)}
        shelf = {product.pk: place for place, product in enumerate(products)}
        assert stars == {
            (places[row.shopper_id], shelf[row.product_id]): (row.value, row.rated_at) for row in stored
        }
        log = RatingChange.objects.order_by("pk").values_list("value", flat=True)
        assert list(log)[before:] == changes
        for place, product in enumerate(products):
            product.refresh_from_db()
            values = [value for (_, p), (value, _) in stars.items() if p == place]
            assert (product.rating_count, product.rating_total) == (len(values), sum(values))
        counted = list(Product.objects.order_by("pk").values_list("rating_count", "rating_total"))
        recount_ratings()
        assert counted == list(Product.objects.order_by("pk").values_list("rating_count", "rating_total"))


@pytest.mark.parametrize("value", [0, 6, -1, 4.0, 4.5, "5", None, True])
def test_anything_but_a_whole_number_from_1_to_5_is_refused_and_leaves_no_trace(value):
    ann, pot = make_shopper(), make_product()
    with pytest.raises(ValidationError, match="whole number from 1 to 5"):
        rate(shopper=ann, product=pot, value=value, now=NOW)
    ann.refresh_from_db()
    assert not Rating.objects.exists() and not RatingChange.objects.exists()
    assert ann.feedback_version == 0


def test_every_rating_edit_and_take_back_is_told_after_the_commit(django_capture_on_commit_callbacks, told):
    ann, pot = make_shopper(), make_product()
    with django_capture_on_commit_callbacks(execute=True):
        rate(shopper=ann, product=pot, value=2, now=NOW)
        rate(shopper=ann, product=pot, value=2, now=NOW)
        assert told == []
        unrate(shopper=ann, product=pot, now=NOW)
        unrate(shopper=ann, product=pot, now=NOW)
    assert told == [({ann.pk}, 1)] * 3


def test_a_change_of_the_history_moves_the_shoppers_version_and_nobody_elses():
    ann, bob, pot = make_shopper(), make_shopper(), make_product()
    versions = []
    for deed in (
        lambda: rate(shopper=ann, product=pot, value=2, now=NOW),
        lambda: rate(shopper=ann, product=pot, value=4, now=NOW),
        lambda: unrate(shopper=ann, product=pot, now=NOW),
    ):
        deed()
        versions.append(Shopper.objects.get(pk=ann.pk).feedback_version)
    bob.refresh_from_db()
    assert versions == sorted(set(versions)) and versions[0] > 0
    assert bob.feedback_version == 0


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_neither_undoes_nor_fails_the_rating(caplog):
    def fail(**_):
        raise RuntimeError("the listener is broken")

    ann, pot = make_shopper(), make_product()
    feedback_recorded.connect(fail)
    try:
        rate(shopper=ann, product=pot, value=4, now=NOW)
    finally:
        feedback_recorded.disconnect(fail)
    assert Rating.objects.get().value == 4
    assert "the listener is broken" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_rating_that_is_rolled_back_is_never_told_and_counted(told):
    ann, pot = make_shopper(), make_product()
    with pytest.raises(RuntimeError), transaction.atomic():
        rate(shopper=ann, product=pot, value=4, now=NOW)
        raise RuntimeError
    pot.refresh_from_db()
    assert told == []
    assert (pot.rating_count, RatingChange.objects.count()) == (0, 0)


def test_recounting_mends_the_named_products_only():
    ann, pot, pan, cup = make_shopper(), make_product(), make_product(), make_product()
    for product in (pot, pan):
        make_rating(ann, product, 4)
    Product.objects.update(rating_count=9, rating_total=9)
    recount_ratings([pot.pk, cup.pk])
    counts = {row[0]: row[1:] for row in Product.objects.values_list("pk", "rating_count", "rating_total")}
    assert counts == {pot.pk: (1, 4), pan.pk: (9, 9), cup.pk: (0, 0)}
    recount_ratings()
    pan.refresh_from_db()
    assert (pan.rating_count, pan.rating_total) == (1, 4)


def test_recounting_takes_more_products_than_fit_into_one_query(django_assert_num_queries):
    made = [Product(sku=f"P{n}", title="x", slug="x", rating_count=3) for n in range(501)]
    Product.objects.bulk_create(made)
    ids = list(Product.objects.values_list("pk", flat=True))
    with django_assert_num_queries(2):
        recount_ratings(ids)
    assert not Product.objects.exclude(rating_count=0).exists()
