"""Training runs in the admin: the button, the progress, the outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recommendations import training
from recommendations.admin.training import in_words
from recommendations.models import ModelVersion, TrainingRun
from tests.shop import open_shop
from tests.staff import admin_client, make_staff, make_version, signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/recommendations/trainingrun/"
TRAIN = f"{LIST}train/"
VIEW, ADD = "recommendations.view_trainingrun", "recommendations.add_trainingrun"
Status = TrainingRun.Status


def make_run(**fields: Any) -> TrainingRun:
    fields.setdefault("trigger", TrainingRun.Trigger.RATINGS)
    return TrainingRun.objects.create(**fields)


def press(client: Client, **data: Any) -> str:
    return client.post(TRAIN, {"back": "trainingrun", **data}, follow=True).content.decode()


def test_the_button_sends_a_worker_to_train_a_model(
    django_capture_on_commit_callbacks: Any, redis_url: str
) -> None:
    open_shop()
    user = make_staff(VIEW, ADD)
    queue = redis.Redis.from_url(redis_url)
    waiting = queue.llen("training")
    with django_capture_on_commit_callbacks(execute=True):
        page = press(signed_in(user), algorithm="popularity")
    assert "is queued" in page
    assert queue.llen("training") == waiting + 1
    queue.close()
    run = training.work_on(TrainingRun.objects.get().pk, clock=timezone.now)  # what the worker does
    assert run is not None
    assert (run.status, run.trigger, run.requested_by) == (Status.PUBLISHED, TrainingRun.Trigger.ADMIN, user)
    version = ModelVersion.objects.get()
    assert (version.algorithm, version.is_live, run.version) == ("popularity", True, version)


def test_the_shops_own_algorithm_is_the_default() -> None:
    press(admin_client())
    assert TrainingRun.objects.get().algorithm == ""


def test_an_unknown_algorithm_is_refused() -> None:
    page = press(admin_client(), algorithm="oracle")
    assert "There is no algorithm “oracle”. Choose one of the list." in page
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize(("status", "word"), [(Status.QUEUED, "Queued"), (Status.RUNNING, "Running")])
def test_a_second_training_is_refused_with_the_first_one_named(status: Status, word: str) -> None:
    run = make_run(status=status)
    page = press(admin_client())
    assert f"Training {run.pk} is {word} already: there is one training at a time." in page
    assert TrainingRun.objects.count() == 1


def test_the_button_returns_to_the_list_it_was_on() -> None:
    client = admin_client()
    for back, list_name in (("modelversion", "modelversion"), ("https://elsewhere.example", "trainingrun")):
        response = client.post(TRAIN, {"back": back})
        assert response["Location"] == f"/admin/recommendations/{list_name}/"


def test_the_button_is_a_form_not_a_link() -> None:
    assert admin_client().get(TRAIN).status_code == 405
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff(is_superuser=True))
    assert client.post(TRAIN, {"back": "trainingrun"}).status_code == 403
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize("address", [LIST, "/admin/recommendations/modelversion/"])
def test_both_lists_have_the_button_for_those_who_may(address: str) -> None:
    held = (VIEW, "recommendations.view_modelversion")
    assert "Train now" in admin_client(*held, ADD).get(address).content.decode()
    assert "Train now" not in admin_client(*held).get(address).content.decode()


@pytest.mark.parametrize(
    "address", [LIST, "/admin/recommendations/modelversion/", "/admin/", f"{LIST}%s/change/"]
)
def test_a_run_under_way_is_followed(address: str) -> None:
    run = make_run(status=Status.RUNNING, stage="fitting", percent=64, started_at=timezone.now())
    page = admin_client().get(address % run.pk if "%s" in address else address).content.decode()
    assert f'hx-get="{LIST}{run.pk}/progress/"' in page
    assert '<progress max="100" value="64"' in page
    assert '<noscript><p><a href="">Refresh</a></p></noscript>' in page
    assert "Train now" not in page


def progress(run: TrainingRun) -> Any:
    return admin_client(VIEW).get(f"{LIST}{run.pk}/progress/")


def test_the_progress_moves_and_the_page_is_loaded_anew_at_the_end() -> None:
    run = make_run(status=Status.RUNNING, stage="evaluating", percent=20, started_at=timezone.now())
    response = progress(run)
    assert "evaluating, 20 %" in response.content.decode()
    assert "HX-Refresh" not in response
    TrainingRun.objects.update(status=Status.PUBLISHED, percent=100, stage="done")
    assert progress(run)["HX-Refresh"] == "true"


@pytest.mark.parametrize(("waited", "away"), [(10, False), (90, True)])
def test_a_run_nobody_picks_up_asks_for_a_worker(waited: int, away: bool) -> None:
    run = make_run(created_at=timezone.now() - timedelta(seconds=waited))
    page = progress(run).content.decode()
    assert ("No worker has picked this up; is one running?" in page) is away


def test_a_run_that_is_worked_on_asks_for_no_worker() -> None:
    run = make_run(status=Status.RUNNING, created_at=timezone.now() - timedelta(hours=1))
    assert "No worker" not in progress(run).content.decode()


def test_the_outcome_is_told_in_words() -> None:
    now = timezone.now()
    version = make_version()
    make_run(
        status=Status.PUBLISHED, outcome="First model. NDCG@10 0.2.", version=version, percent=100,
        started_at=now - timedelta(seconds=200), finished_at=now,
    )  # fmt: skip
    failed = make_run(status=Status.FAILED, outcome="<b>MemoryError</b>", percent=43)
    client = admin_client(VIEW)
    page = client.get(LIST).content.decode()
    assert "First model. NDCG@10 0.2." in page
    assert "3 min 20 s" in page
    assert f"/admin/recommendations/modelversion/{version.pk}/change/" in page
    assert "&lt;b&gt;MemoryError&lt;/b&gt;" in page
    assert "43 %" in client.get(f"{LIST}{failed.pk}/change/").content.decode()


def test_a_longer_list_takes_no_more_queries() -> None:
    client = admin_client()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    make_run(status=Status.PUBLISHED, version=make_version())
    few = queries()
    for _ in range(20):
        make_run(status=Status.PUBLISHED, version=make_version())
    assert queries() == few


def test_runs_are_not_written_by_hand() -> None:
    run = make_run(status=Status.FAILED)
    client = admin_client()
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{run.pk}/change/", {"outcome": "x"}).status_code == 403
    assert client.post(f"{LIST}{run.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (8, "8 s"), (59.9, "59 s"), (60, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_a_length_of_time_is_told_as_one_reads_it(seconds: float, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words
