"""feedback.columns: all feedback as numbers, streamed, the same as one would read row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Product
from feedback import columns
from feedback.columns import KINDS, Microseconds, event_columns, joined, rating_columns
from feedback.models import TAKES_BACK, Event, Rating, Shopper
from feedback.standing import standing, taken_back
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper
from tests.training_rows import event_rows, rating_rows

pytestmark = pytest.mark.django_db
MOMENTS = st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1)).map(lambda when: when.replace(tzinfo=UTC))  # noqa: DTZ001
_keys = count()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=MOMENTS)
@pytest.mark.parametrize("part", [0, 1, 499_999, 500_000, 999_500, 999_999])
def test_a_moment_is_exact_to_the_microsecond(moment: datetime, part: int) -> None:
    """Also right before the next second, which is where databases like to round."""
    moment = moment.replace(microsecond=part)
    rating = make_rating(make_shopper(), make_product(), now=NOW)
    Rating.objects.filter(pk=rating.pk).update(rated_at=moment)
    ((_, _, _, read),) = rating_rows(datetime(2200, 1, 1, tzinfo=UTC))
    assert read == moment
    seconds = joined(rating_columns(datetime(2200, 1, 1, tzinfo=UTC))).seconds.tolist()
    assert seconds == [(moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)]
    rating.delete()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deeds=st.lists(
        st.tuples(
            st.integers(0, 2), st.integers(0, 2), st.sampled_from(list(KINDS)),
            st.integers(0, 4).map(lambda step: NOW + step * timedelta(microseconds=1)),
        ),
        max_size=30,
    ),
    portion=st.integers(1, 7),
    until=st.integers(-1, 5).map(lambda step: NOW + step * timedelta(microseconds=1)),
)  # fmt: skip
def test_events_are_those_that_stand_when_read_one_by_one(deeds, portion: int, until: datetime) -> None:
    Event.objects.all().delete()
    people = [make_shopper() for _ in range(3)]
    things = [make_product() for _ in range(3)]
    Shopper.objects.filter(pk=people[2].pk).update(consent=False)
    Event.objects.bulk_create(
        Event(
            shopper=people[who], product=things[what], kind=kind, occurred_at=when,
            idempotency_key=f"k{next(_keys)}",
        )
        for who, what, kind, when in deeds
    )  # fmt: skip
    rows = [
        (people[who].pk, things[what].pk, kind, when)
        for who, what, kind, when in deeds
        if who < 2 and when <= until
    ]
    expected = sorted(standing(rows, taken_back(rows)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "PORTION", portion)
        assert sorted(event_rows(until)) == expected


def test_ratings_come_in_portions_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "PORTION", 4)
    ann = make_shopper()
    given_stars = {make_product().pk: 1 + number % 5 for number in range(10)}
    for product, stars in given_stars.items():
        make_rating(ann, Product.objects.get(pk=product), stars)
    portions = list(rating_columns(NOW))
    assert [len(portion) for portion in portions] == [4, 4, 2]
    read = joined(iter(portions))
    assert dict(zip(read.products.tolist(), read.whats.tolist(), strict=True)) == given_stars
    assert {column.dtype.name for column in vars(read).values()} == {"int64"}


def test_nothing_is_no_rows() -> None:
    assert len(joined(rating_columns(NOW))) == len(joined(event_columns(NOW))) == 0


def test_every_kind_has_a_number_and_only_those_that_take_back_are_left_out() -> None:
    ann, pot = make_shopper(), make_product()
    for kind in Event.Kind:
        # Each for a product of its own, lest one takes back another.
        make_event(ann, make_product() if kind in TAKES_BACK else pot, kind)
    assert {row[2] for row in event_rows(NOW)} == set(KINDS) - {str(kind) for kind in TAKES_BACK}


def test_reading_ends_when_the_reader_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is usable at once: neither a cursor nor a transaction is left open."""
    monkeypatch.setattr(columns, "PORTION", 1)
    ann = make_shopper()
    for _ in range(5):
        make_rating(ann, make_product())
    before = connection.in_atomic_block
    for _portion in rating_columns(NOW):
        pass
    assert connection.in_atomic_block == before
    make_rating(ann, make_product())
    assert len(rating_rows(NOW)) == 6


def test_the_same_moment_is_the_same_number_on_either_database() -> None:
    rating = make_rating(make_shopper(), make_product(), now=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC))
    number = Rating.objects.filter(pk=rating.pk).values_list(Microseconds("rated_at"), flat=True).get()
    assert number == 1_767_323_045_000_678
