"""/metrics: what Prometheus reads, and who may."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from shopreco.models import ApiKey
from tests.shops import make_shop, publish_model
from tests.staff import admin_client

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[2]


def _samples(client: Client) -> dict[tuple[str, ...], float]:
    text = client.get("/metrics").content.decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _answered(client: Client, route: str, status: str = "200", method: str = "GET") -> float:
    return _samples(client).get(("shopreco_http_requests_total", method, route, status), 0.0)


def test_requests_are_counted_by_route_and_status(client: Client):
    before = _answered(client, "products/")
    client.get("/products/")
    client.get("/products/?q=lamp")
    assert _answered(client, "products/") == before + 2


def test_paths_nobody_serves_share_one_series(client: Client):
    client.get("/no-such-page-1")
    client.get("/no-such-page-2")
    assert not [key for key in _samples(client) if any("no-such-page" in part for part in key)]


def test_words_nobody_knows_as_a_method_share_one_series(client: Client):
    client.generic("SCAN7", "/api/v1/health/live")
    assert not [key for key in _samples(client) if "SCAN7" in key]


def test_the_live_model_is_told_with_its_age(client: Client):
    assert ("shopreco_model_version",) not in _samples(client)
    make_shop()
    version = publish_model()
    samples = _samples(client)
    assert samples[("shopreco_model_version",)] == version.pk
    assert samples[("shopreco_model_age_seconds",)] >= 0


def test_a_closed_api_shows_its_figures_to_nobody(client: Client, settings: Settings):
    settings.SHOPRECO_OPEN_API = False
    assert client.get("/metrics").status_code in (401, 403)


def test_a_closed_api_shows_its_figures_to_keys_and_staff(settings: Settings):
    settings.SHOPRECO_OPEN_API = False
    _, secret = ApiKey.issue("prometheus")
    assert Client().get("/metrics", headers={"Authorization": f"Api-Key {secret}"}).status_code == 200
    assert admin_client().get("/metrics").status_code == 200


def test_the_counts_of_all_processes_are_added_up(tmp_path: Path):
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "SHOPRECO_VAR_DIR": str(tmp_path)}
    count = "import django; django.setup()\nfrom shopreco.watching.figures import count_request\n"
    for _ in range(3):
        code = count + "count_request('GET', 'home', 200, 0.01)"
        subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=environment, check=True)
    read = count + (
        "from prometheus_client import generate_latest\n"
        "from shopreco.watching.figures import _requests\n"
        "print(generate_latest(_requests()).decode())"
    )
    told = subprocess.run(
        [sys.executable, "-c", read], cwd=PROJECT, env=environment, check=True, capture_output=True, text=True
    )
    assert 'shopreco_http_requests_total{method="GET",route="home",status="200"} 3.0' in told.stdout
