"""recommendations.training: dataset -> fit -> evaluate -> gate -> registry, and the run that tells of it."""

from datetime import timedelta

import pytest

from feedback.models import RatingChange
from recommendations import gate, registry, runs, training
from recommendations.engine.algorithms.item_knn import ItemKnn
from recommendations.gate import Verdict
from recommendations.models import ModelVersion, TrainingRun
from recommendations.serving.results import Strategy
from recommendations.serving.service import recommend_for
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper
from tests.shops import make_shop

pytestmark = pytest.mark.django_db
Status = TrainingRun.Status


def train(algorithm="item_knn", *, now=NOW, watch=training.unwatched):
    run = runs.open_run(trigger=TrainingRun.Trigger.COMMAND, now=now, algorithm=algorithm)
    assert run is not None
    done = training.work_on(run.pk, clock=lambda: now, watch=watch)
    assert done is not None
    return done


def break_the_fit(monkeypatch, error):
    def broken(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(ItemKnn, "fit", broken)


@pytest.mark.parametrize("algorithm", ["svd", "ease", "item_knn", "popularity"])
def test_a_first_training_publishes_a_version_that_says_all_about_itself(algorithm, tmp_path):
    shop = make_shop()
    run = train(algorithm)
    assert run.status == Status.PUBLISHED, run.outcome
    version = ModelVersion.objects.get()
    assert run.version == version and version.is_live
    assert (version.algorithm, version.seed) == (algorithm, 0)
    assert (version.created_at, version.published_at, version.data_watermark) == (NOW, NOW, NOW)
    assert version.change_watermark == RatingChange.objects.latest("pk").pk == run.change_watermark
    assert (version.shopper_count, version.product_count, version.interaction_count) == (30, 24, 300)
    assert set(version.metrics) == {
        "protocol",
        "algorithm",
        "candidate",
        "baselines",
        "live",
        "difference",
        "seconds",
        "intervals",
        "segments",
    }
    folder = tmp_path / "models" / version.folder
    assert version.size_bytes == sum(path.stat().st_size for path in folder.iterdir()) > 0
    assert len(version.sha256) == 64
    bundle = registry.load(version)
    assert (bundle.algorithm, len(bundle.products)) == (algorithm, len(shop.products))


def test_the_setting_names_the_algorithm_where_the_run_does_not(settings):
    make_shop()
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "algorithm": "ease"}
    train("")
    assert ModelVersion.objects.get().algorithm == "ease"


def test_the_run_shows_stages_in_order_and_never_goes_back():
    make_shop()
    seen: list[tuple[str, int]] = []
    rows: list[tuple[str, int]] = []

    def watch(stage, percent):
        seen.append((stage, percent))
        rows.append(TrainingRun.objects.values_list("stage", "percent").get())

    run = train("svd", watch=watch)
    percents = [percent for _, percent in seen]
    assert percents == sorted(percents) and (percents[0], percents[-1]) == (0, 100)
    stages = list(dict.fromkeys(stage for stage, _ in seen))
    assert stages == ["reading feedback", "evaluating", "fitting", "publishing", "done"]
    assert rows == seen
    assert (run.stage, run.percent, run.started_at, run.finished_at) == ("done", 100, NOW, NOW)


def test_what_is_published_is_what_shoppers_get():
    shop = make_shop()
    version = train().version
    found = recommend_for(shop.gardeners[0], now=NOW, limit=3)
    assert version is not None
    assert (found.strategy, found.model_version) == (Strategy.PERSONAL, version.pk)
    assert {shop.name(item.product) for item in found.items} == {"garden"}


def test_a_second_training_swaps_the_live_model_and_keeps_the_first():
    make_shop()
    first = train().version
    second = train(now=NOW + timedelta(hours=1)).version
    assert first is not None and second is not None
    assert registry.live_version() == second != first
    assert ModelVersion.objects.count() == 2
    registry.load(first)


def test_a_candidate_that_is_worse_is_thrown_away_and_the_run_says_why(tmp_path):
    make_shop()
    live = train("svd").version
    run = train("popularity")
    assert (run.status, run.version, run.stage) == (Status.REJECTED, None, "kept the live model")
    assert "against the live svd" in run.outcome
    assert registry.live_version() == live
    assert len(list((tmp_path / "models").glob("[!.]*"))) == 1


def test_a_rejected_run_has_looked_at_the_feedback_too(monkeypatch):
    make_shop()
    monkeypatch.setattr(training, "judge", lambda *_args, **_kwargs: Verdict(False, "Not today.", {}))
    run = train()
    assert (run.status, run.outcome) == (Status.REJECTED, "Not today.")
    assert run.change_watermark == RatingChange.objects.latest("pk").pk
    assert not ModelVersion.objects.exists()


def test_a_fit_that_fails_ends_the_run_and_leaves_the_live_model(monkeypatch, tmp_path, caplog):
    make_shop()
    live = train("popularity").version
    break_the_fit(monkeypatch, ArithmeticError("the factors ran away"))
    run = train("item_knn")
    assert (run.status, run.outcome) == (Status.FAILED, "ArithmeticError: the factors ran away")
    assert 0 < run.percent < 100 and run.finished_at == NOW
    assert registry.live_version() == live
    assert len(list((tmp_path / "models").glob("[!.]*"))) == 1
    assert "the factors ran away" in caplog.text


def test_an_unknown_algorithm_ends_the_run_naming_the_known_ones():
    make_shop()
    run = train("magic")
    assert run.status == Status.FAILED
    assert "magic" in run.outcome and "item_knn" in run.outcome


@pytest.mark.parametrize(
    "make", [lambda: None, make_product, lambda: hide_everything(), lambda: refuse_consent()]
)
def test_without_feedback_to_learn_from_the_run_fails_in_words_that_say_what_to_do(make):
    make()
    run = train()
    assert run.status == Status.FAILED
    assert run.outcome == "No feedback to learn from yet. Import some, or let shoppers rate."
    assert not ModelVersion.objects.exists()


def hide_everything():
    make_rating(make_shopper(), make_product(is_active=False), 5)


def refuse_consent():
    make_rating(make_shopper(consent=False), make_product(), 5)


@pytest.mark.parametrize("algorithm", ["svd", "ease", "item_knn", "popularity"])
def test_one_single_event_is_enough_for_a_model(algorithm):
    ann, pot = make_shopper(), make_product()
    make_product()
    make_event(ann, pot)
    run = train(algorithm)
    assert run.status == Status.PUBLISHED, run.outcome
    assert recommend_for(None, now=NOW).items[0].product == pot


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_noted_on_the_run_and_goes_on(monkeypatch, interrupt):
    make_shop()
    break_the_fit(monkeypatch, interrupt())
    with pytest.raises(interrupt):
        train()
    run = TrainingRun.objects.get()
    assert (run.status, run.outcome) == (Status.FAILED, "Interrupted.")
    assert not ModelVersion.objects.exists()


def test_a_run_that_was_reaped_meanwhile_publishes_nothing(monkeypatch, caplog):
    make_shop()
    measured = gate.judge

    def judge_and_be_reaped(*args, **kwargs):
        found = measured(*args, **kwargs)
        later = NOW + timedelta(hours=1)
        assert runs.reap(now=later, abandoned_after=timedelta(seconds=30), pause=lambda _: None) == 1
        return found

    monkeypatch.setattr(training, "judge", judge_and_be_reaped)
    run = train()
    assert (run.status, run.stage) == (Status.FAILED, "abandoned")
    assert not ModelVersion.objects.exists()
    assert "ended by someone else" in caplog.text


def test_a_run_is_worked_on_once():
    make_shop()
    run = train("popularity")
    before = ModelVersion.objects.count()
    assert training.work_on(run.pk, clock=lambda: NOW) is None
    assert training.work_on(run.pk + 1, clock=lambda: NOW) is None
    assert ModelVersion.objects.count() == before


def test_the_same_feedback_and_seed_give_the_same_model():
    make_shop()
    first, second = train("svd").version, train("svd").version
    assert first is not None and second is not None
    assert first.metrics["candidate"] == second.metrics["candidate"]
    one, other = registry.load(first), registry.load(second)
    for name, array in one.ranker.model.arrays().items():
        assert (array == other.ranker.model.arrays()[name]).all()


@pytest.mark.parametrize(("hours", "seconds"), [(0, 0), (1, 3600), (-1, 0)])
def test_a_models_age_is_never_negative(hours, seconds):
    assert registry.age(NOW, now=NOW + timedelta(hours=hours)) == seconds
