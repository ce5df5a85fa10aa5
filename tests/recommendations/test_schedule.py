"""recommendations.schedule: when "auto" searches again, and when a search makes way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.selectors import last_rating_change
from recommendations import triggers
from recommendations.conf import AUTO, Conf, conf
from recommendations.models import TrainingRun
from recommendations.schedule import may_be_cut_short, search_is_due, searches
from tests.factories import NOW, make_rating, make_shopper
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db
Status, Trigger = TrainingRun.Status, TrainingRun.Trigger
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def automatic(settings) -> None:
    settings.RECOMMENDATIONS = {
        **settings.RECOMMENDATIONS, "algorithm": AUTO, "search_every": 7 * DAY, "retrain_after_ratings": 3,
        "retrain_min_interval": timedelta(minutes=1),
    }  # fmt: skip


def ended(status=Status.PUBLISHED, *, trigger=Trigger.SEARCH, stage="done", now=NOW, search="default"):
    told = {"signals": 100, "trials": 9} if search == "default" else search
    return TrainingRun.objects.create(
        status=status,
        trigger=trigger,
        stage=stage,
        created_at=now,
        started_at=now,
        finished_at=now,
        search=told,
        change_watermark=last_rating_change(),
    )


def due(now, settings: Conf | None = None, **asked) -> bool:
    return search_is_due(settings or conf(), now=now, **asked)


class TestDue:
    def test_a_shop_that_never_searched_should(self):
        ended(search=None)
        assert due(NOW)

    def test_a_shop_with_an_algorithm_set_never_does(self, settings):
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "algorithm": "svd"}
        assert not due(NOW + 99 * DAY)

    @pytest.mark.parametrize("status", [Status.PUBLISHED, Status.REJECTED])
    def test_a_finished_one_lasts_for_as_long_as_the_setting_says(self, status):
        ended(status)
        assert not due(NOW + 7 * DAY - HOUR)
        assert due(NOW + 7 * DAY)

    def test_much_more_feedback_than_then_asks_for_another_one(self):
        ended()
        assert not due(NOW + HOUR, signals=200)
        assert due(NOW + HOUR, signals=201)

    def test_one_that_was_cut_short_is_made_up_for_after_an_hour(self):
        ended(search={"signals": 100, "cut_short": True})
        assert not due(NOW + HOUR - timedelta(seconds=1))
        assert due(NOW + HOUR)

    @pytest.mark.parametrize("stage", ["interrupted", "abandoned"])
    def test_an_interrupted_one_is_made_up_for_at_once(self, stage):
        ended(Status.FAILED, stage=stage)
        assert due(NOW)

    def test_one_that_failed_or_died_twice_waits_an_hour(self):
        ended(Status.FAILED, stage="failed")
        assert not due(NOW + HOUR - timedelta(seconds=1))
        assert due(NOW + HOUR)
        ended(Status.FAILED, stage="abandoned", trigger=Trigger.RETRY, now=NOW + HOUR)
        assert not due(NOW + HOUR + timedelta(minutes=59))

    def test_trainings_without_a_search_do_not_count(self):
        ended()
        ended(trigger=Trigger.RATINGS, search=None, now=NOW + 6 * DAY)
        assert due(NOW + 7 * DAY)


class TestSearches:
    def searches(self, trigger, algorithm="", *, has_live=True, signals=100):
        run = TrainingRun(trigger=trigger, algorithm=algorithm)
        return searches(run, conf(), signals=signals, has_live=has_live, now=NOW)

    @pytest.mark.parametrize("trigger", list(Trigger))
    def test_when_it_is_asked_to_whatever_the_trigger(self, trigger):
        ended()
        assert self.searches(trigger, AUTO)
        assert not self.searches(trigger, "ease")

    @pytest.mark.parametrize("trigger", [Trigger.ADMIN, Trigger.COMMAND, Trigger.AGE])
    def test_when_one_is_due_and_nobody_waits(self, trigger):
        assert self.searches(trigger)
        assert not self.searches(trigger, has_live=False)
        ended()
        assert not self.searches(trigger)
        assert self.searches(trigger, signals=201)

    @pytest.mark.parametrize("trigger", [Trigger.RATINGS, Trigger.FIRST, Trigger.RETRY])
    def test_never_while_somebody_waits(self, trigger):
        assert not self.searches(trigger)


class TestCuttingShort:
    def test_a_search_makes_way_but_not_twice_in_a_row(self):
        assert may_be_cut_short()
        ended(search={"signals": 5, "cut_short": True})
        assert not may_be_cut_short()
        ended(search={"signals": 5, "cut_short": False})
        assert may_be_cut_short()


class TestTriggers:
    @pytest.fixture(autouse=True)
    def trained(self):
        self.shop = make_shop()
        publish_model("item_knn")
        self.ann = make_shopper()

    def due(self, now):
        return triggers.due(conf(), now=now)

    def rate(self, count):
        for product in self.shop.garden[:count]:
            make_rating(self.ann, product, 4, now=NOW)

    def test_after_the_first_model_comes_the_search_asked_for_by_name(
        self, django_capture_on_commit_callbacks
    ):
        assert self.due(NOW) == Trigger.SEARCH
        with django_capture_on_commit_callbacks():
            run = triggers.request_if_due(now=NOW)
        assert run is not None and (run.trigger, run.algorithm) == (Trigger.SEARCH, AUTO)

    def test_waiting_ratings_come_first(self):
        self.rate(3)
        assert self.due(NOW) == Trigger.RATINGS

    def test_but_a_busy_shop_gets_to_search_in_between(self):
        self.rate(3)
        ended(Status.FAILED, trigger=Trigger.RATINGS, search=None)
        assert self.due(NOW + HOUR) == Trigger.SEARCH

    def test_when_no_search_is_due_ratings_follow_ratings(self):
        ended(now=NOW - HOUR)
        self.rate(3)
        ended(Status.FAILED, trigger=Trigger.RATINGS, search=None)
        assert self.due(NOW + HOUR) == Trigger.RATINGS

    def test_a_search_of_today_leaves_the_shop_in_peace(self):
        ended()
        assert self.due(NOW + HOUR) is None

    def test_an_abandoned_search_is_tried_again_as_a_search(self, django_capture_on_commit_callbacks):
        run = ended(Status.FAILED, stage="abandoned")
        TrainingRun.objects.filter(pk=run.pk).update(algorithm=AUTO)
        with django_capture_on_commit_callbacks():
            again = triggers.request_if_due(now=NOW + timedelta(seconds=1))
        assert again is not None and (again.trigger, again.algorithm) == (Trigger.RETRY, AUTO)
