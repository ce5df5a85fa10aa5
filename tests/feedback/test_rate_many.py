"""feedback.services.rate_many: the same as rating one by one, in one go."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.models import Product
from feedback.models import Rating, RatingChange, Shopper
from feedback.services import NewRating, Outcome, rate, rate_many, shoppers_named
from feedback.signals import feedback_recorded
from tests.factories import NOW, make_product, make_rating, make_shopper

ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 5), st.integers(0, 3)), max_size=25
)


def one_by_one(rows):
    """The rule, in its plainest form: a rating replaces what is stored unless it is older."""
    stored: dict[tuple[int, int], tuple[int, int]] = {}
    for shopper, product, value, hour in rows:
        if (shopper, product) not in stored or hour >= stored[shopper, product][1]:
            stored[shopper, product] = (value, hour)
    return stored


class BatchTest(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(before=ROWS, rows=ROWS)
    def test_a_list_ends_like_its_rows_one_by_one(self, before, rows):
        shoppers, products = [make_shopper() for _ in range(3)], [make_product() for _ in range(3)]

        def send(batch):
            return rate_many(
                [
                    NewRating(shoppers[s], products[p], value, NOW + timedelta(hours=hour))
                    for s, p, value, hour in batch
                ],
                now=NOW,
            )

        send(before)
        changes = RatingChange.objects.count()
        outcomes = send(rows)
        expected = one_by_one(before + rows)
        stored = {
            (shoppers.index(rating.shopper), products.index(rating.product)): (
                rating.value,
                (rating.rated_at - NOW) // timedelta(hours=1),
            )
            for rating in Rating.objects.select_related("shopper", "product")
            if rating.shopper in shoppers
        }
        assert stored == expected
        written = sum(outcome in (Outcome.CREATED, Outcome.UPDATED) for outcome in outcomes)
        assert RatingChange.objects.count() - changes == written
        for position, product in enumerate(products):
            values = [value for (_, p), (value, _) in expected.items() if p == position]
            product = Product.objects.get(pk=product.pk)
            assert (product.rating_count, product.rating_total) == (len(values), sum(values))


@pytest.mark.django_db
def test_a_list_is_told_once_with_all_its_shoppers(django_capture_on_commit_callbacks):
    ann, bob, idle = make_shopper(), make_shopper(), make_shopper()
    pot, told = make_product(), []

    def listen(**said):
        told.append((said["shopper_ids"], said["rated"]))

    stored = make_rating(idle, pot, 3)
    feedback_recorded.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            rate_many(
                [
                    NewRating(ann, pot, 5, NOW),
                    NewRating(bob, pot, 4, NOW),
                    NewRating(idle, pot, 3, stored.rated_at),
                ],
                now=NOW,
            )
    finally:
        feedback_recorded.disconnect(listen)
    assert told == [({ann.pk, bob.pk}, 2)]
    versions = dict(Shopper.objects.values_list("pk", "feedback_version"))
    assert (versions[ann.pk], versions[bob.pk], versions[idle.pk]) == (1, 1, 1)


@pytest.mark.django_db
def test_a_bad_value_writes_nothing_of_the_list():
    ann, pot = make_shopper(), make_product()
    with pytest.raises(ValidationError):
        rate_many([NewRating(ann, pot, 5, NOW), NewRating(ann, pot, 6, NOW)], now=NOW)
    assert not Rating.objects.exists()


@pytest.mark.django_db
def test_ratings_given_singly_and_in_lists_count_alike():
    ann, bob, pot = make_shopper(), make_shopper(), make_product()
    rate(shopper=ann, product=pot, value=2, now=NOW)
    assert rate_many([NewRating(ann, pot, 4, NOW), NewRating(bob, pot, 1, NOW)], now=NOW) == [
        Outcome.UPDATED,
        Outcome.CREATED,
    ]
    pot.refresh_from_db()
    assert (pot.rating_count, pot.rating_total) == (2, 5)


@pytest.mark.django_db
def test_naming_shoppers_finds_some_and_makes_the_rest():
    ann = make_shopper("ann")
    named = shoppers_named(["ann", "bob", "bob"], now=NOW)
    assert named["ann"] == ann
    assert named["bob"].created_at == NOW
    assert Shopper.objects.count() == 2
