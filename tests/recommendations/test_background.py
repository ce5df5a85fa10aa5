"""Beat and workers: heard of, or missed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from feedback.models import BeatRound, OutboxEntry
from recommendations import background
from recommendations.models import TrainingRun
from tests.factories import NOW

pytestmark = pytest.mark.django_db
LONG = timedelta(minutes=3)


def look() -> background.Background:
    return background.look(gone_after=LONG, now=NOW)


def the_beat_came(ago: timedelta) -> datetime:
    came_at = NOW - ago
    BeatRound.objects.update_or_create(name="feedback", defaults={"came_at": came_at})
    return came_at


def a_run(status: str, *, asked: timedelta, heard: timedelta | None = None) -> None:
    TrainingRun.objects.create(
        trigger="ratings", status=status, created_at=NOW - asked,
        started_at=None if heard is None else NOW - asked,
        heartbeat_at=None if heard is None else NOW - heard,
    )  # fmt: skip


def test_a_beat_that_comes_round_is_well() -> None:
    came_at = the_beat_came(timedelta(seconds=20))
    assert look() == background.Background("", seen_at=came_at)


def test_one_that_has_never_come_is_new() -> None:
    seen = look()
    assert seen.is_new and "not come round yet" in seen.trouble


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (LONG, ""),
        (timedelta(minutes=5), "5 minutes"),
        (timedelta(hours=5), "5 hours"),
        (timedelta(minutes=3, seconds=1), "3 minutes"),
    ],
)
def test_after_three_minutes_of_silence_it_is_missed(ago: timedelta, words: str) -> None:
    the_beat_came(ago)
    assert words in look().trouble and bool(look().trouble) == bool(words)


def test_one_that_came_at_a_moment_far_ahead_is_missed_until_it_comes_again() -> None:
    the_beat_came(-timedelta(minutes=30))
    assert not look().trouble, "machines' clocks differ"
    the_beat_came(-timedelta(hours=2))
    assert "a clock was put back" in look().trouble


def test_a_worker_that_is_busy_with_a_long_training_is_not_missed() -> None:
    the_beat_came(timedelta(hours=1))
    a_run("running", asked=timedelta(hours=1), heard=timedelta(seconds=4))
    assert not look().trouble


def test_a_trainer_does_not_hide_that_the_worker_which_came_round_beside_it_is_gone() -> None:
    the_beat_came(timedelta(minutes=20))
    a_run("running", asked=timedelta(hours=1), heard=timedelta(seconds=4))
    assert "20 minutes" in look().trouble


def test_one_that_stopped_in_the_middle_of_a_training_is() -> None:
    the_beat_came(timedelta(hours=1))
    a_run("running", asked=timedelta(hours=1), heard=timedelta(minutes=30))
    assert "30 minutes" in look().trouble


def test_a_training_nobody_takes_is_told_although_the_beat_comes_round() -> None:
    the_beat_came(timedelta(0))
    a_run("queued", asked=timedelta(seconds=100))
    assert not look().trouble
    TrainingRun.objects.update(created_at=NOW - timedelta(minutes=9))
    assert "training has been waiting for 9 minutes" in look().trouble


def test_trainings_of_the_past_say_nothing() -> None:
    the_beat_came(timedelta(0))
    a_run("published", asked=timedelta(days=3), heard=timedelta(days=3))
    assert not look().trouble


@pytest.mark.parametrize("asked", [timedelta(minutes=1), timedelta(days=-1)])
def test_a_heartbeat_of_now_counts_beside_a_round_of_before_the_clock_was_put_back(asked: timedelta) -> None:
    the_beat_came(timedelta(days=-1))
    a_run("running", asked=asked, heard=timedelta(seconds=4))
    assert not look().trouble


def test_a_round_of_now_counts_beside_a_heartbeat_of_before_the_clock_was_put_back() -> None:
    came_at = the_beat_came(timedelta(seconds=20))
    a_run("running", asked=timedelta(days=-1), heard=timedelta(days=-1))
    assert look() == background.Background("", seen_at=came_at)


def test_what_has_to_follow_a_change_and_does_not_is_told() -> None:
    the_beat_came(timedelta(0))
    entry = OutboxEntry.objects.create(kind="any", payload={}, created_at=NOW - timedelta(minutes=2))
    assert not look().trouble, "it may still be done"
    OutboxEntry.objects.filter(pk=entry.pk).update(created_at=NOW - timedelta(minutes=9))
    assert "has failed for 9 minutes" in look().trouble


def test_it_costs_three_queries(django_assert_num_queries: object) -> None:
    the_beat_came(timedelta(0))
    with django_assert_num_queries(3):  # type: ignore[operator]
        look()
