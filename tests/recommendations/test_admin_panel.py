"""The panel at the top of the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.models import BeatRound
from feedback.selectors import last_rating_change
from recommendations import triggers
from recommendations.conf import conf
from recommendations.models import TrainingRun
from tests.factories import make_product, make_rating, make_shopper
from tests.shop import open_shop
from tests.staff import admin_client, make_version, train

pytestmark = pytest.mark.django_db


def panel(*permissions: str) -> str:
    return " ".join(admin_client(*permissions).get("/admin/").content.decode().split())


def test_an_empty_shop_has_a_panel() -> None:
    page = panel()
    assert "none yet" in page
    assert '0 <span class="quiet">of 50</span>' in page


def test_the_live_model_is_told_with_its_age_and_popularity() -> None:
    metrics = {"candidate": {"ndcg@10": 0.2}, "baselines": {"popularity": {"ndcg@10": 0.1}}}
    make_version(is_live=True, metrics=metrics, created_at=timezone.now() - timedelta(hours=3))
    page = panel()
    assert "3\xa0hours old" in page.replace("3 hours", "3\xa0hours")
    assert "NDCG@10 0.2000" in page
    assert "(popularity 0.1000)" in page


def test_products_are_counted_with_links_that_show_just_them() -> None:
    make_product(stock=0)
    make_product(is_active=False)
    make_product(is_active=False, stock=0)
    make_rating(make_shopper(), make_product())
    client = admin_client()
    page = client.get("/admin/").content.decode()
    for words, query in (
        ("1 sold out", "?availability=sold-out&is_active__exact=1"),
        ("2 hidden", "?is_active__exact=0"),
        ("3 never rated", "?rated=never"),
    ):
        assert f'{query.replace("&", "&amp;")}">{words}</a>' in page
        found = client.get(f"/admin/catalog/product/{query}").context["cl"].result_count
        assert str(found) == words.split()[0]


def test_ratings_are_counted_as_the_automatic_retraining_counts_them(settings: Any) -> None:
    settings.RECOMMENDATIONS = {
        **settings.RECOMMENDATIONS, "retrain_after_ratings": 3, "retrain_min_interval": timedelta(0),
    }  # fmt: skip
    open_shop()
    train()
    shopper, now = make_shopper(), timezone.now()
    for waiting in range(4):
        assert f'{waiting} <span class="quiet">of 3</span>' in panel()
        assert (triggers.due(conf(), now=now) == TrainingRun.Trigger.RATINGS) is (waiting >= 3)
        make_rating(shopper, make_product())


def test_a_training_that_kept_the_live_model_has_looked_at_the_ratings_too() -> None:
    make_version(is_live=True)
    make_rating(make_shopper(), make_product())
    assert '1 <span class="quiet">of 50</span>' in panel()
    TrainingRun.objects.create(
        trigger=TrainingRun.Trigger.ADMIN, status=TrainingRun.Status.REJECTED,
        change_watermark=last_rating_change(),
    )  # fmt: skip
    assert '0 <span class="quiet">of 50</span>' in panel()


def test_each_part_is_for_those_who_may_see_the_pages_behind_it() -> None:
    make_version(is_live=True)
    TrainingRun.objects.create(trigger=TrainingRun.Trigger.ADMIN)
    make_product()
    catalogue = panel("catalog.view_product")
    assert "never rated" in catalogue
    assert "Live model" not in catalogue
    assert "training-state" not in catalogue
    model = panel("recommendations.view_modelversion")
    assert "Live model" in model
    assert "never rated" not in model
    assert "training-state" in panel("recommendations.view_trainingrun")
    assert "tile" not in panel("feedback.view_rating").split("<main")[1].replace(
        "shop-panel-title", ""
    ).replace('class="tiles"', "")


def test_a_larger_shop_takes_no_more_queries() -> None:
    client = admin_client()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/admin/").status_code == 200
        return len(captured)

    make_version(is_live=True)
    make_rating(make_shopper(), make_product())
    few = queries()
    for _ in range(20):
        make_rating(make_shopper(), make_product())
    assert queries() == few


def test_a_missing_worker_is_told_with_the_age_of_what_is_served_meanwhile() -> None:
    make_version(is_live=True, created_at=timezone.now() - timedelta(hours=5))
    BeatRound.objects.create(name="feedback", came_at=timezone.now())
    assert "heard of" not in panel()
    BeatRound.objects.update(came_at=timezone.now() - timedelta(minutes=30))
    page = panel()
    assert "has been heard of for 30 minutes" in page and "from a model 5 hours old" in page


def test_a_much_worse_model_raises_an_alarm_until_the_next_training_ends() -> None:
    now = timezone.now()
    BeatRound.objects.create(name="feedback", came_at=now)
    ended = {"trigger": TrainingRun.Trigger.RATINGS, "finished_at": now}
    rejected = TrainingRun.Status.REJECTED
    TrainingRun.objects.create(status=rejected, alarm=True, outcome="NDCG fell <by half>.", **ended)
    assert "NDCG fell &lt;by half&gt;." in panel()
    assert 'role="alert"' in panel()
    TrainingRun.objects.create(status=rejected, outcome="A tie.", **ended)
    assert 'role="alert"' not in panel()
