"""What a rating costs the retraining: no query while none can be due, and none is missed or late for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.models import Product
from feedback.models import RatingChange, Shopper
from feedback.selectors import last_rating_change
from feedback.services import NewRating, rate, rate_many, record_event, unrate
from feedback.signals import feedback_recorded
from recommendations import patience, triggers
from recommendations.conf import conf
from recommendations.models import ModelVersion, TrainingRun
from tests.factories import NOW, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
Status, Trigger = TrainingRun.Status, TrainingRun.Trigger
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ENOUGH = 5


@pytest.fixture(autouse=True)
def sent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that were asked for; nothing is delivered."""
    settings.RECOMMENDATIONS = {
        **settings.RECOMMENDATIONS, "algorithm": "popularity", "retrain_after_ratings": ENOUGH,
        "retrain_min_interval": MINUTE,
    }  # fmt: skip
    found: list[int] = []
    monkeypatch.setattr(triggers, "send", found.append)
    return found


@pytest.fixture
def model() -> ModelVersion:
    """A live one that has seen every change so far."""
    return version_of(last_rating_change())


def version_of(change: int) -> ModelVersion:
    now = timezone.now()
    return ModelVersion.objects.create(
        algorithm="popularity", is_live=True, created_at=now, published_at=now, data_watermark=now,
        folder="x", sha256="0" * 64, change_watermark=change,
    )  # fmt: skip


def change(shopper: Shopper, product: Product) -> int:
    """One more change of ratings, told to nobody; its number."""
    return RatingChange.objects.create(shopper=shopper, product=product, value=4, changed_at=NOW).pk


def ask(last_change: int, now: Any = None) -> TrainingRun | None:
    return triggers.request_after_ratings(last_change=last_change, now=now or timezone.now())


def queries_of(ask: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        ask()
    return len(queries)


class TestNoQuery:
    def test_the_first_rating_counts_and_the_next_ones_up_to_the_threshold_ask_nothing(
        self, model: ModelVersion
    ) -> None:
        ann, pot = make_shopper(), make_product()
        assert queries_of(lambda: ask(change(ann, pot))) > 2
        for _ in range(ENOUGH - 2):
            number = change(ann, pot)
            assert queries_of(lambda number=number: ask(number)) == 0  # type: ignore[misc]
        run = ask(change(ann, pot))
        assert run is not None and run.trigger == Trigger.RATINGS

    def test_a_rating_with_all_that_follows_costs_five_statements_and_its_transaction(
        self, model: ModelVersion, django_capture_on_commit_callbacks: Any
    ) -> None:
        ann, pot = make_shopper(), make_product()
        ask(change(ann, pot))
        with CaptureQueriesContext(connection) as queries, django_capture_on_commit_callbacks(execute=True):
            rate(shopper=ann, product=pot, value=3, now=NOW)
        told = [query["sql"].split()[0] for query in queries]
        assert told == ["SAVEPOINT", "UPDATE", "SELECT", "INSERT", "UPDATE", "INSERT", "RELEASE"]

    def test_while_a_training_is_at_work_it_is_looked_at_once_a_second(self, model: ModelVersion) -> None:
        ann, pot, now = make_shopper(), make_product(), timezone.now()
        run = TrainingRun.objects.create(status=Status.RUNNING, trigger=Trigger.ADMIN, created_at=now)
        for _ in range(3 * ENOUGH):
            last = change(ann, pot)
        assert queries_of(lambda: ask(last, now)) == 1
        assert queries_of(lambda: ask(last, now + 0.9 * SECOND)) == 0
        TrainingRun.objects.filter(pk=run.pk).update(status=Status.FAILED, created_at=now - 3 * MINUTE)
        assert ask(last, now + SECOND) is not None

    def test_the_pause_between_two_trainings_is_waited_for_and_not_a_moment_longer(
        self, model: ModelVersion
    ) -> None:
        ann, pot, now = make_shopper(), make_product(), timezone.now()
        TrainingRun.objects.create(
            status=Status.REJECTED, trigger=Trigger.ADMIN, created_at=now - MINUTE + 3 * SECOND
        )
        for _ in range(ENOUGH):
            last = change(ann, pot)
        assert ask(last, now) is None
        assert queries_of(lambda: ask(last, now + 2.9 * SECOND)) == 0
        run = ask(last, now + 3 * SECOND)
        assert run is not None and run.trigger == Trigger.RATINGS


class TestAllTheSameItIsNoticed:
    @pytest.fixture(autouse=True)
    def waiting(self, model: ModelVersion) -> None:
        self.ann, self.pot = make_shopper(), make_product()
        self.first, self.now = change(self.ann, self.pot), timezone.now()
        assert ask(self.first, self.now) is None
        assert queries_of(lambda: ask(self.first + 1, self.now)) == 0

    def test_after_some_seconds_everything_is_looked_at_again(self) -> None:
        assert queries_of(lambda: ask(self.first + 1, self.now + patience.LOOK_AGAIN)) > 0

    def test_a_clock_that_is_put_back_ends_the_patience(self) -> None:
        assert queries_of(lambda: ask(self.first + 1, self.now - SECOND)) > 0

    def test_other_settings_end_it(self, settings: Any) -> None:
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "retrain_after_ratings": 1}
        run = ask(self.first, self.now)
        assert run is not None and run.trigger == Trigger.RATINGS

    def test_a_new_process_counts_for_itself(self) -> None:
        patience.end()
        assert queries_of(lambda: ask(self.first + 1, self.now)) > 0

    def test_the_beat_asks_whatever_a_web_process_knows(self) -> None:
        for _ in range(ENOUGH):
            change(self.ann, self.pot)
        triggers.catch_up(now=self.now)
        assert TrainingRun.objects.get().trigger == Trigger.RATINGS

    def test_ratings_that_other_processes_took_are_waited_for_no_longer(self) -> None:
        for _ in range(ENOUGH - 1):
            last = change(self.ann, self.pot)
        run = ask(last, self.now)
        assert run is not None and run.trigger == Trigger.RATINGS

    def test_numbers_that_were_never_used_only_make_it_count_once_more(self) -> None:
        far = change(self.ann, self.pot) + 100
        RatingChange.objects.create(pk=far, shopper=self.ann, product=self.pot, value=1)
        assert queries_of(lambda: ask(far, self.now)) > 0
        assert queries_of(lambda: ask(far + 1, self.now)) == 0
        RatingChange.objects.create(pk=far + 1, shopper=self.ann, product=self.pot, value=1)
        RatingChange.objects.create(pk=far + 2, shopper=self.ann, product=self.pot, value=1)
        assert ask(far + 2, self.now) is not None


class ExactTest(TestCase):
    """Whatever came before and however often it is looked, the rating that makes it due asks for it."""

    @rules(max_examples=40, deadline=None)
    @given(
        enough=st.integers(1, 12),
        before=st.integers(0, 12),
        processes=st.integers(1, 3),
        turns=st.lists(st.integers(0, 2), min_size=30, max_size=30),
    )
    def test_the_rating_that_reaches_the_threshold_is_the_one(
        self, enough: int, before: int, processes: int, turns: list[int]
    ) -> None:
        ann, pot, now = make_shopper(), make_product(), timezone.now()
        version_of(last_rating_change())
        settings = replace(conf(), algorithm="popularity", retrain_after_ratings=enough)
        for _ in range(min(before, enough - 1)):
            change(ann, pot)
        held: list[patience.Patience | None] = [None] * processes
        for count, turn in enumerate(turns, 1 + min(before, enough - 1)):
            process, last = turn % processes, change(ann, pot)
            patience._held = held[process]
            asked = not patience.holds(settings, last_change=last, now=now)
            found = triggers.look(settings, now=now)
            assert asked or found.trigger is None, "patience with what is due"
            if found.trigger is not None:
                assert count == enough
                break
            if asked:
                patience.begin(settings, last_change=last, missing=found.missing, pause=found.pause, now=now)
                held[process] = patience._held
        else:
            assert enough > len(turns)


class TestWhatIsTold:
    """Every write of ratings says the number of its last change, by which the processes go."""

    @pytest.fixture
    def told(self) -> Iterator[list[tuple[int, int | None]]]:
        heard: list[tuple[int, int | None]] = []

        def listen(**said: Any) -> None:
            heard.append((said["rated"], said["last_change"]))

        feedback_recorded.connect(listen)
        yield heard
        feedback_recorded.disconnect(listen)

    def test_one_rating_a_list_of_them_and_one_that_is_taken_back(
        self, told: list[tuple[int, int | None]], django_capture_on_commit_callbacks: Any
    ) -> None:
        ann, bob, pot = make_shopper(), make_shopper(), make_product()
        last: list[int] = []
        for write in (
            lambda: rate(shopper=ann, product=pot, value=3, now=NOW),
            lambda: unrate(shopper=ann, product=pot, now=NOW),
            lambda: rate_many([NewRating(ann, pot, 5, NOW), NewRating(bob, pot, 4, NOW)], now=NOW),
        ):
            with django_capture_on_commit_callbacks(execute=True):
                write()
            last.append(last_rating_change())
        assert told == [(1, last[0]), (1, last[1]), (2, last[2])]
        assert last == sorted(set(last))

    def test_events_have_no_number_and_ask_nothing(
        self, told: list[tuple[int, int | None]], django_capture_on_commit_callbacks: Any
    ) -> None:
        ann, pot = make_shopper(), make_product()
        with django_capture_on_commit_callbacks(execute=True):
            record_event(shopper=ann, product=pot, kind="view", now=NOW)  # type: ignore[arg-type]
        assert told == [(0, None)]
        assert not TrainingRun.objects.exists()


def test_a_shop_without_a_model_asks_for_the_first_one_at_once(
    sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        make_rating(make_shopper(), make_product())
    assert TrainingRun.objects.get().trigger == Trigger.FIRST and len(sent) == 1
