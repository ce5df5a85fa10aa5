"""The beat goes on sending whatever becomes of the clock; by Celery's own scheduler, kept in a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.schedules import crontab

from shopreco import celery as shops
from shopreco.beat import TOLERATED, SteadyScheduler

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Clock:
    """A Celery app whose clock is put where a test wants it, and what its beat has sent."""

    def __init__(self, folder: Path) -> None:
        self.now, self.folder, self.sent = NOON, folder, list[str]()
        self.app: Any = Celery("clocks", broker="memory://", set_as_current=False)
        self.app.conf.beat_schedule = {
            "often": {"task": "often", "schedule": 20.0},
            "nightly": {"task": "nightly", "schedule": crontab(hour=4, minute=17)},
        }
        self.app.now = lambda: self.now  # type: ignore[method-assign]

    def beat(self) -> Any:
        """A beat that is started, with what the last one has left."""
        made: Any = SteadyScheduler(app=self.app, schedule_filename=str(self.folder / "schedule"))
        made.apply_entry = lambda entry, **_: self.sent.append(entry.name)
        for entry in made.schedule.values():
            # What came out of the file asks whichever app is the current one.
            entry.app = entry.schedule.app = self.app
        return made


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[Clock]:
    yield Clock(tmp_path)


def rounds(beat: Any, clock: Clock, *, seconds: int) -> list[str]:
    """What is sent in so many seconds, with the clock going on between."""
    clock.sent.clear()
    for _ in range(seconds):
        for _ in range(5):
            if beat.tick() > 0:
                break
        else:
            pytest.fail("there is always something to send")
        clock.now += timedelta(seconds=1)
    return list(clock.sent)


def test_the_shops_beat_is_of_this_kind() -> None:
    assert shops.app.conf.beat_scheduler == f"{SteadyScheduler.__module__}:{SteadyScheduler.__name__}"


def test_it_sends_every_twenty_seconds(clock: Clock) -> None:
    assert len(rounds(clock.beat(), clock, seconds=100)) == 4, "the first one after twenty seconds"


@pytest.mark.parametrize("jump", [timedelta(minutes=2), timedelta(hours=2), timedelta(days=400)])
def test_a_clock_put_back_while_it_runs_costs_one_round_at_most(clock: Clock, jump: timedelta) -> None:
    beat = clock.beat()
    rounds(beat, clock, seconds=50)
    clock.now -= jump
    assert rounds(beat, clock, seconds=45).count("often") == 2


def test_what_an_earlier_beat_has_done_by_a_clock_that_was_ahead_keeps_the_next_from_nothing(
    clock: Clock,
) -> None:
    clock.now += timedelta(days=1)
    before = clock.beat()
    rounds(before, clock, seconds=50)
    before.close()
    clock.now = NOON
    assert rounds(clock.beat(), clock, seconds=45).count("often") == 2


def test_a_small_correction_changes_nothing(clock: Clock) -> None:
    beat = clock.beat()
    rounds(beat, clock, seconds=50)
    clock.now -= TOLERATED / 2
    assert rounds(beat, clock, seconds=100).count("often") >= 3


def test_what_is_done_once_a_day_is_done_at_its_hour_after_a_jump(clock: Clock) -> None:
    clock.now += timedelta(days=3)
    beat = clock.beat()
    rounds(beat, clock, seconds=5)
    clock.now = datetime(2026, 5, 5, 4, 16, 50, tzinfo=UTC)
    assert rounds(beat, clock, seconds=30).count("nightly") == 1
