"""recommendations.search: what is trained, by name, by the last search or by a new one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recommendations import dataset, runs, training
from recommendations.conf import AUTO, Conf, conf
from recommendations.engine.algorithms.catalogue import ALGORITHMS, algorithm_named
from recommendations.models import ModelVersion, TrainingRun
from recommendations.search import candidate
from tests.factories import NOW, make_event, make_product, make_shopper
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def searching(settings) -> Conf:
    """A shop whose own feedback chooses, quickly."""
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "algorithm": AUTO, "search_seconds": 3.0}
    return conf()


def find(settings: Conf, asked: str = "", *, live: ModelVersion | None = None, now=NOW):
    told: list[float] = []
    data = dataset.load(settings, now=NOW)
    return candidate(data, asked, live=live, settings=settings, now=now, tell=told.append), told


def test_an_algorithm_asked_for_by_name_is_taken_without_a_search():
    found, told = find(conf(), "ease")
    assert (found.algorithm, found.chosen_by, told) == ("ease", None, [])
    assert found.config == algorithm_named("ease").config_class()


def test_without_a_name_the_setting_says_which():
    assert find(conf())[0].algorithm == conf().algorithm


def test_a_search_tells_what_it_tried_and_stays_away_from_the_tests_part(searching):
    make_shop()
    found, told = find(searching)
    assert found.algorithm in ALGORITHMS
    assert isinstance(found.config, algorithm_named(found.algorithm).config_class)
    assert told and told == sorted(told) and told[-1] <= 1
    assert found.chosen_by is not None
    assert found.chosen_by["at"] == NOW.isoformat()
    assert found.chosen_by["trials"] >= 2
    assert found.algorithm in found.chosen_by["best"]
    best = {name: each["value"] for name, each in found.chosen_by["best"].items()}
    assert best[found.algorithm] == max(best.values())
    assert best[found.algorithm] > best["popularity"]


def test_the_last_searchs_winner_is_trained_again_until_a_search_is_due(searching):
    make_shop()
    live = publish_model("item_knn")
    live.metrics = {"chosen_by": {"at": (NOW - searching.search_every + timedelta(hours=1)).isoformat()}}
    found, told = find(searching, live=live)
    assert (found.algorithm, told) == ("item_knn", [])
    assert found.config.shrinkage == live.config["shrinkage"]
    assert found.chosen_by == live.metrics["chosen_by"]
    later, told = find(searching, live=live, now=NOW + timedelta(hours=2))
    assert told
    assert later.chosen_by is not None and later.chosen_by["at"] != live.metrics["chosen_by"]["at"]


def test_a_search_that_is_asked_for_is_made_at_once(searching):
    make_shop()
    live = publish_model("item_knn")
    live.metrics = {"chosen_by": {"at": NOW.isoformat()}}
    assert find(searching, AUTO, live=live)[1]


@pytest.mark.parametrize("events", [0, 3])
def test_with_too_little_feedback_to_search_svd_is_taken(searching, events):
    for _ in range(events):
        make_event(make_shopper(), make_product(), now=NOW)
    found, _ = find(searching)
    assert (found.algorithm, found.chosen_by) == ("svd", None)


def test_a_training_publishes_what_the_search_found_and_says_so(searching):
    make_shop()
    run = runs.open_run(trigger=TrainingRun.Trigger.COMMAND, now=NOW)
    assert run is not None and runs.claim(run.pk, now=NOW)
    stages: list[str] = []
    training.see_through(run.pk, clock=lambda: NOW, watch=lambda stage, _percent: stages.append(stage))
    run.refresh_from_db()
    assert run.status == TrainingRun.Status.PUBLISHED, run.outcome
    assert run.version is not None
    assert run.version.algorithm in run.version.metrics["chosen_by"]["best"]
    assert run.version.metrics["algorithm"] == run.version.algorithm
    assert "searching" in stages
