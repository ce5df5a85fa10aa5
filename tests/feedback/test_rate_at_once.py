"""feedback.at_once: what `rate` writes, by ids alone, and in one statement where the database can."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.changes.reading import Stamp, stamp
from catalog.models import Product
from feedback.at_once import Given, rate_at_once
from feedback.models import Rating, RatingChange, Shopper
from feedback.services import Outcome, rate_unless_same, unrate
from feedback.signals import feedback_recorded
from tests.factories import NOW, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
IS_POSTGRESQL = connection.vendor == "postgresql"
DEEDS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 5)), max_size=20)


def give(shopper: str, sku: str, value: int, *, now: Any = NOW, seen: Stamp | None = None) -> Given | None:
    return rate_at_once(shopper, sku, value=value, now=now, seen=seen or stamp())[1]


def written() -> list[Any]:
    """Everything a rating writes, by names."""
    return [
        list(Shopper.objects.order_by("external_id").values_list("external_id", "feedback_version")),
        list(Product.objects.order_by("sku").values_list("sku", "rating_count", "rating_total")),
        list(
            Rating.objects.order_by("shopper__external_id", "product__sku").values_list(
                "shopper__external_id", "product__sku", "value", "rated_at"
            )
        ),
        list(
            RatingChange.objects.order_by("pk").values_list(
                "shopper__external_id", "product__sku", "value", "changed_at"
            )
        ),
    ]


class SameTest(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(deeds=DEEDS)
    def test_whatever_is_rated_and_taken_back_it_writes_what_rate_writes(self, deeds: Any) -> None:
        shoppers = [make_shopper(name) for name in ("a-ann", "a-bob", "b-ann", "b-bob")]
        products = [make_product(sku=sku) for sku in ("a-pot", "a-pan", "b-pot", "b-pan")]
        for hour, (s, p, value) in enumerate(deeds):
            now = NOW + timedelta(hours=hour)
            one, other = (shoppers[s], products[p]), (shoppers[2 + s], products[2 + p])
            if not value:
                for shopper, product in (one, other):
                    unrate(shopper=shopper, product=product, now=now)
                continue
            rating, outcome = rate_unless_same(shopper=one[0], product=one[1], value=value, now=now)
            told = give(other[0].external_id, other[1].sku, value, now=now)
            assert told == Given(other[1].title, rating.value, rating.rated_at, outcome)
        assert half("a-") == half("b-")


def half(prefix: str) -> list[Any]:
    """What was written of the names with the prefix, without it."""
    return [
        [tuple(str(cell).removeprefix(prefix) for cell in row) for row in rows if row[0].startswith(prefix)]
        for rows in written()
    ]


def test_it_says_what_became_of_the_rating() -> None:
    ann, pot = make_shopper("ann"), make_product("Teapot", sku="POT")
    later = NOW + timedelta(hours=1)
    assert give("ann", "POT", 4) == Given("Teapot", 4, NOW, Outcome.CREATED)
    assert give("ann", "POT", 4, now=later) == Given("Teapot", 4, NOW, Outcome.ALREADY_STORED)
    assert give("ann", "POT", 2, now=later) == Given("Teapot", 2, later, Outcome.UPDATED)
    ann.refresh_from_db()
    pot.refresh_from_db()
    assert (ann.feedback_version, pot.rating_count, pot.rating_total) == (2, 1, 2)
    assert RatingChange.objects.count() == 2


@pytest.mark.parametrize(("shopper", "sku"), [("nobody", "POT"), ("ann", "GHOST"), ("nobody", "GHOST")])
def test_who_or_what_nobody_knows_is_left_to_others(shopper: str, sku: str) -> None:
    make_shopper("ann")
    make_product(sku="POT")
    before, state = written(), stamp()
    assert rate_at_once(shopper, sku, value=4, now=NOW, seen=state) == (state, None)
    assert written() == before


@pytest.mark.parametrize("seen", [Stamp(), Stamp("another epoch", 1)])
def test_a_shop_in_another_state_is_told_and_nothing_is_written(seen: Stamp) -> None:
    ann, pot, pan = make_shopper("ann"), make_product(sku="POT"), make_product(sku="PAN")
    make_rating(ann, pan, 3)
    before = written()
    for sku, value in (("POT", 4), ("PAN", 3)):
        assert rate_at_once("ann", sku, value=value, now=NOW, seen=seen) == (stamp(), None)
    assert written() == before
    Product.objects.filter(pk=pot.pk).update(price="99.00")
    assert stamp() != seen


@pytest.mark.parametrize("value", [0, 6, -1])
def test_what_is_no_rating_is_refused(value: int) -> None:
    make_shopper("ann")
    make_product(sku="POT")
    with pytest.raises(ValueError, match="no rating"):
        give("ann", "POT", value)
    assert not Rating.objects.exists()


def test_what_changed_is_told_after_the_commit_and_what_did_not_is_not(
    django_capture_on_commit_callbacks: Any,
) -> None:
    ann = make_shopper("ann")
    make_product(sku="POT")
    told: list[Any] = []

    def listen(**said: Any) -> None:
        told.append((said["shopper_ids"], said["rated"], said["last_change"]))

    feedback_recorded.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            give("ann", "POT", 4)
            assert told == []
            give("ann", "POT", 4)
    finally:
        feedback_recorded.disconnect(listen)
    assert told == [({ann.pk}, 1, RatingChange.objects.get().pk)]


def test_it_is_one_statement_or_one_transaction() -> None:
    make_shopper("ann")
    make_product(sku="POT")
    state = stamp()
    for value in (4, 4, 2):
        with CaptureQueriesContext(connection) as queries:
            give("ann", "POT", value, seen=state)
        said = [query["sql"].split()[0] for query in queries]
        assert said == ["WITH"] if IS_POSTGRESQL else [said[0], said[-1]] == ["SAVEPOINT", "RELEASE"]


@pytest.mark.parametrize("prepared", [True, False])
def test_a_pooler_that_knows_no_prepared_statements_makes_no_difference(
    settings: Any, prepared: bool
) -> None:
    settings.SHOPRECO_PREPARED_STATEMENTS = prepared
    make_shopper("100% ann's")
    make_product('A "pot"', sku="POT")
    for value in (4, 5):
        given_now = give("100% ann's", "POT", value)
        assert given_now is not None and (given_now.title, given_now.value) == ('A "pot"', value)
