"""manage.py train_model: one run in this process, told in a few lines."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from benchmarks import starter
from recommendations import runs, training
from recommendations.engine.algorithms.item_knn import ItemKnn
from recommendations.models import ModelVersion, TrainingRun
from tests.factories import make_product, make_rating, make_shopper
from tests.shops import make_shop

pytestmark = pytest.mark.django_db


def train(capsys, *options):
    call_command("train_model", *options)
    return capsys.readouterr().out


def test_it_publishes_and_shows_the_figures_beside_the_baselines(capsys):
    make_shop()
    out = train(capsys, "--algorithm", "svd")
    lines = out.splitlines()
    assert lines[0].startswith("Published: First model. NDCG@10 ")
    assert lines[1].split()[:2] == ["ndcg@10", "recall@10"]
    assert [line.split()[0] for line in lines[2:]] == ["svd", "popularity", "item_knn"]
    figures = ModelVersion.objects.get().metrics
    assert f"{figures['candidate']['ndcg@10']:.4f}" == lines[2].split()[1]
    assert f"{figures['baselines']['popularity']['ndcg@10']:.4f}" == lines[3].split()[1]
    # The baselines predict no ratings.
    assert lines[3].split()[-2:] == ["-", "-"]
    run = TrainingRun.objects.get()
    assert (run.trigger, run.status, run.algorithm) == ("command", "published", "svd")


def test_a_better_model_is_shown_beside_the_one_it_replaces(capsys):
    make_shop()
    train(capsys, "--algorithm", "popularity")
    lines = train(capsys, "--algorithm", "svd").splitlines()
    assert "against the live popularity" in lines[0]
    assert [line.split()[0] for line in lines[2:]] == ["svd", "live", "popularity", "item_knn"]
    assert lines[3].split()[2:] == lines[4].split()[1:]


def test_without_a_name_the_setting_decides(capsys, settings):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "algorithm": "ease"}
    make_shop()
    train(capsys)
    assert ModelVersion.objects.get().algorithm == "ease"


def test_a_model_that_does_not_pass_is_no_failure(capsys):
    make_shop()
    train(capsys, "--algorithm", "svd")
    out = train(capsys, "--algorithm", "popularity")
    assert out.startswith("Kept the live model: ") and "against the live svd" in out
    assert ModelVersion.objects.get().algorithm == "svd"


def test_a_shop_too_young_to_be_measured_gets_its_model_all_the_same(capsys):
    make_rating(make_shopper(), make_product(), 5, now=timezone.now() - timedelta(hours=1))
    assert "not measurable yet" in train(capsys, "--algorithm", "item_knn")
    assert ModelVersion.objects.get().is_live


def test_without_feedback_it_says_what_to_do():
    with pytest.raises(
        CommandError, match=r"^No feedback to learn from yet\. Import some, or let shoppers rate\.$"
    ):
        call_command("train_model")


def test_a_fit_that_fails_is_one_line(monkeypatch, caplog):
    def broken(*_args, **_kwargs):
        raise ValueError("the factors ran away")

    make_shop()
    monkeypatch.setattr(ItemKnn, "fit", broken)
    with pytest.raises(CommandError) as failed:
        call_command("train_model", "--algorithm", "item_knn")
    assert str(failed.value) == "ValueError: the factors ran away"


def test_an_unknown_algorithm_is_refused_naming_the_known_ones():
    with pytest.raises(CommandError, match=r"invalid choice: 'magic'.*ease.*item_knn.*popularity.*svd"):
        call_command("train_model", "--algorithm", "magic")
    assert not TrainingRun.objects.exists()


def test_it_waits_for_a_training_that_is_going_on():
    now = timezone.now()
    other = runs.open_run(trigger=TrainingRun.Trigger.RATINGS, now=now)
    assert other is not None
    runs.claim(other.pk, now=now)
    runs.advance(other.pk, stage="fitting", percent=70, now=now)
    with pytest.raises(CommandError, match=rf"Training {other.pk} is fitting \(70 %\) already"):
        call_command("train_model")


def test_it_does_not_wait_for_one_whose_process_is_gone(capsys):
    make_shop()
    dead = runs.open_run(trigger=TrainingRun.Trigger.RATINGS, now=timezone.now())
    assert dead is not None
    runs.claim(dead.pk, now=timezone.now() - timedelta(minutes=5))
    assert train(capsys, "--algorithm", "item_knn").startswith("Published")
    dead.refresh_from_db()
    assert dead.stage == "abandoned"


def test_a_worker_that_was_faster_is_told_of(monkeypatch):
    monkeypatch.setattr(training, "work_on", lambda *_args, **_kwargs: None)
    with pytest.raises(CommandError, match="A worker was faster"):
        call_command("train_model")


def test_ctrl_c_is_one_line_and_leaves_the_live_model(monkeypatch):
    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    make_shop()
    monkeypatch.setattr(ItemKnn, "fit", interrupt)
    with pytest.raises(CommandError, match=r"^Interrupted\. The live model is what it was\.$") as stopped:
        call_command("train_model", "--algorithm", "item_knn")
    assert stopped.value.returncode == 130
    assert TrainingRun.objects.get().outcome == "Interrupted."


def test_from_the_shell_an_error_is_one_line_and_exit_code_1(tmp_path):
    """A shop of its own on the disk, migrated and empty."""
    environment = {
        "PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "shopreco.settings.dev",
        "SHOPRECO_VAR_DIR": str(tmp_path), "LOG_LEVEL": "ERROR",
        "REDIS_URL": f"unix://{tmp_path / 'nobody.sock'}",
    }  # fmt: skip

    def manage(*command):
        return starter.python(["manage.py", *command], environment)

    assert manage("migrate", "-v0").returncode == 0
    trained = manage("train_model")
    assert trained.returncode == 1
    assert trained.stderr.strip() == (
        "CommandError: No feedback to learn from yet. Import some, or let shoppers rate."
    )
