"""A model that cannot be read now is read later, and nobody waits for it; a damaged one never is."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recommendations import registry
from recommendations.engine import array_file, artefact
from recommendations.models import ModelVersion
from recommendations.serving import index
from recommendations.serving.snapshot import current
from tests.factories import make_product
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db


class Clock:
    """What the index takes for time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def passes(self) -> None:
        self.now += index.RETRY_SECONDS


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(index, "time", made)
    return made


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The versions whose files were to be read."""
    read: list[int] = []
    load = registry.load

    def counted(version: ModelVersion) -> Any:
        read.append(version.pk)
        return load(version)

    monkeypatch.setattr(registry, "load", counted)
    return read


@pytest.fixture(autouse=True)
def shop() -> None:
    make_shop()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "models"


def served() -> int | None:
    model = current().model
    return model.version if model else None


def health() -> dict[str, Any]:
    told: dict[str, Any] = Client().get("/api/v1/health/ready").json()["checks"]["model"]
    return told


def damage(version: ModelVersion, root: Path) -> None:
    path = root / version.folder / artefact.ARRAYS
    path.write_bytes(path.read_bytes()[:-8] + b"damaged!")


def no_handle(monkeypatch: pytest.MonkeyPatch, version: ModelVersion) -> None:
    """No file handle is left; the one that names the version is asked for first."""
    fails(monkeypatch, os, "open", OSError(errno.EMFILE, "Too many open files"), version.folder)


def stale_file(monkeypatch: pytest.MonkeyPatch, version: ModelVersion) -> None:
    fails(monkeypatch, os, "open", OSError(errno.ESTALE, "Stale file handle"), artefact.MANIFEST)


def bad_sector(monkeypatch: pytest.MonkeyPatch, version: ModelVersion) -> None:
    fails(monkeypatch, hashlib, "file_digest", OSError(errno.EIO, "Input/output error"))


def no_mapping(monkeypatch: pytest.MonkeyPatch, version: ModelVersion) -> None:
    fails(monkeypatch, array_file, "mmap", OSError(errno.ENOMEM, "Cannot allocate memory"))


def no_memory_for_arrays(monkeypatch: pytest.MonkeyPatch, version: ModelVersion) -> None:
    fails(monkeypatch, array_file, "_ArraysOnly", MemoryError())


def no_memory_for_parts(monkeypatch: pytest.MonkeyPatch, version: ModelVersion) -> None:
    fails(monkeypatch, artefact, "_restored", MemoryError())


def no_memory_for_the_first_list(monkeypatch: pytest.MonkeyPatch, version: ModelVersion) -> None:
    fails(monkeypatch, index, "_prepare", MemoryError())


def fails(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, error: BaseException, about: str = ""
) -> None:
    """The next call, or the next whose first argument names something, ends in this error; no other does."""
    real: Callable[..., Any] = getattr(module, name)
    errors = [error]

    def once(*given: Any, **named: Any) -> Any:
        if errors and about in str(given[0]):
            raise errors.pop()
        return real(*given, **named)

    monkeypatch.setattr(module, name, once)


TROUBLES = [
    no_handle, stale_file, bad_sector, no_mapping, no_memory_for_arrays, no_memory_for_parts,
    no_memory_for_the_first_list,
]  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_what_could_not_be_read_once_is_served_some_seconds_later(
    trouble: Callable[..., None], reads: list[int], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = publish_model()
    trouble(monkeypatch, version)
    assert [served() for _ in range(3)] == [None] * 3
    told = health()
    assert told["status"] == "down"
    assert "cannot be loaded now" in told["detail"] and "damaged" not in told["detail"]
    assert reads == [version.pk], "not at every request"
    clock.passes()
    assert [served() for _ in range(3)] == [version.pk] * 3
    assert reads == [version.pk] * 2
    assert health()["status"] == "ok"


def test_meanwhile_the_newest_whole_older_version_serves(
    reads: list[int], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = publish_model("popularity"), publish_model("item_knn")
    no_handle(monkeypatch, newer)
    assert served() == older.pk
    told = health()
    assert (told["status"], told["version"]) == ("down", older.pk)
    assert "is tried again; an older one serves" in told["detail"]
    make_product()
    assert served() == older.pk
    assert reads == [newer.pk, older.pk], "nor at every change in the shop"
    clock.passes()
    assert served() == newer.pk
    assert reads == [newer.pk, older.pk, newer.pk]


def test_a_mount_that_comes_later_is_served_from(
    root: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    version = publish_model()
    away = root.rename(root.with_name("away"))
    assert served() is None
    clock.passes()
    assert served() is None
    root.mkdir()
    clock.passes()
    assert served() is None, "the empty folder that it is mounted on"
    assert caplog.text.count("could not be loaded") == 1, "said once"
    root.rmdir()
    away.rename(root)
    clock.passes()
    assert served() == version.pk


def test_a_root_whose_links_lead_nowhere_yet_is_no_reason_to_refuse(
    root: Path, tmp_path: Path, clock: Clock
) -> None:
    version = publish_model()
    away = root.rename(tmp_path / "away")
    root.symlink_to(tmp_path / "share")
    assert served() is None
    away.rename(tmp_path / "share")
    clock.passes()
    assert served() == version.pk


def test_a_version_whose_folder_is_gone_leaves_the_previous_one_until_it_is_restored(
    root: Path, reads: list[int], clock: Clock, tmp_path: Path
) -> None:
    older, newer = publish_model("popularity"), publish_model("item_knn")
    shutil.move(root / newer.folder, tmp_path / "copy")
    assert served() == older.pk
    for _ in range(3):
        clock.passes()
        assert served() == served() == older.pk
    assert reads == [newer.pk, older.pk, *[newer.pk] * 3], "the older one is not read again"
    shutil.move(tmp_path / "copy", root / newer.folder)
    clock.passes()
    assert served() == newer.pk


def test_a_damaged_file_stays_refused_and_is_read_once(
    root: Path, reads: list[int], clock: Clock, django_assert_num_queries: Any
) -> None:
    older, newer = publish_model("popularity"), publish_model("item_knn")
    damage(newer, root)
    assert served() == older.pk
    for _ in range(3):
        clock.passes()
        assert served() == older.pk
        with django_assert_num_queries(1):
            current()
    assert reads == [newer.pk, older.pk]
    assert "damaged or not signed; an older one serves" in health()["detail"]


def test_one_that_proves_damaged_when_it_can_be_read_is_not_tried_any_more(
    root: Path, reads: list[int], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = publish_model()
    damage(version, root)
    no_handle(monkeypatch, version)
    for _ in range(4):
        assert served() is None
        clock.passes()
    assert reads == [version.pk] * 2
    assert "damaged" in health()["detail"]


def test_with_a_damaged_live_version_the_one_before_it_is_tried_again(
    root: Path, reads: list[int], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (publish_model() for _ in range(3))
    damage(third, root)
    no_handle(monkeypatch, second)
    assert served() == first.pk
    clock.passes()
    assert served() == second.pk
    assert reads == [third.pk, second.pk, first.pk, second.pk]


def test_after_going_back_to_what_serves_nothing_is_tried_any_more(
    root: Path, reads: list[int], clock: Clock
) -> None:
    older, newer = publish_model("popularity"), publish_model("item_knn")
    shutil.rmtree(root / newer.folder)
    assert served() == older.pk
    registry.roll_back(now=older.created_at)
    assert served() == older.pk and health()["status"] == "ok"
    del reads[:]
    clock.passes()
    with CaptureQueriesContext(connection) as queries:
        assert served() == served() == older.pk
    assert len(queries) == 2 and not reads


@pytest.mark.django_db(transaction=True)
class TestInAProcessThatServes:
    @pytest.fixture(autouse=True)
    def slow_disk(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        self.may_load = threading.Event()
        self.may_load.set()
        self.reads: list[int] = []
        load = registry.load

        def slow(version: ModelVersion) -> Any:
            self.reads.append(version.pk)
            assert self.may_load.wait(20)
            return load(version)

        monkeypatch.setattr(registry, "load", slow)
        index.load_beside_requests()
        yield
        self.may_load.set()
        self.await_thread()

    def await_thread(self) -> None:
        if (loading := index._loading) is not None:
            loading.join(20)

    @pytest.mark.parametrize("is_first", [True, False])
    def test_no_request_waits_for_another_try(
        self, is_first: bool, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        older = None if is_first else publish_model("popularity").pk
        assert served() == older
        newer = publish_model("item_knn")
        no_handle(monkeypatch, newer)
        assert served() == older
        self.await_thread()
        assert served() == older
        assert "is tried again" in health()["detail"]
        self.may_load.clear()
        before = list(self.reads)
        clock.passes()
        assert [served() for _ in range(20)] == [older] * 20
        told = health()
        assert told["status"] == "down" and "is tried again" in told["detail"]
        self.may_load.set()
        self.await_thread()
        assert self.reads == [*before, newer.pk], "one thread tries it, once"
        assert served() == newer.pk
        assert health()["status"] == "ok"

    def test_a_newer_version_is_not_waited_for_either_while_the_disk_does_not_answer(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = publish_model()
        no_handle(monkeypatch, first)
        assert served() is None
        self.may_load.clear()
        clock.passes()
        assert served() is None
        second = publish_model()
        assert served() is None
        assert health() == {
            "status": "down",
            "detail": f"Version {second.pk} is being loaded; shoppers get what is trending.",
        }
        self.may_load.set()
        self.await_thread()
        assert served() == second.pk

    def test_where_no_thread_can_be_started_the_request_goes_on_and_a_later_one_starts_it(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        older = publish_model("popularity")
        assert served() == older.pk
        newer = publish_model("item_knn")
        with monkeypatch.context() as short:
            fails(short, threading.Thread, "start", RuntimeError("can't start new thread"), "load-model")
            assert served() == served() == older.pk
        assert self.reads == [older.pk]
        clock.passes()
        served()
        self.await_thread()
        assert served() == newer.pk

    def test_a_database_that_fails_the_thread_does_not_end_the_tries(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        older = publish_model("popularity")
        assert served() == older.pk
        newer = publish_model("item_knn")
        load = index._load

        def fails(version: ModelVersion) -> None:
            raise RuntimeError("the versions cannot be looked through")

        monkeypatch.setattr(index, "_load", fails)
        served()
        self.await_thread()
        monkeypatch.setattr(index, "_load", load)
        make_product()
        assert served() == older.pk
        assert f"model version {newer.pk} could not be loaded" in caplog.text
        clock.passes()
        served()
        self.await_thread()
        assert served() == newer.pk
