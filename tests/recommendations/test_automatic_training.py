"""A shop that chooses by itself: a quick first model, a search in the background, then cheap trainings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.models import RatingChange
from recommendations import registry, runs, schedule, search, training
from recommendations.conf import AUTO, conf
from recommendations.engine.algorithms.popularity import PopularityConfig
from recommendations.models import ModelVersion, TrainingRun
from recommendations.search import Candidate
from tests.factories import NOW, make_rating, make_shopper
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db
Status, Trigger = TrainingRun.Status, TrainingRun.Trigger
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def automatic(settings) -> None:
    settings.RECOMMENDATIONS = {
        **settings.RECOMMENDATIONS, "algorithm": AUTO, "search_seconds": 3.0, "retrain_after_ratings": 3,
    }  # fmt: skip


def train(trigger, algorithm="", *, now=NOW, watch=training.unwatched):
    run = runs.open_run(trigger=trigger, now=now, algorithm=algorithm)
    assert run is not None
    done = training.work_on(run.pk, clock=lambda: now, watch=watch)
    assert done is not None
    return done


def test_the_first_model_comes_without_a_search_and_says_that_nothing_has_chosen_it():
    make_shop()
    for trigger in (Trigger.FIRST, Trigger.COMMAND):
        run = train(trigger)
        assert run.search is None
        assert run.version is not None and run.version.algorithm == "svd"
        assert run.version.metrics["provisional"] and "chosen_by" not in run.version.metrics
        ModelVersion.objects.all().delete()


def test_then_a_search_puts_its_winner_in_its_place_or_shows_why_not():
    make_shop()
    first = train(Trigger.FIRST).version
    assert schedule.search_is_due(conf(), now=NOW + HOUR)
    stages: list[str] = []
    run = train(Trigger.SEARCH, AUTO, now=NOW + HOUR, watch=lambda stage, _percent: stages.append(stage))
    assert run.status == Status.PUBLISHED, run.outcome
    version = run.version
    assert version is not None and version.is_live and version != first
    told = version.metrics["chosen_by"]
    winner = next(row for row in told["table"] if row["chosen"])
    challenger = version.metrics.get("challenger", {}).get("algorithm")
    assert winner["algorithm"] == (challenger or version.algorithm)
    assert "provisional" not in version.metrics
    assert run.search is not None and run.search["signals"] > 0
    assert run.search["table"] == told["table"]
    assert "searching" in stages
    assert not schedule.search_is_due(conf(), now=NOW + 2 * HOUR)


def test_trainings_after_it_stay_with_the_winner_and_remember_the_search():
    make_shop()
    train(Trigger.FIRST)
    searched = train(Trigger.SEARCH, AUTO, now=NOW + HOUR).version
    run = train(Trigger.RATINGS, now=NOW + 2 * HOUR)
    assert run.status == Status.PUBLISHED and run.search is None
    assert run.version is not None and searched is not None
    assert run.version.algorithm == searched.algorithm
    assert run.version.metrics["chosen_by"]["table"] == searched.metrics["chosen_by"]["table"]


def test_ratings_given_during_a_search_are_in_the_model_it_publishes(monkeypatch):
    shop = make_shop()
    publish_model("item_knn")
    find = search.by_search

    def find_while_shoppers_rate(data, **asked):
        make_rating(make_shopper(), shop.garden[0], 5, now=NOW)
        return find(data, **asked)

    monkeypatch.setattr(training, "by_search", find_while_shoppers_rate)
    run = train(Trigger.SEARCH, AUTO)
    assert run.version is not None
    assert run.change_watermark == run.version.change_watermark == RatingChange.objects.latest("pk").pk


def test_a_search_makes_way_when_enough_ratings_wait(monkeypatch, settings):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "search_seconds": 600.0}
    monkeypatch.setattr(training, "LOOK_SECONDS", 0.0)
    shop = make_shop()
    publish_model("item_knn")
    rated: list[int] = []

    def rate_in_the_middle(stage, _percent):
        if stage == "searching" and not rated:
            rated.extend(make_rating(make_shopper(), each, 5, now=NOW).pk for each in shop.garden[:3])

    run = train(Trigger.SEARCH, AUTO, watch=rate_in_the_middle)
    assert run.status == Status.PUBLISHED, run.outcome
    assert rated and run.search is not None and run.search["cut_short"]
    assert run.search["seconds"] < 60
    assert not schedule.may_be_cut_short()


def test_a_winner_that_is_not_better_leaves_the_live_settings_to_learn_the_new_feedback(monkeypatch):
    make_shop()
    live = publish_model("item_knn")
    lost = Candidate("popularity", PopularityConfig(), {"trials": 9}, automatic=True, searched=True)
    monkeypatch.setattr(training, "by_search", lambda *_args, **_asked: lost)
    run = train(Trigger.SEARCH, AUTO)
    assert run.status == Status.PUBLISHED and "kept its settings" in run.outcome
    version = run.version
    assert version is not None and version != live and version.is_live
    assert (version.algorithm, version.config) == ("item_knn", live.config)
    assert version.metrics["challenger"]["algorithm"] == "popularity"
    assert version.metrics["chosen_by"] == {"trials": 9}


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_search_publishes_nothing_and_is_made_up_for(monkeypatch, interrupt):
    make_shop()
    live = publish_model("item_knn")

    def interrupted(*_args, **_asked):
        raise interrupt

    monkeypatch.setattr(search, "choose", interrupted)
    with pytest.raises(interrupt):
        train(Trigger.SEARCH, AUTO)
    run = TrainingRun.objects.get()
    assert (run.status, run.stage, run.outcome) == (Status.FAILED, "interrupted", "Interrupted.")
    assert run.search is not None and set(run.search) == {"at", "signals"}
    assert registry.live_version() == live and ModelVersion.objects.count() == 1
    assert schedule.search_is_due(conf(), now=NOW)


def test_a_search_that_is_reaped_stops_at_its_next_step(monkeypatch, caplog):
    make_shop()
    publish_model("item_knn")

    def reap(stage, _percent):
        if stage == "searching":
            runs.reap(now=NOW + HOUR, abandoned_after=timedelta(seconds=30), pause=lambda _: None)

    run = train(Trigger.SEARCH, AUTO, watch=reap)
    assert (run.status, run.stage) == (Status.FAILED, "abandoned")
    assert ModelVersion.objects.count() == 1
    assert "ended by someone else" in caplog.text


def test_the_settings_of_a_shop_that_stopped_choosing_are_its_own_again(settings):
    make_shop()
    train(Trigger.FIRST)
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "algorithm": "item_knn"}
    run = train(Trigger.RATINGS, now=NOW + HOUR)
    assert "against the live svd" in run.outcome


def test_the_progress_is_written_down_once_for_every_change(monkeypatch):
    make_shop()
    told: list[tuple[str, int]] = []
    advance = runs.advance

    def remember(run_id, *, stage, percent, now):
        told.append((stage, percent))
        advance(run_id, stage=stage, percent=percent, now=now)

    monkeypatch.setattr(runs, "advance", remember)
    train(Trigger.COMMAND, AUTO)
    assert len(told) == len(set(told)) > 5
