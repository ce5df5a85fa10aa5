"""recommendations.triggers: when a retraining is due, and that it happens whatever fails meanwhile."""

import time
from datetime import timedelta

import pytest
from celery import current_app

from feedback.models import Event
from feedback.services import rate, unrate
from recommendations import registry, runs, training, triggers
from recommendations.conf import conf
from recommendations.models import ModelVersion, TrainingRun
from recommendations.tasks import retrain_if_due
from recommendations.tasks import train as train_task
from shopreco.embedded_redis import celery_url
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper
from tests.shops import make_shop

pytestmark = pytest.mark.django_db
Status, Trigger = TrainingRun.Status, TrainingRun.Trigger
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def small_thresholds(settings):
    settings.RECOMMENDATIONS = {
        **settings.RECOMMENDATIONS, "algorithm": "popularity", "retrain_after_ratings": 3,
        "retrain_min_interval": MINUTE, "retrain_max_age": DAY,
    }  # fmt: skip


@pytest.fixture
def sent(monkeypatch):
    """The runs a message was sent for; nothing is delivered."""
    runs_sent: list[int] = []
    monkeypatch.setattr(triggers, "send", runs_sent.append)
    return runs_sent


def due(now):
    return triggers.due(conf(), now=now)


def train(now=NOW, algorithm=""):
    run = runs.open_run(trigger=Trigger.COMMAND, now=now, algorithm=algorithm)
    assert run is not None
    done = training.work_on(run.pk, clock=lambda: now)
    assert done is not None
    return done


def received():
    """The arguments of the next message in the worker's queue."""
    with current_app.connection_for_read() as connection, connection.SimpleQueue("training") as queue:
        message = queue.get(timeout=60)
        message.ack()
    assert message.headers["task"] == "recommendations.train"
    assert message.headers["expires"]
    return message.headers["argsrepr"]


def ended(status, now, *, stage="failed", trigger=Trigger.RATINGS, **fields):
    """A run that came to this end."""
    return TrainingRun.objects.create(
        status=status, stage=stage, trigger=trigger, created_at=now, started_at=now, finished_at=now, **fields
    )


class TestTheFirstModel:
    def test_an_empty_shop_waits(self):
        make_product()
        assert due(NOW) is None

    @pytest.mark.parametrize("kind", ["rating", "event"])
    def test_any_feedback_asks_for_the_first_model(self, kind):
        ann, pot = make_shopper(), make_product()
        if kind == "rating":
            make_rating(ann, pot, 1)
        else:
            make_event(ann, pot)
        assert due(NOW) == Trigger.FIRST


class TestEnoughRatings:
    @pytest.fixture(autouse=True)
    def trained(self):
        self.ann, self.pot = make_shopper(), make_product()
        make_rating(self.ann, self.pot, 3)
        assert train().status == Status.PUBLISHED

    def test_new_ratings_edits_and_take_backs_count_alike(self):
        make_rating(self.ann, make_product(), 4)
        rate(shopper=self.ann, product=self.pot, value=5, now=NOW)
        assert due(NOW + HOUR) is None
        unrate(shopper=self.ann, product=self.pot, now=NOW)
        assert due(NOW + HOUR) == Trigger.RATINGS

    def test_what_was_learned_from_does_not_count_again(self):
        for value in (1, 2, 3):
            rate(shopper=self.ann, product=self.pot, value=value, now=NOW)
        assert due(NOW + HOUR) == Trigger.RATINGS
        assert train(NOW + HOUR).status == Status.PUBLISHED
        assert due(NOW + 2 * HOUR) is None

    def test_events_alone_do_not_count_as_ratings(self):
        for _ in range(9):
            make_event(self.ann, self.pot, Event.Kind.PURCHASE)
        assert due(NOW + HOUR) is None

    def test_a_rejected_run_has_looked_at_the_ratings_too(self):
        for value in (1, 2, 3):
            rate(shopper=self.ann, product=self.pot, value=value, now=NOW)
        ended(Status.REJECTED, NOW + HOUR, change_watermark=99_999)
        assert due(NOW + 2 * HOUR) is None

    def test_a_failed_run_has_not(self):
        for value in (1, 2, 3):
            rate(shopper=self.ann, product=self.pot, value=value, now=NOW)
        ended(Status.FAILED, NOW + HOUR, change_watermark=99_999)
        assert due(NOW + 2 * HOUR) == Trigger.RATINGS

    def test_the_least_time_between_two_runs_is_kept(self):
        for value in (1, 2, 3):
            rate(shopper=self.ann, product=self.pot, value=value, now=NOW)
        assert due(NOW + MINUTE - timedelta(seconds=1)) is None
        assert due(NOW + MINUTE) == Trigger.RATINGS

    @pytest.mark.parametrize("status", TrainingRun.ACTIVE)
    def test_never_two_at_once(self, status):
        for value in (1, 2, 3):
            rate(shopper=self.ann, product=self.pot, value=value, now=NOW)
        ended(status, NOW, stage="fitting")
        assert due(NOW + DAY) is None
        assert triggers.request_training(trigger=Trigger.ADMIN, now=NOW) is None


class TestAge:
    @pytest.fixture(autouse=True)
    def trained(self):
        self.ann = make_shopper()
        make_event(self.ann, make_product())
        assert train().status == Status.PUBLISHED

    def test_an_old_model_is_refreshed_where_anything_happened_since(self):
        make_event(self.ann, make_product(), now=NOW + HOUR)
        assert due(NOW + DAY - MINUTE) is None
        assert due(NOW + DAY) == Trigger.AGE

    def test_an_old_model_of_a_shop_where_nothing_happened_stays(self):
        assert due(NOW + 9 * DAY) is None

    def test_a_model_that_was_kept_is_not_challenged_every_minute_for_its_age(self):
        make_event(self.ann, make_product(), now=NOW + HOUR)
        ended(Status.REJECTED, NOW + DAY)
        assert due(NOW + DAY + HOUR) is None
        assert due(NOW + 2 * DAY) == Trigger.AGE

    def test_rolling_back_to_an_old_model_is_not_undone_at_once(self):
        make_event(self.ann, make_product(), now=NOW + HOUR)
        train(NOW + 3 * DAY)
        assert registry.roll_back(now=NOW + 3 * DAY + HOUR) is not None
        assert due(NOW + 3 * DAY + 2 * HOUR) is None
        assert due(NOW + 4 * DAY) == Trigger.AGE


class TestFailures:
    @pytest.fixture(autouse=True)
    def feedback(self):
        make_rating(make_shopper(), make_product(), 4)

    def test_an_abandoned_run_is_tried_again_at_once_but_only_once(self):
        ended(Status.FAILED, NOW, stage="abandoned")
        assert due(NOW + timedelta(seconds=1)) == Trigger.RETRY
        ended(Status.FAILED, NOW, stage="abandoned", trigger=Trigger.RETRY)
        assert due(NOW + timedelta(seconds=1)) is None
        assert due(NOW + 4 * MINUTE) == Trigger.FIRST

    def test_what_is_tried_again_is_what_had_been_asked_for(self, sent, admin_user):
        ended(Status.FAILED, NOW, stage="abandoned", algorithm="ease", requested_by=admin_user)
        run = triggers.request_if_due(now=NOW)
        assert run is not None
        assert (run.trigger, run.algorithm, run.requested_by) == (Trigger.RETRY, "ease", admin_user)

    @pytest.mark.parametrize(("failures", "minutes"), [(1, 2), (2, 4), (3, 8), (5, 32), (6, 60), (9, 60)])
    def test_every_failure_in_a_row_doubles_the_pause_up_to_an_hour(self, failures, minutes):
        for _ in range(failures):
            ended(Status.FAILED, NOW)
        assert due(NOW + minutes * MINUTE - timedelta(seconds=1)) is None
        assert due(NOW + minutes * MINUTE) == Trigger.FIRST

    def test_a_run_that_ended_well_ends_the_pause(self):
        for status in (Status.FAILED, Status.FAILED, Status.REJECTED):
            ended(status, NOW)
        assert due(NOW + MINUTE) == Trigger.FIRST

    def test_a_shop_that_wants_longer_pauses_keeps_them(self, settings):
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "retrain_min_interval": 5 * HOUR}
        ended(Status.FAILED, NOW)
        assert due(NOW + 5 * HOUR - MINUTE) is None
        assert due(NOW + 5 * HOUR) == Trigger.FIRST


class TestTheMessage:
    def test_it_is_sent_after_the_commit(self, sent, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks() as callbacks:
            run = triggers.request_training(trigger=Trigger.ADMIN, now=NOW, algorithm="ease")
        assert sent == [] and run is not None
        for callback in callbacks:
            callback()
        assert sent == [run.pk]

    def test_the_rating_that_reaches_the_threshold_asks_for_the_training(
        self, sent, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            make_rating(make_shopper(), make_product(), 4)
        run = TrainingRun.objects.get()
        assert (run.trigger, run.status, sent) == (Trigger.FIRST, Status.QUEUED, [run.pk])

    def test_events_leave_it_to_the_beat(self, sent, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            make_event(make_shopper(), make_product())
        assert not TrainingRun.objects.exists()
        with django_capture_on_commit_callbacks(execute=True):
            retrain_if_due()
        assert TrainingRun.objects.get().trigger == Trigger.FIRST
        assert len(sent) == 1

    def test_it_reaches_the_broker_naming_the_run(self):
        triggers.send(7)
        assert received() == "(7,)"

    def test_the_worker_works_on_the_run_it_names_once(self):
        make_shop()
        run = runs.open_run(trigger=Trigger.ADMIN, now=NOW)
        assert run is not None
        for _ in range(2):
            train_task(run.pk)
        assert ModelVersion.objects.count() == 1
        run.refresh_from_db()
        assert run.status == Status.PUBLISHED


class TestTheBrokerIsDown:
    @pytest.fixture(autouse=True)
    def dead_broker(self, tmp_path, monkeypatch):
        """Celery looks for a server where there is none."""
        monkeypatch.setattr(current_app.conf, "broker_url", f"redis+socket://{tmp_path / 'nobody.sock'}")

    def test_the_rating_is_saved_at_once_and_its_training_waits_in_the_database(
        self, django_capture_on_commit_callbacks, caplog
    ):
        started = time.monotonic()
        with django_capture_on_commit_callbacks(execute=True):
            rating = make_rating(make_shopper(), make_product(), 4)
        rating.refresh_from_db()
        run = TrainingRun.objects.get()
        assert run.status == Status.QUEUED
        assert f"training run {run.pk} waits for the broker" in caplog.text
        assert time.monotonic() - started < 15, "nobody waits for a broker"

    def test_the_beat_sends_it_once_the_broker_is_back(self, redis_url, monkeypatch):
        run = triggers.request_training(trigger=Trigger.ADMIN, now=NOW)
        assert run is not None
        triggers.send(run.pk)
        monkeypatch.setattr(current_app.conf, "broker_url", celery_url(redis_url))
        triggers.catch_up(now=NOW + 2 * MINUTE)
        assert received() == f"({run.pk},)"


class TestCatchingUp:
    def test_a_forgotten_run_is_sent_again_until_somebody_takes_it(self, sent):
        run = runs.open_run(trigger=Trigger.RATINGS, now=NOW)
        assert run is not None
        triggers.catch_up(now=NOW + triggers.RESEND_AFTER)
        assert sent == []
        triggers.catch_up(now=NOW + MINUTE + timedelta(seconds=1))
        triggers.catch_up(now=NOW + 2 * MINUTE)
        assert sent == [run.pk, run.pk]
        runs.claim(run.pk, now=NOW + 2 * MINUTE)
        triggers.catch_up(now=NOW + 2 * MINUTE)
        assert sent == [run.pk, run.pk]

    def test_an_abandoned_run_is_ended_and_tried_again_in_one_round(
        self, sent, django_capture_on_commit_callbacks, monkeypatch
    ):
        monkeypatch.setattr(runs, "LOOK_AGAIN_SECONDS", 0.0)
        make_rating(make_shopper(), make_product(), 4)
        dead = runs.open_run(trigger=Trigger.RATINGS, now=NOW)
        assert dead is not None and runs.claim(dead.pk, now=NOW)
        with django_capture_on_commit_callbacks(execute=True):
            triggers.catch_up(now=NOW + MINUTE)
        dead.refresh_from_db()
        again = TrainingRun.objects.latest("pk")
        assert (dead.status, dead.stage) == (Status.FAILED, "abandoned")
        assert (again.trigger, again.status, sent) == (Trigger.RETRY, Status.QUEUED, [again.pk])

    def test_a_quiet_shop_is_left_alone(self, sent):
        triggers.catch_up(now=NOW)
        assert sent == [] and not TrainingRun.objects.exists()
