"""GET health/live and GET health/ready."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.utils import ConnectionHandler
from django.utils import timezone

from catalog.changes import watching
from catalog.tasks import put_triggers_back
from feedback.models import BeatRound
from feedback.tasks import catch_up
from recommendations.conf import conf
from recommendations.models import ModelVersion, TrainingRun
from tests.api import ROOT, take_redis_away
from tests.factories import make_live_model, make_tastes

READY = f"{ROOT}/health/ready"


@pytest.fixture
def version(db) -> ModelVersion:
    make_tastes(shoppers=4, per_taste=3)
    catch_up()
    return make_live_model(now=timezone.now() - timedelta(hours=2))


def test_the_process_is_alive_without_a_database(client):
    # No database mark: touching it would fail the test.
    answer = client.get(f"{ROOT}/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_with_everything_there_the_shop_is_ready(client, version):
    answer = client.get(READY)
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ready"
    age = body["checks"]["model"].pop("age_seconds")
    assert 7200 <= age < 7260
    assert body["checks"] == {
        "database": {"status": "ok"}, "cache": {"status": "ok"}, "triggers": {"status": "ok"},
        "model": {"status": "ok", "version": version.pk},
        "background": {"status": "ok", "seen_seconds_ago": 0},
    }  # fmt: skip


@pytest.mark.django_db
def test_without_a_model_the_shop_is_degraded_but_serves(client):
    answer = client.get(READY)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["model"]["status"] == "missing"


@pytest.mark.django_db
def test_with_damaged_files_the_shop_is_degraded_but_serves(client, version, caplog):
    for file in (conf().artefact_root / version.folder).iterdir():
        file.write_bytes(b"rubbish")
    answer = client.get(READY)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "damaged" in answer.json()["checks"]["model"]["detail"]


@pytest.mark.django_db
def test_without_a_trigger_the_shop_is_degraded_and_says_what_is_not_noticed(client, version):
    with connection.cursor() as cursor:
        on_table = " ON shopreco_apikey" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER catalog_note_shopreco_apikey_update{on_table}")
    answer = client.get(READY)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    triggers = answer.json()["checks"]["triggers"]
    assert triggers["status"] == "missing" and "not noticed" in triggers["detail"]
    put_triggers_back()
    assert client.get(READY).json()["status"] == "ready"


@pytest.mark.django_db
def test_looking_for_triggers_is_one_small_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert watching.is_there()


@pytest.mark.django_db
def test_without_redis_the_shop_is_degraded_but_serves(client, version, settings, monkeypatch):
    take_redis_away(settings, monkeypatch)
    answer = client.get(READY)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["cache"]["status"] == "down"


@pytest.mark.django_db
def test_without_a_database_the_shop_is_unavailable(client, monkeypatch):
    nowhere = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/db.sqlite3"}
    monkeypatch.setattr("shopreco.api.health.connection", ConnectionHandler({"default": nowhere})["default"])
    answer = client.get(READY)
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    checks = answer.json()["checks"]
    assert [checks[name]["status"] for name in ("database", "triggers", "model", "background")] == [
        "down", "unknown", "unknown", "unknown"
    ]  # fmt: skip
    assert "nowhere" not in answer.content.decode()


@pytest.mark.django_db
def test_a_training_that_no_worker_takes_degrades_the_shop_and_its_model_still_serves(client, version):
    run = TrainingRun.objects.create(trigger="age", created_at=timezone.now() - timedelta(minutes=7))
    body = client.get(READY).json()
    assert body["status"] == "degraded"
    assert "waiting for 7 minutes" in body["checks"]["background"]["detail"]
    assert body["checks"]["model"]["status"] == "ok" and body["checks"]["model"]["age_seconds"] >= 7200
    run.delete()
    assert client.get(READY).json()["status"] == "ready"


@pytest.mark.django_db
def test_a_beat_that_stays_away_degrades_the_shop_until_it_comes_round(client, version):
    BeatRound.objects.update(came_at=timezone.now() - timedelta(minutes=4))
    background = client.get(READY).json()["checks"]["background"]
    assert background["status"] == "down" and "for 4 minutes" in background["detail"]
    assert 240 <= background["seen_seconds_ago"] < 260
    catch_up()
    assert client.get(READY).json()["status"] == "ready"


@pytest.mark.django_db
def test_a_shop_in_its_first_minute_says_that_nobody_came_round_yet(client, version):
    BeatRound.objects.all().delete()
    body = client.get(READY).json()
    assert (body["status"], body["checks"]["background"]["status"]) == ("degraded", "missing")
