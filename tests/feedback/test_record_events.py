"""feedback.services.record_event(s): append-only, each idempotency key once, told after the commit."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from feedback.models import Event, RatingChange
from feedback.services import NewEvent, record_event, record_events
from feedback.signals import feedback_recorded
from tests.factories import NOW, make_product, make_shopper

pytestmark = pytest.mark.django_db
Kind = Event.Kind


@pytest.fixture
def told():
    heard = []

    def listen(**said):
        heard.append((said["shopper_ids"], said["rated"]))

    feedback_recorded.connect(listen)
    yield heard
    feedback_recorded.disconnect(listen)


def test_an_event_is_stored_with_all_it_says():
    ann, pot = make_shopper(), make_product()
    event = NewEvent(ann, pot, Kind.PURCHASE, NOW, "order-7-pot", quantity=3, order_ref="order-7")
    assert record_events([event]) == {"order-7-pot"}
    stored = Event.objects.get()
    assert (stored.shopper, stored.product, stored.kind, stored.occurred_at) == (ann, pot, "purchase", NOW)
    assert (stored.quantity, stored.order_ref, stored.idempotency_key) == (3, "order-7", "order-7-pot")


def test_a_key_is_written_once_and_the_first_stays_as_it_was():
    ann, pot = make_shopper(), make_product()
    later = NOW + timedelta(hours=1)
    assert record_event(shopper=ann, product=pot, kind=Kind.VIEW, now=NOW, idempotency_key="k")
    assert not record_event(shopper=ann, product=pot, kind=Kind.CLICK, now=later, idempotency_key="k")
    stored = Event.objects.get()
    assert (stored.kind, stored.occurred_at) == ("view", NOW)


def test_events_without_a_key_are_all_written():
    ann, pot = make_shopper(), make_product()
    for _ in range(2):
        assert record_event(shopper=ann, product=pot, kind=Kind.VIEW, now=NOW)
    assert Event.objects.count() == 2


def test_of_many_only_the_new_keys_are_named_and_counted(django_capture_on_commit_callbacks, told):
    ann, bob, pot = make_shopper(), make_shopper(), make_product()
    record_events([NewEvent(ann, pot, Kind.VIEW, NOW, "old")])
    with django_capture_on_commit_callbacks(execute=True):
        fresh = record_events(
            [NewEvent(ann, pot, Kind.VIEW, NOW, "old"), NewEvent(bob, pot, Kind.VIEW, NOW, "new"),
             NewEvent(bob, pot, Kind.VIEW, NOW, "new")]
        )  # fmt: skip
        assert told == []
    assert fresh == {"new"}
    assert told == [({bob.pk}, 0)]
    for shopper in (ann, bob):
        shopper.refresh_from_db()
        assert shopper.feedback_version == 1


def test_nothing_new_is_told_to_nobody(django_capture_on_commit_callbacks, told):
    ann, pot = make_shopper(), make_product()
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        assert record_events([]) == set()
    record_events([NewEvent(ann, pot, Kind.VIEW, NOW, "k")])
    with django_capture_on_commit_callbacks(execute=True) as repeated:
        assert record_events([NewEvent(ann, pot, Kind.VIEW, NOW, "k")]) == set()
    assert (callbacks, repeated, told) == ([], [], [])


def test_events_are_no_rating_changes():
    record_event(shopper=make_shopper(), product=make_product(), kind=Kind.DISMISS, now=NOW)
    assert not RatingChange.objects.exists()


@pytest.mark.parametrize(("kind", "quantity"), [("looked", 1), ("view", 0)])
def test_the_database_itself_refuses_unknown_kinds_and_empty_quantities(kind, quantity):
    ann, pot = make_shopper(), make_product()
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.create(shopper=ann, product=pot, kind=kind, quantity=quantity)
