"""recommendations.model_facts: what a page for everybody says of the model that serves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.models import Rating
from recommendations import registry, runs, training
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.model_facts import OWN, live_model_facts
from recommendations.models import ModelVersion, TrainingRun
from recommendations.plain_words import DESCRIPTIONS, describe, settings_in_words
from recommendations.serving import index
from tests.factories import NOW
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db


def train(algorithm="item_knn", now=NOW):
    run = runs.open_run(trigger=TrainingRun.Trigger.COMMAND, now=now, algorithm=algorithm)
    assert run is not None
    done = training.work_on(run.pk, clock=lambda: now)
    assert done is not None and done.version is not None, done and done.outcome
    return done.version


def test_without_a_model_there_are_no_facts():
    assert live_model_facts(now=NOW) is None


def test_the_facts_are_those_of_the_version_that_serves():
    make_shop()
    version = train()
    facts = live_model_facts(now=NOW + timedelta(hours=2))
    assert facts is not None
    assert (facts.version, facts.algorithm, facts.title) == (
        version.pk, "item_knn", DESCRIPTIONS["item_knn"].title,
    )  # fmt: skip
    assert (facts.made_at, facts.age_seconds) == (NOW, 7200)
    assert facts.ratings == Rating.objects.count() > 0
    assert (facts.interactions, facts.shoppers, facts.products) == (
        version.interaction_count, version.shopper_count, version.product_count,
    )  # fmt: skip
    assert "neighbours 200" in facts.settings


def test_its_figures_stand_beside_the_baselines_that_were_asked_about_the_same_shoppers():
    make_shop()
    version = train()
    facts = live_model_facts(now=NOW)
    assert facts is not None
    own, *others = facts.contenders
    assert own.is_own and own.title == OWN
    assert [other.title for other in others] == ["Popularity"]
    by_name = {figure.name: figure for figure in own.figures}
    assert by_name["NDCG@10"].value == version.metrics["candidate"]["ndcg@10"]
    assert facts.asked == version.metrics["protocol"]["shoppers"] > 0
    assert [figure.name for figure in others[0].figures] == [figure.name for figure in own.figures]


def test_the_facts_follow_a_roll_back():
    make_shop()
    first = train("svd")
    publish_model("item_knn")
    assert live_model_facts(now=NOW).algorithm == "item_knn"  # type: ignore[union-attr]
    registry.roll_back(now=NOW)
    facts = live_model_facts(now=NOW)
    assert facts is not None and facts.version == first.pk


def test_a_version_that_was_never_measured_has_no_contenders():
    make_shop()
    publish_model("item_knn")
    facts = live_model_facts(now=NOW)
    assert facts is not None
    assert (facts.contenders, facts.asked, facts.trials, facts.rmse) == ((), 0, None, None)


def test_a_damaged_live_version_is_not_the_one_described(tmp_path):
    make_shop()
    older = publish_model("item_knn")
    damaged = publish_model("ease")
    (tmp_path / "models" / damaged.folder / "arrays.joblib").write_bytes(b"rubbish")
    index.forget()
    facts = live_model_facts(now=NOW)
    assert facts is not None and facts.version == older.pk
    assert ModelVersion.objects.get(is_live=True) == damaged


def test_it_takes_two_queries(django_assert_num_queries):
    make_shop()
    publish_model("item_knn")
    live_model_facts(now=NOW)
    with django_assert_num_queries(2):
        live_model_facts(now=NOW)


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_every_algorithm_has_words_of_its_own(name):
    described = describe(name)
    assert described is DESCRIPTIONS[name]
    assert described.words.endswith(".")


def test_an_algorithm_that_is_gone_is_called_by_its_name():
    assert describe("old_times").title == "old times"


@pytest.mark.parametrize(
    ("algorithm", "config", "words"),
    [
        ("popularity", {"half_life_days": None}, "half-life, days none"),
        ("item_knn", {"neighbours": 200, "shrinkage": 20.0, "block": 512}, "neighbours 200, shrinkage 20"),
        ("ease", {"trend": 0.0, "trend_half_life_days": 7.0}, "weight of what is bought lately 0"),
        ("made_up", {"some_thing": "x", "parts": []}, "some thing x"),
        ("blend", {"parts": [["ease", []], ["als", []]], "weights": [0.75, 0.25]}, "75% ease + 25% als"),
        ("blend", {"parts": [["ease", []], ["als", []]], "weights": []}, "ease + als"),
        ("blend", {}, ""),
    ],
)
def test_settings_are_said_in_words_without_what_is_turned_off(algorithm, config, words):
    assert settings_in_words(algorithm, config) == words
