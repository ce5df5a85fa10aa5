"""recommendations.serving.index: every process serves the live version, as soon as the database names it."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from recommendations import registry
from recommendations.engine import artefact
from recommendations.models import ModelVersion
from recommendations.serving import index
from recommendations.serving.index import live_model
from recommendations.serving.service import recommend_for
from tests.factories import NOW
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_shop()


@pytest.fixture
def reads(monkeypatch):
    """The versions whose files were read."""
    read: list[int] = []
    load = registry.load

    def counted(version):
        read.append(version.pk)
        return load(version)

    monkeypatch.setattr(registry, "load", counted)
    return read


def damage(version, tmp_path):
    path = tmp_path / "models" / version.folder / artefact.ARRAYS
    path.write_bytes(path.read_bytes()[:-8] + b"damaged!")


def served():
    model = live_model()
    return model and model.version


def test_without_a_version_there_is_no_model():
    assert live_model() is None


def test_the_live_version_is_read_once_and_then_asked_for_by_one_query(
    shop, reads, django_assert_num_queries
):
    version = publish_model()
    for _ in range(3):
        model = live_model()
        assert model is not None
        assert (model.version, model.algorithm, model.created_at) == (version.pk, "item_knn", NOW)
    with django_assert_num_queries(1):
        live_model()
    assert reads == [version.pk]


def test_a_new_version_is_seen_at_the_next_request(shop):
    first = publish_model("popularity")
    assert recommend_for(shop.gardeners[0], now=NOW).model_version == first.pk
    second = publish_model("item_knn")
    assert recommend_for(shop.gardeners[0], now=NOW).model_version == second.pk


def test_a_new_version_that_learned_the_very_same_is_the_one_that_answers(shop):
    first = publish_model("item_knn")
    assert served() == first.pk
    second = publish_model("item_knn")
    assert first.sha256 == second.sha256
    assert served() == second.pk


def test_rolling_back_is_seen_at_the_next_request_too(shop):
    first = publish_model("popularity")
    publish_model("item_knn")
    assert served() != first.pk
    registry.roll_back(now=NOW)
    assert served() == first.pk


def test_a_request_that_began_with_a_model_ends_with_it(shop):
    publish_model("popularity")
    model = live_model()
    assert model is not None
    publish_model("item_knn")
    live_model()
    assert model.bundle.algorithm == "popularity"
    assert model.bundle.ranker.model.score([]).shape == (0, 24)


def test_a_damaged_live_version_is_refused_once_and_the_previous_one_serves(shop, reads, tmp_path, caplog):
    first, second = publish_model(), publish_model()
    damage(second, tmp_path)
    assert [served() for _ in range(4)] == [first.pk] * 4
    assert reads == [second.pk, first.pk]
    assert caplog.text.count(f"model version {second.pk} is refused") == 1
    assert recommend_for(shop.gardeners[0], now=NOW).model_version == first.pk


def test_the_next_good_version_is_served_again(shop, tmp_path):
    publish_model()
    damage(publish_model(), tmp_path)
    served()
    third = publish_model()
    assert served() == third.pk


def test_with_no_whole_version_the_shop_serves_without_a_model(shop, reads, tmp_path):
    for version in (publish_model(), publish_model()):
        damage(version, tmp_path)
    assert [served() for _ in range(3)] == [None] * 3
    assert len(reads) == 2
    assert recommend_for(shop.gardeners[0], now=NOW).model_version is None


def test_a_repaired_version_is_served_after_forgetting(shop, tmp_path):
    version = publish_model()
    path = tmp_path / "models" / version.folder / artefact.ARRAYS
    whole = path.read_bytes()
    damage(version, tmp_path)
    assert served() is None
    path.write_bytes(whole)
    assert served() is None
    index.forget()
    assert served() == version.pk


@pytest.mark.django_db(transaction=True)
def test_requests_that_come_at_once_read_the_files_once(reads):
    make_shop()
    version = publish_model()
    start, seen = Barrier(4), []

    def ask():
        start.wait()
        try:
            seen.append(served())
        finally:
            connection.close()

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [version.pk] * 4
    assert reads == [version.pk]
    assert ModelVersion.objects.count() == 1
