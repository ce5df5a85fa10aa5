"""The shop as a process knows it: renewed at the next request by what changed; nobody waits for a model."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog import columns
from catalog.changes.models import ShopState
from catalog.changes.reading import new_epoch, stamp
from catalog.models import Product
from recommendations import registry
from recommendations.models import MerchandisingRule
from recommendations.serving import index, snapshot
from recommendations.serving.looks import looks_of
from recommendations.serving.snapshot import current
from tests.factories import NOW, make_product
from tests.shops import Shop, make_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    made = make_shop()
    publish_model("item_knn")
    return made


def test_while_nothing_changes_it_is_the_same_for_one_query(shop: Shop) -> None:
    first = current()
    with CaptureQueriesContext(connection) as queries:
        assert current() is first
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        assert current(stamp()) is first
    assert len(queries) == 1, "the stamp alone"


def test_only_what_changed_is_read_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    current()
    read: list[Any] = []
    whole = columns.read

    def noted(*given: Any) -> Any:
        read.append(given)
        return whole(*given)

    monkeypatch.setattr(columns, "read", noted)
    Product.objects.filter(pk=shop.garden[0].pk).update(price="99")
    found = current()
    assert [given[0] for given in read] == [[shop.garden[0].pk]]
    at = found.catalogue.positions(np.array([shop.garden[0].pk]))
    assert found.catalogue.pence[at].tolist() == [9900]
    MerchandisingRule.objects.create(name="x", action="drop", brand="x")
    assert len(current().rules) == 1
    assert len(read) == 1, "a rule changes no product"


def test_a_request_that_began_with_one_ends_with_it(shop: Shop) -> None:
    first = current()
    count = len(first.catalogue)
    make_product()
    assert len(current().catalogue) == count + 1
    assert len(first.catalogue) == count


def test_rules_hold_from_their_beginning_to_their_end(shop: Shop) -> None:
    hour = timedelta(hours=1)
    MerchandisingRule.objects.create(
        name="x", action="drop", brand="x", starts_at=NOW, ends_at=NOW + 2 * hour
    )
    MerchandisingRule.objects.create(name="off", action="drop", brand="y", is_active=False)
    found = current()
    for moment in (NOW - hour, NOW, NOW + hour, NOW + 2 * hour):
        in_force = list(MerchandisingRule.objects.in_force(moment).order_by("name", "pk"))
        assert list(found.rules_at(moment).rules) == in_force, moment


@pytest.mark.parametrize("what", ["another epoch", "a version that went back", "a lost row"])
def test_another_past_is_read_from_the_beginning(shop: Shop, what: str) -> None:
    first = current()
    Product.objects.filter(pk=shop.garden[0].pk).delete()
    if what == "another epoch":
        new_epoch("restored")
    elif what == "a version that went back":
        ShopState.objects.update(version=1)
    else:
        ShopState.objects.all().delete()
    found = current()
    assert found is not first
    assert shop.garden[0].pk not in found.catalogue.ids


def test_masks_over_the_models_products_are_those_of_the_catalogue(shop: Shop) -> None:
    Product.objects.filter(pk=shop.garden[0].pk).update(stock=0)
    gone = shop.garden[1].pk
    Product.objects.filter(pk=gone).delete()
    make_product()
    found = current()
    assert found.model is not None
    ids = found.model.bundle.products.ids
    may = {pk for pk, ok in zip(ids.tolist(), found.recommendable.tolist(), strict=True) if ok}
    assert may == {each.pk for each in shop.products} - {shop.garden[0].pk, gone}


def test_a_shop_without_anything_has_a_snapshot_too() -> None:
    found = current()
    assert found.model is None and len(found.catalogue) == 0 and found.rules == ()


def test_warming_up_survives_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def away() -> None:
        raise OperationalError("not yet")

    monkeypatch.setattr(snapshot, "stamp", away)
    monkeypatch.setattr(connections, "close_all", lambda: None)
    snapshot.warm_up()
    assert "nothing is read ahead" in caplog.text


def test_a_process_that_warmed_up_has_the_cards_and_looks_of_all_products(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "close_all", lambda: None)
    snapshot.warm_up()
    found = current()
    with CaptureQueriesContext(connection) as queries:
        assert set(found.cards.of(found.catalogue.ids.tolist())) == {each.pk for each in shop.products}
        looks_of(found.catalogue.ids, np.arange(len(found.catalogue)), found)
    assert len(queries) == 0


@pytest.mark.django_db(transaction=True)
class TestANewerModelInAProcessThatServes:
    @pytest.fixture(autouse=True)
    def slow_disk(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        make_shop()
        self.first = publish_model("item_knn")
        self.may_load = threading.Event()
        self.may_load.set()
        self.loads: list[int] = []
        load = registry.load

        def slow(version: Any) -> Any:
            self.loads.append(version.pk)
            assert self.may_load.wait(20)
            return load(version)

        monkeypatch.setattr(registry, "load", slow)
        index.load_beside_requests()
        assert self.served() == self.first.pk
        yield
        self.may_load.set()
        if (loading := index._loading) is not None:
            loading.join(20)

    def served(self) -> int | None:
        model = current().model
        return model.version if model else None

    def test_no_request_waits_for_it_and_the_next_one_after_has_it(self) -> None:
        self.may_load.clear()
        second = publish_model("item_knn")
        started = time.monotonic()
        assert [self.served() for _ in range(20)] == [self.first.pk] * 20
        assert time.monotonic() - started < 10
        loading = index._loading
        assert loading is not None
        self.may_load.set()
        loading.join(20)
        assert self.loads == [self.first.pk, second.pk], "one thread loads it, once"
        assert self.served() == second.pk

    def test_meanwhile_nothing_is_wrong_and_health_says_what_is_coming(self) -> None:
        self.may_load.clear()
        second = publish_model("item_knn")
        told = self.health()
        assert (told["status"], told["version"]) == ("ok", self.first.pk)
        assert told["detail"] == f"Version {second.pk} is being loaded."
        self.may_load.set()
        self.await_served(second.pk)
        told = self.health()
        assert (told["status"], told["version"]) == ("ok", second.pk) and "detail" not in told

    def test_of_two_in_a_row_the_last_one_is_served_in_the_end(self) -> None:
        self.may_load.clear()
        publish_model("item_knn")
        self.served()
        third = publish_model("item_knn")
        self.served()
        self.may_load.set()
        self.await_served(third.pk)

    def test_one_that_comes_while_the_thread_ends_is_served_too(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ending, may_end = threading.Event(), threading.Event()
        close_all = connections.close_all

        def slowly() -> None:
            ending.set()
            assert may_end.wait(20)
            close_all()

        monkeypatch.setattr(index, "connections", SimpleNamespace(close_all=slowly))
        publish_model("item_knn")
        self.served()
        assert ending.wait(20)
        third = publish_model("item_knn")
        assert self.served() != third.pk
        may_end.set()
        self.await_served(third.pk)

    def test_one_that_cannot_be_loaded_is_no_hindrance_to_the_next(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        load = registry.load

        def fails(version: Any) -> Any:
            raise MemoryError("There is no room for it.")

        monkeypatch.setattr(registry, "load", fails)
        second = publish_model("item_knn")
        self.served()
        if (loading := index._loading) is not None:
            loading.join(20)
        assert f"model version {second.pk} could not be loaded" in caplog.text
        assert self.served() == self.first.pk
        told = self.health()
        assert (told["status"], told["version"]) == ("down", self.first.pk)
        assert "cannot be loaded" in told["detail"]
        if (loading := index._loading) is not None:
            loading.join(20)
        monkeypatch.setattr(registry, "load", load)
        third = publish_model("item_knn")
        self.served()
        self.await_served(third.pk)
        assert self.health()["status"] == "ok"

    def health(self) -> dict[str, Any]:
        told: dict[str, Any] = Client().get("/api/v1/health/ready").json()["checks"]["model"]
        return told

    def await_served(self, version: int) -> None:
        deadline = time.monotonic() + 20
        while self.served() != version and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.served() == version

    def test_the_first_one_is_waited_for(self) -> None:
        index.forget()
        snapshot.forget()
        index.load_beside_requests()
        assert self.served() == self.first.pk
