"""recommendations.runs: every step of a training run is taken once, by one process."""

import time
from datetime import timedelta
from threading import Barrier, Thread
from threading import enumerate as enumerate_threads

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from recommendations import runs
from recommendations.models import TrainingRun
from tests.factories import NOW

pytestmark = pytest.mark.django_db
Status, Trigger = TrainingRun.Status, TrainingRun.Trigger
HALF_A_MINUTE = timedelta(seconds=30)


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def open_run(**fields) -> TrainingRun:
    run = runs.open_run(trigger=Trigger.ADMIN, now=NOW, **fields)
    assert run is not None
    return run


def running() -> TrainingRun:
    run = open_run()
    assert runs.claim(run.pk, now=NOW)
    return run


class TestOpening:
    def test_a_new_run_waits_in_the_queue(self):
        run = open_run(algorithm="ease")
        assert (run.status, run.stage, run.percent, run.algorithm) == ("queued", "queued", 0, "ease")
        assert run.is_active and run.created_at == NOW

    @pytest.mark.parametrize("status", TrainingRun.ACTIVE)
    def test_there_is_one_active_run_only(self, status):
        run = open_run()
        TrainingRun.objects.update(status=status)
        assert runs.open_run(trigger=Trigger.RATINGS, now=NOW) is None
        assert list(TrainingRun.objects.all()) == [run]

    @pytest.mark.parametrize("status", [Status.PUBLISHED, Status.REJECTED, Status.FAILED])
    def test_after_the_end_of_a_run_another_may_begin(self, status):
        open_run()
        TrainingRun.objects.update(status=status)
        assert open_run().is_active

    def test_the_database_itself_refuses_a_second_active_run(self):
        open_run()
        with pytest.raises(IntegrityError), transaction.atomic():
            TrainingRun.objects.create(trigger=Trigger.AGE, status=Status.RUNNING)


class TestClaiming:
    def test_of_two_claims_one_wins(self):
        run = open_run()
        assert [runs.claim(run.pk, now=NOW), runs.claim(run.pk, now=later(1))] == [True, False]
        run.refresh_from_db()
        assert (run.status, run.started_at, run.heartbeat_at) == ("running", NOW, NOW)

    def test_what_is_over_or_never_was_cannot_be_claimed(self):
        run = running()
        runs.fail(run.pk, outcome="x", now=NOW)
        assert not runs.claim(run.pk, now=NOW)
        assert not runs.claim(run.pk + 1, now=NOW)

    @pytest.mark.django_db(transaction=True)
    def test_of_claims_in_the_same_moment_one_wins(self):
        run, start, wins = open_run(), Barrier(4), []

        def claim():
            start.wait()
            try:
                while True:
                    try:
                        wins.append(runs.claim(run.pk, now=NOW))
                        return
                    except DatabaseError:  # locked for a moment
                        time.sleep(0.01)
            finally:
                connection.close()

        threads = [Thread(target=claim) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(wins) == [False, False, False, True]


class TestEnding:
    @pytest.mark.parametrize(
        ("status", "stage"), [(Status.PUBLISHED, "done"), (Status.REJECTED, "kept the live model")]
    )
    def test_the_end_is_written_down(self, status, stage):
        run = running()
        runs.advance(run.pk, stage="fitting", percent=70, now=later(5))
        runs.note_watermark(run.pk, 42)
        runs.finish(run.pk, status=status, outcome="Fine.", now=later(9))
        run.refresh_from_db()
        assert (run.status, run.stage, run.percent, run.outcome) == (status, stage, 100, "Fine.")
        assert (run.heartbeat_at, run.finished_at, run.change_watermark) == (later(5), later(9), 42)
        assert not run.is_active

    def test_a_failure_shows_how_far_the_run_had_come(self):
        run = running()
        runs.advance(run.pk, stage="fitting", percent=70, now=NOW)
        runs.fail(run.pk, outcome="Out of memory.", now=later(9))
        run.refresh_from_db()
        assert (run.status, run.stage, run.percent) == ("failed", "failed", 70)
        assert (run.outcome, run.finished_at) == ("Out of memory.", later(9))

    def test_what_is_over_does_not_fail_afterwards(self):
        run = running()
        runs.finish(run.pk, status=Status.PUBLISHED, outcome="Fine.", now=NOW)
        runs.fail(run.pk, outcome="Too late.", now=later(1))
        run.refresh_from_db()
        assert (run.status, run.outcome) == ("published", "Fine.")


class TestReaping:
    def reap(self, seconds):
        return runs.reap(now=later(seconds), abandoned_after=HALF_A_MINUTE, pause=lambda _: None)

    def test_a_run_without_a_heartbeat_is_abandoned(self):
        run = running()
        assert self.reap(30) == 0
        assert self.reap(31) == 1
        run.refresh_from_db()
        assert (run.status, run.stage, run.finished_at) == ("failed", "abandoned", later(31))
        assert "Abandoned" in run.outcome

    def test_a_beating_run_lives_however_long_it_takes(self):
        run = running()
        runs.advance(run.pk, stage="fitting", percent=50, now=later(3600))
        assert self.reap(3620) == 0
        assert self.reap(3631) == 1

    def test_a_run_that_nobody_has_taken_yet_is_not_abandoned(self):
        open_run()
        assert self.reap(99_999) == 0

    @pytest.mark.parametrize("clock", [3600, -86_400], ids=["an hour ahead", "a day back"])
    def test_one_that_is_alive_is_not_reaped_when_the_clock_jumps(self, clock):
        run = running()

        def the_heart_goes_on(seconds):
            assert seconds >= 2 * runs.BEAT_SECONDS
            runs._beat(run.pk, now=later(clock + 5))

        now = later(clock)
        assert runs.reap(now=now, abandoned_after=HALF_A_MINUTE, pause=the_heart_goes_on) == 0
        run.refresh_from_db()
        assert run.status == "running"

    @pytest.mark.parametrize("clock", [3600, -86_400], ids=["an hour ahead", "a day back"])
    def test_one_that_is_dead_is_reaped_whatever_the_clock_says(self, clock):
        running()
        assert self.reap(clock) == 1

    def test_one_that_ends_while_it_is_looked_at_keeps_its_end(self):
        run = running()
        runs.reap(
            now=later(60), abandoned_after=HALF_A_MINUTE,
            pause=lambda _: runs.fail(run.pk, outcome="Out of memory.", now=later(60)),
        )  # fmt: skip
        run.refresh_from_db()
        assert (run.stage, run.outcome) == ("failed", "Out of memory.")

    def test_nobody_waits_where_every_heart_beats(self):
        running()

        def never(_):
            raise AssertionError("waited")

        assert runs.reap(now=later(30), abandoned_after=HALF_A_MINUTE, pause=never) == 0

    def test_a_run_from_before_there_were_heartbeats_is_judged_by_its_start(self):
        running()
        TrainingRun.objects.update(heartbeat_at=None)
        assert (self.reap(30), self.reap(31)) == (0, 1)

    @pytest.mark.parametrize(
        "step",
        [
            lambda pk: runs.advance(pk, stage="fitting", percent=1, now=NOW),
            lambda pk: runs.note_watermark(pk, 3),
            lambda pk: runs.finish(pk, status=Status.PUBLISHED, outcome="Fine.", now=NOW),
        ],
    )
    def test_whoever_still_works_on_a_reaped_run_is_told_and_changes_nothing(self, step):
        run = running()
        self.reap(31)
        with pytest.raises(runs.RunLostError, match="ended by someone else"):
            step(run.pk)
        run.refresh_from_db()
        assert (run.status, run.stage, run.percent, run.change_watermark) == ("failed", "abandoned", 0, 0)


@pytest.mark.django_db(transaction=True)
class TestBeating:
    def wait_until(self, run, reached, seconds=60.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run.refresh_from_db()
            if run.heartbeat_at is not None and run.heartbeat_at >= reached:
                return True
            time.sleep(0.02)
        return False

    def test_the_heart_beats_while_the_work_goes_on_and_stops_with_it(self):
        run, ticks = running(), iter(range(1, 10_000))
        with runs.beating(run.pk, clock=lambda: later(next(ticks)), every=0.01):
            assert self.wait_until(run, later(3))
        run.refresh_from_db()
        last = run.heartbeat_at
        time.sleep(0.05)
        run.refresh_from_db()
        assert run.heartbeat_at == last

    def test_a_reaped_run_is_not_brought_back_to_life(self):
        run = running()
        runs.reap(now=later(31), abandoned_after=HALF_A_MINUTE, pause=lambda _: None)
        with runs.beating(run.pk, clock=lambda: later(60), every=0.01):
            time.sleep(0.05)
        run.refresh_from_db()
        assert (run.status, run.heartbeat_at) == ("failed", NOW)

    def test_a_missed_beat_does_not_stop_the_heart(self, monkeypatch, caplog):
        run, ticks, update = running(), iter(range(1, 10_000)), type(TrainingRun.objects.all()).update
        failures = iter([DatabaseError("database is locked")])

        def flaky(queryset, **columns):
            for error in failures:
                raise error
            return update(queryset, **columns)

        monkeypatch.setattr(type(TrainingRun.objects.all()), "update", flaky)
        with runs.beating(run.pk, clock=lambda: later(next(ticks)), every=0.01):
            assert self.wait_until(run, later(2))
        assert "missed a heartbeat: database is locked" in caplog.text

    def test_the_heart_stops_when_the_work_fails(self):
        run = running()
        with pytest.raises(ZeroDivisionError), runs.beating(run.pk, clock=lambda: NOW, every=0.01):
            raise ZeroDivisionError
        assert not [thread for thread in enumerate_threads() if "heartbeat" in thread.name]
