"""Model versions in the admin: compared, made live, rolled back."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.models import Rating
from recommendations.conf import conf
from recommendations.models import ModelVersion
from recommendations.registry import live_version
from tests.factories import NOW
from tests.shop import open_shop
from tests.staff import admin_client, make_version, train

pytestmark = pytest.mark.django_db
LIST = "/admin/recommendations/modelversion/"
VIEW, CHANGE = "recommendations.view_modelversion", "recommendations.change_modelversion"
METRICS = {
    "protocol": {"k": 10, "shoppers": 12},
    "candidate": {"ndcg@10": 0.2345, "recall@10": 0.11, "coverage@10": 0.5, "rmse": 0.9},
    "baselines": {"popularity": {"ndcg@10": 0.1234, "recall@10": 0.1, "coverage@10": 0.1}},
}


def make_live_address(version: ModelVersion) -> str:
    return reverse("admin:recommendations_modelversion_make_live", args=[version.pk])


@pytest.fixture
def two_versions() -> tuple[ModelVersion, ModelVersion]:
    """An older one and the live one, with their files."""
    open_shop()
    first, second = train().version, train().version
    assert first is not None and second is not None
    return first, second


def test_the_list_shows_figures_beside_popularity_and_what_is_live() -> None:
    make_version(metrics=METRICS, is_live=True, interaction_count=12345)
    page = admin_client(VIEW).get(LIST).content.decode()
    assert '0.2345 <span class="quiet baseline">popularity 0.1234</span>' in page
    assert '<span class="badge live">live</span>' in page
    assert "12,345" in page


@pytest.mark.parametrize(
    "metrics", [{}, {"candidate": {}}, {"candidate": {"ndcg@10": None}, "baselines": None}]
)
def test_a_version_without_figures_is_shown(metrics: dict[str, Any]) -> None:
    version = make_version(metrics=metrics)
    client = admin_client(VIEW)
    assert client.get(LIST).status_code == 200
    page = client.get(f"{LIST}{version.pk}/change/").content.decode()
    assert "Nothing was measured" in page


def test_the_page_of_a_version_draws_the_comparison_and_has_the_table_behind_it() -> None:
    version = make_version(metrics=METRICS, config={"factors": 96}, size_bytes=2048)
    page = admin_client(VIEW).get(f"{LIST}{version.pk}/change/").content.decode()
    assert page.index('<svg class="bar-chart"') < page.index('<table class="figures">')
    assert "&quot;factors&quot;: 96" in page
    assert "2.0\xa0KB" in page
    assert version.sha256 in page


def test_a_real_training_is_shown() -> None:
    open_shop()
    for number, rating in enumerate(Rating.objects.order_by("product_id")):
        Rating.objects.filter(pk=rating.pk).update(rated_at=NOW + timedelta(minutes=number))
    version = train("ease").version
    assert version is not None
    page = admin_client(VIEW).get(f"{LIST}{version.pk}/change/").content.decode()
    for name in ("NDCG@10", "This version", "Popularity", "Item-kNN", "Train interactions"):
        assert name in page


def test_a_longer_list_takes_no_more_queries() -> None:
    client = admin_client()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    make_version(metrics=METRICS, is_live=True)
    few = queries()
    for _ in range(10):
        make_version(metrics=METRICS)
    assert queries() == few


def test_a_version_is_never_added_changed_or_deleted_by_hand() -> None:
    version = make_version(is_live=True)
    client = admin_client()
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{version.pk}/change/", {"seed": 9}).status_code == 403
    assert client.post(f"{LIST}{version.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ModelVersion.objects.get().seed == 0


def test_making_a_version_live_asks_first(two_versions: tuple[ModelVersion, ModelVersion]) -> None:
    first, second = two_versions
    client = admin_client(VIEW, CHANGE)
    page = client.get(make_live_address(first)).content.decode()
    assert f"It takes the place of {second}" in page
    assert live_version() == second
    page = client.post(make_live_address(first), follow=True).content.decode()
    assert f"{first} is live.".capitalize() in page
    assert live_version() == first
    assert LogEntry.objects.get().change_message == "Made live."


def test_a_version_whose_files_are_gone_is_not_made_live(
    two_versions: tuple[ModelVersion, ModelVersion],
) -> None:
    first, second = two_versions
    shutil.rmtree(conf().artefact_root / first.folder)
    page = admin_client().post(make_live_address(first), follow=True).content.decode()
    assert f"{first} was not made live:".capitalize() in page
    assert live_version() == second


def test_a_version_that_made_room_is_not_found() -> None:
    assert admin_client().post("/admin/recommendations/modelversion/999/make-live/").status_code == 404


def test_rolling_back_asks_first(two_versions: tuple[ModelVersion, ModelVersion]) -> None:
    first, second = two_versions
    client = admin_client(VIEW, CHANGE)
    assert f"Roll back to {first}" in client.get(LIST).content.decode()
    page = client.get(f"{LIST}roll-back/").content.decode()
    assert f"Roll back to {first}?" in page
    assert live_version() == second
    page = client.post(f"{LIST}roll-back/", follow=True).content.decode()
    assert f"{first} is live again" in page
    assert live_version() == first


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_an_earlier_version_there_is_nothing_to_roll_back_to(method: str) -> None:
    make_version(is_live=True)
    client = admin_client()
    assert "Roll back" not in client.get(LIST).content.decode()
    page = getattr(client, method)(f"{LIST}roll-back/", follow=True).content.decode()
    assert "There is no earlier version" in page


def test_who_may_only_look_is_offered_neither(two_versions: tuple[ModelVersion, ModelVersion]) -> None:
    first, second = two_versions
    client = admin_client(VIEW)
    assert "roll-back" not in client.get(LIST).content.decode()
    assert "make-live" not in client.get(f"{LIST}{first.pk}/change/").content.decode()
    assert client.post(make_live_address(first)).status_code == 403
    assert client.post(f"{LIST}roll-back/").status_code == 403
    assert live_version() == second
