"""What was taken back is used nowhere: of an event and the one that takes it back, the later counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from feedback import selectors
from feedback.gestures import dismiss, switch, undismiss, unwish, wish
from feedback.models import TAKEN_BACK_BY, TAKES_BACK, Event, Rating, Shopper
from feedback.services import record_events
from feedback.standing import standing, standing_products, taken_back
from recommendations import dataset
from recommendations.conf import EVENT_WEIGHTS, conf
from recommendations.serving.history import history_of
from recommendations.signals import weigh
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper
from tests.training_rows import event_rows, rating_rows

pytestmark = pytest.mark.django_db
Kind = Event.Kind
MINUTE = timedelta(minutes=1)
PAIRS = sorted(TAKEN_BACK_BY.items())


@pytest.mark.parametrize(("done", "undo"), PAIRS)
@pytest.mark.parametrize(
    ("steps", "stands"),
    [
        (["done"], True),
        (["done", "undo"], False),
        (["done", "undo", "done"], True),
        (["done", "done", "undo"], False),
        (["undo"], False),
        (["undo", "done"], True),
    ],
)
def test_the_latest_of_a_pair_counts_everywhere(
    done: Event.Kind, undo: Event.Kind, steps: list[str], stands: bool
) -> None:
    ann, pot = make_shopper(), make_product()
    for minute, step in enumerate(steps):
        make_event(ann, pot, {"done": done, "undo": undo}[step], now=NOW + minute * MINUTE)
    until = NOW + timedelta(hours=1)
    expected = {str(done)} if stands else set()
    recent = selectors.recent_events(since=NOW - MINUTE, until=until, most=100)
    assert {kind for _, kind in selectors.events_of(ann.pk, newest=100)} == expected
    assert {kind for *_, kind, _ in event_rows(until)} == expected
    assert {kind for _, kind, _ in recent} == expected
    assert [row["product_id"] for row in standing_products(ann.pk, done)] == [pot.pk] * stands


def test_what_is_taken_back_touches_neither_other_products_nor_shoppers_nor_kinds() -> None:
    ann, bob, pot, pan = make_shopper(), make_shopper(), make_product(), make_product()
    for shopper in (ann, bob):
        for product in (pot, pan):
            make_event(shopper, product, Kind.WISHLIST)
            make_event(shopper, product, Kind.BASKET)
    make_event(ann, pot, Kind.UNWISH, now=NOW + MINUTE)
    left = {row[:3] for row in event_rows(NOW + MINUTE)}
    everything = {
        (s.pk, p.pk, str(k)) for s in (ann, bob) for p in (pot, pan) for k in ("wishlist", "basket")
    }
    assert left == everything - {(ann.pk, pot.pk, "wishlist")}


def test_training_up_to_a_moment_does_not_know_what_was_taken_back_later() -> None:
    ann, pot = make_shopper(), make_product()
    make_event(ann, pot, Kind.DISMISS)
    make_event(ann, pot, Kind.UNDISMISS, now=NOW + MINUTE)
    assert len(event_rows(NOW)) == 1
    assert event_rows(NOW + MINUTE) == []


DEEDS = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.integers(1, 2),
        st.sampled_from([str(kind) for kind in Kind]),
        st.integers(0, 4).map(lambda minute: NOW + minute * MINUTE),
    ),
    max_size=14,
)


@given(deeds=DEEDS, data=st.data())
def test_the_order_of_the_rows_does_not_matter(deeds: list[Any], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(deeds))
    left, again = (list(standing(rows, taken_back(rows))) for rows in (deeds, shuffled))
    assert sorted(left) == sorted(again)
    for deed in deeds:
        who, what, kind, when = deed
        undo = TAKEN_BACK_BY.get(Kind(kind))
        ends = [row[3] for row in deeds if row[:3] == (who, what, undo)]
        stands = kind not in TAKES_BACK and all(when > end for end in ends)
        assert (deed in left) == stands


def test_the_model_and_the_list_see_a_dismissal_taken_back_as_none() -> None:
    ann, pot, pan = make_shopper(), make_product(), make_product()
    make_event(ann, pan, Kind.VIEW)
    make_event(ann, pot, Kind.DISMISS)
    assert history_of(ann.pk, conf(), now=NOW).settled == {pot.pk}
    make_event(ann, pot, Kind.UNDISMISS, now=NOW + MINUTE)
    history = history_of(ann.pk, conf(), now=NOW)
    assert (history.settled, history.history.products.tolist()) == (frozenset(), [pan.pk])
    assert dataset.load(conf(), now=NOW + MINUTE).signals.products.tolist() == [pan.pk]


def test_an_event_that_takes_back_weighs_nothing_should_it_ever_be_weighed() -> None:
    kinds = np.array([*TAKES_BACK], dtype=object)
    weights = weigh(kinds, np.full(len(kinds), np.nan, np.float32), ratings={}, events=EVENT_WEIGHTS)
    assert weights.tolist() == [0.0] * len(kinds)


def test_the_database_knows_the_kinds_and_no_others() -> None:
    ann, pot = make_shopper(), make_product()
    for kind in Kind:
        Event.objects.create(shopper=ann, product=pot, kind=kind)
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.create(shopper=ann, product=pot, kind="unview")


@pytest.mark.parametrize(("do", "undo"), [(dismiss, undismiss), (wish, unwish)])
def test_doing_and_taking_back_in_turns_within_a_moment_always_ends_with_the_last(do: Any, undo: Any) -> None:
    ann, pot = make_shopper(), make_product()
    kind = Kind.DISMISS if do is dismiss else Kind.WISHLIST
    assert not undo(ann, pot, now=NOW)
    for turn in range(3):
        # The clock stands still, or even goes back: another machine's.
        assert do(ann, pot, now=NOW - turn * MINUTE)
        assert standing_products(ann.pk, kind).exists()
        assert undo(ann, pot, now=NOW - turn * MINUTE)
        assert not standing_products(ann.pk, kind).exists()
    assert Event.objects.count() == 6


def test_saying_it_again_writes_nothing_and_leaves_the_lists_be() -> None:
    ann, pot = make_shopper(), make_product()
    assert [wish(ann, pot, now=NOW), wish(ann, pot, now=NOW + MINUTE)] == [True, False]
    ann.refresh_from_db()
    assert (Event.objects.count(), ann.feedback_version) == (1, 1)
    assert unwish(ann, pot, now=NOW + MINUTE)
    ann.refresh_from_db()
    assert ann.feedback_version == 2


def test_two_requests_that_saw_the_same_state_write_one_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one has read the past before the first one wrote: the key is what stops it."""
    ann, pot = make_shopper(), make_product()
    written: list[bool] = []
    from feedback import gestures

    record = record_events

    def with_a_rival_in_between(events: Any) -> set[str]:
        monkeypatch.setattr(gestures, "record_events", record)
        written.append(switch(Kind.WISHLIST, ann, pot, now=NOW))
        return record(events)

    monkeypatch.setattr(gestures, "record_events", with_a_rival_in_between)
    written.append(switch(Kind.WISHLIST, ann, pot, now=NOW))
    assert written == [True, False]
    assert Event.objects.count() == 1


def test_the_api_takes_dismissals_and_their_taking_back(client: Client) -> None:
    make_product(sku="POT")
    rows = [
        {"shopper": "ann", "product": "POT", "kind": kind, "occurred_at": f"2026-06-01T10:0{minute}:00Z"}
        for minute, kind in enumerate(["dismiss", "undismiss"])
    ]
    assert client.post("/api/v1/events", rows, content_type="application/json").status_code == 200
    ann = Shopper.objects.get()
    assert ann.feedback_version == 1
    assert selectors.events_of(ann.pk, newest=10) == []


class TestWithoutConsent:
    def test_nothing_of_a_shopper_reaches_lists_of_others_or_training(self) -> None:
        ann, bob = make_shopper(consent=False), make_shopper()
        pot, pan, cup = make_product(), make_product(), make_product()
        for shopper, things in ((ann, [pot, pan]), (bob, [pot, cup])):
            for thing in things:
                make_rating(shopper, thing, 5)
                make_event(shopper, thing, Kind.PURCHASE, order_ref=f"order-{shopper.pk}")
        since = NOW - MINUTE
        theirs = {pot.pk, cup.pk}
        assert {row[1] for row in rating_rows(NOW)} == theirs
        assert {row[1] for row in event_rows(NOW)} == theirs
        assert {row[0] for row in selectors.recent_events(since=since, until=NOW, most=10)} == theirs
        assert {row[0] for row in selectors.recent_ratings(since=since, until=NOW, most=10)} == theirs
        assert selectors.co_purchases(pot.pk, most=10, least=1) == {cup.pk: 1}
        assert selectors.order_counts([pot.pk, pan.pk]) == {pot.pk: 1}
        assert selectors.order_count() == 1

    def test_a_visit_is_not_noted_but_what_they_say_is(self, client: Client) -> None:
        from tests.visits import sign_in

        ann, pot = sign_in(client), make_product(sku="pot")
        client.get("/products/pot/")
        assert Event.objects.get().kind == Kind.VIEW
        Event.objects.all().delete()
        Shopper.objects.update(consent=False)
        client.get("/products/pot/")
        assert not Event.objects.exists()
        client.post("/feedback/dismiss/", {"sku": "pot"})
        assert Event.objects.get().kind == Kind.DISMISS
        assert selectors.has_dismissed(ann, pot.pk)


def test_sorting_all_ratings_by_time_uses_the_index() -> None:
    if connection.vendor == "postgresql":
        # A table this small is read whole; the question is whether the index would do.
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Rating.objects.order_by("-rated_at").explain()
    assert "rating_newest" in plan
