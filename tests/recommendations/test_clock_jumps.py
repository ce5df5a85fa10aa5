"""A clock that is put back or forward: nothing waits for it, and nothing is done over and over."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.limits import Limit
from feedback.selectors import last_rating_change
from feedback.services import rate
from recommendations import registry, runs, schedule, triggers
from recommendations.clocks import AHEAD, ago
from recommendations.conf import AUTO, conf
from recommendations.models import MerchandisingRule, ModelVersion, TrainingRun
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db
Status, Trigger = TrainingRun.Status, TrainingRun.Trigger
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86_400))


@pytest.fixture(autouse=True)
def small_thresholds(settings, monkeypatch):
    settings.RECOMMENDATIONS = {
        **settings.RECOMMENDATIONS, "algorithm": "popularity", "retrain_after_ratings": 3,
        "retrain_min_interval": MINUTE, "retrain_max_age": DAY,
    }  # fmt: skip
    monkeypatch.setattr(runs, "LOOK_AGAIN_SECONDS", 0.0)


@pytest.fixture
def sent(monkeypatch):
    """The runs a message was sent for; nothing is delivered."""
    numbers: list[int] = []
    monkeypatch.setattr(triggers, "send", numbers.append)
    return numbers


def ended(status, at, **fields):
    return TrainingRun.objects.create(
        status=status, trigger=fields.pop("trigger", Trigger.RATINGS), created_at=at, started_at=at,
        finished_at=at, **fields,
    )  # fmt: skip


def version_of(at):
    return ModelVersion.objects.create(
        algorithm="popularity",
        is_live=True,
        created_at=at,
        data_watermark=at,
        folder=f"{at:%s}",
        sha256="0" * 64,
    )


class TestAgo:
    def test_the_past_and_the_near_future_are_as_they_are(self):
        assert ago(NOW - DAY, now=NOW) == DAY
        assert ago(NOW + AHEAD, now=NOW) == -AHEAD

    def test_the_far_future_was_for_ever_ago(self):
        assert ago(NOW + AHEAD + SECOND, now=NOW) == timedelta.max


class TestPutBackByADay:
    """Whatever the shop has written down is of tomorrow."""

    def test_ratings_bring_a_training_all_the_same_and_only_one(self):
        ann, pot = make_shopper(), make_product()
        version_of(NOW + DAY)
        ended(Status.PUBLISHED, NOW + DAY)
        for value in (1, 2, 3):
            rate(shopper=ann, product=pot, value=value, now=NOW)
        assert triggers.due(conf(), now=NOW) == Trigger.RATINGS
        ended(Status.FAILED, NOW)
        assert triggers.due(conf(), now=NOW + MINUTE) is None, "the pause after a failure holds"
        assert triggers.due(conf(), now=NOW + 2 * MINUTE) == Trigger.RATINGS

    def test_a_model_of_tomorrow_is_as_old_as_can_be_once(self):
        make_event(make_shopper(), make_product(), now=NOW - HOUR)
        version_of(NOW + 2 * DAY)
        assert triggers.due(conf(), now=NOW) == Trigger.AGE
        ended(Status.REJECTED, NOW)
        assert triggers.due(conf(), now=NOW + 2 * MINUTE) is None
        assert triggers.due(conf(), now=NOW + DAY) == Trigger.AGE

    def test_a_search_of_tomorrow_does_not_keep_the_shop_from_searching(self, settings):
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "algorithm": AUTO}
        ended(Status.PUBLISHED, NOW + 9 * DAY, search={"signals": 5}, trigger=Trigger.SEARCH)
        assert schedule.search_is_due(conf(), now=NOW)
        ended(Status.PUBLISHED, NOW, search={"signals": 5}, trigger=Trigger.SEARCH)
        assert not schedule.search_is_due(conf(), now=NOW + HOUR)

    def test_a_queued_run_of_tomorrow_is_sent_again(self, sent):
        run = runs.open_run(trigger=Trigger.ADMIN, now=NOW + DAY)
        assert run is not None
        triggers.catch_up(now=NOW)
        assert sent == [run.pk]

    def test_a_dead_run_of_tomorrow_does_not_block_the_next(self, sent, django_capture_on_commit_callbacks):
        make_rating(make_shopper(), make_product(), 4)
        dead = runs.open_run(trigger=Trigger.RATINGS, now=NOW + DAY)
        assert dead is not None and runs.claim(dead.pk, now=NOW + DAY)
        with django_capture_on_commit_callbacks(execute=True):
            triggers.catch_up(now=NOW)
        again = TrainingRun.objects.latest("pk")
        assert (again.trigger, sent) == (Trigger.RETRY, [again.pk])

    def test_the_newest_version_is_the_one_with_the_highest_number(self):
        make_shop()
        first, second, third = (publish_model(now=when) for when in (NOW, NOW + DAY, NOW - DAY))
        assert list(ModelVersion.objects.all()) == [third, second, first]
        assert registry.roll_back(now=NOW) == second
        assert registry.age(second.created_at, now=NOW) == 0

    def test_nobody_is_held_back_for_longer_than_a_window(self, settings):
        settings.SHOPRECO_LIMITS = {**settings.SHOPRECO_LIMITS, "orders": "2/min"}
        limit = Limit.named("orders")
        waits = [limit.take("ann", now=now) for now in [NOW + DAY] * 3 + [NOW] * 3 + [NOW + DAY] * 3]
        assert waits[:2] == [0, 0] and 0 < waits[2] <= 60
        assert waits[3:5] == [0, 0] and 0 < waits[5] <= 60
        assert all(0 < wait <= 60 for wait in waits[6:]), "the window of before is still counted"


class TestPutForwardByADay:
    def test_one_training_for_age_and_no_more(self):
        make_event(make_shopper(), make_product(), now=NOW + HOUR)
        version_of(NOW)
        assert triggers.due(conf(), now=NOW + DAY) == Trigger.AGE
        ended(Status.REJECTED, NOW + DAY)
        assert triggers.due(conf(), now=NOW + DAY + HOUR) is None

    def test_a_message_that_ran_out_at_once_is_sent_again(self, sent):
        run = runs.open_run(trigger=Trigger.ADMIN, now=NOW)
        assert run is not None
        triggers.catch_up(now=NOW + DAY)
        assert sent == [run.pk]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    jumps=st.dictionaries(st.integers(0, 15), st.integers(-90_000, 90_000), max_size=4),
    failing=st.sets(st.integers(0, 12)),
)
def test_through_any_jumps_the_shop_gets_its_model_and_nothing_spins(jumps, failing):
    """A round of the beat a minute, each of the first of which may find the clock somewhere else."""
    TrainingRun.objects.all().delete()
    ModelVersion.objects.all().delete()
    make_rating(make_shopper(), make_product(), 3)
    clock = NOW
    for number in range(80):
        clock += MINUTE + timedelta(seconds=jumps.get(number, 0))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(triggers, "send", lambda _: None)
            triggers.catch_up(now=clock)
        run = TrainingRun.objects.first()
        if run is None or not run.is_active:
            continue
        assert runs.claim(run.pk, now=clock)
        if TrainingRun.objects.count() - 1 in failing:
            runs.fail(run.pk, outcome="Out of memory.", now=clock)
            continue
        ModelVersion.objects.update(is_live=False)
        learned = last_rating_change()
        version = ModelVersion.objects.create(
            algorithm="popularity", is_live=True, created_at=clock, data_watermark=clock,
            change_watermark=learned, folder=f"folder-{number}", sha256="0" * 64,
        )  # fmt: skip
        runs.note_watermark(run.pk, learned)
        runs.finish(run.pk, status=Status.PUBLISHED, outcome="Fine.", now=clock, version=version)
    assert TrainingRun.objects.count() <= 2 + 2 * len(jumps) + len(failing)
    # The pauses after three failures in a row add up to a quarter of an hour.
    if len(failing) < 4:
        assert TrainingRun.objects.filter(status=Status.PUBLISHED).exists()


def test_the_clock_of_the_system_is_read_at_the_door_only(monkeypatch):
    """What decides is handed the time: with a clock that stands still, all of it still works."""
    make_shop()
    monkeypatch.setattr(timezone, "now", lambda: pytest.fail("read inside"))
    publish_model()
    assert triggers.due(conf(), now=NOW) is None
    assert runs.reap(now=NOW, abandoned_after=MINUTE) == 0


@pytest.mark.parametrize(
    ("clock", "holds"), [(-DAY, False), (timedelta(0), True), (HOUR, False), (-HOUR, False)]
)
def test_a_rule_holds_by_the_clock_of_the_request_alone(clock, holds):
    """There and back again: nothing remembers that it was in force, or that it was over."""
    rule = MerchandisingRule.objects.create(
        name="Sale", action="boost", brand="any", starts_at=NOW - MINUTE, ends_at=NOW + MINUTE
    )
    for now in (NOW, NOW + clock, NOW, NOW + clock):
        expected = holds if now != NOW else True
        assert rule.holds_at(now) is expected
        assert MerchandisingRule.objects.in_force(now).exists() is expected
