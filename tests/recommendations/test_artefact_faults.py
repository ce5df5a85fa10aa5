"""A live model whose files are not what was published: an older one serves, and health says so."""

import os
import shutil
from contextlib import contextmanager

import pytest
from django.test import Client

from recommendations import registry
from recommendations.engine.artefact import ARRAYS, MANIFEST
from recommendations.registry import ArtefactError
from recommendations.serving import index
from recommendations.serving.service import recommend_for
from tests.factories import NOW
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db
NOBODY = 65534
REFUSED, UNREAD = "is refused", "could not be loaded"


def truncate(folder, _other):
    with (folder / ARRAYS).open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) // 2)


def empty(folder, _other):
    (folder / ARRAYS).write_bytes(b"")


def alter_arrays(folder, _other):
    content = bytearray((folder / ARRAYS).read_bytes())
    content[-1] ^= 1
    (folder / ARRAYS).write_bytes(content)


def lengthen(folder, _other):
    (folder / ARRAYS).write_bytes((folder / ARRAYS).read_bytes() + b"\0")


def edit_manifest(folder, _other):
    text = (folder / MANIFEST).read_text()
    assert '"seed": 7' in text
    (folder / MANIFEST).write_text(text.replace('"seed": 7', '"seed": 8'))


def empty_manifest(folder, _other):
    (folder / MANIFEST).write_text("")


def swap_arrays(folder, other):
    """The other version's arrays: whole, once published, and not this version's."""
    shutil.copyfile(other / ARRAYS, folder / ARRAYS)


def swap_both(folder, other):
    for name in (ARRAYS, MANIFEST):
        shutil.copyfile(other / name, folder / name)


def swap_folders(folder, other):
    """The older version's folder under the newer one's name; the older one stays as well."""
    shutil.rmtree(folder)
    shutil.copytree(other, folder)


def lose_arrays(folder, _other):
    (folder / ARRAYS).unlink()


def lose_manifest(folder, _other):
    (folder / MANIFEST).unlink()


def lose_folder(folder, _other):
    shutil.rmtree(folder)


def link_elsewhere(folder, other):
    (folder / ARRAYS).unlink()
    (folder / ARRAYS).symlink_to(other / ARRAYS)


def be_a_file(folder, _other):
    shutil.rmtree(folder)
    folder.write_text("no folder")


FAULTS = [
    truncate, empty, alter_arrays, lengthen, edit_manifest, empty_manifest, swap_arrays, swap_both,
    swap_folders, lose_arrays, lose_manifest, lose_folder, link_elsewhere, be_a_file,
]  # fmt: skip


@pytest.fixture
def shop():
    return make_shop()


@contextmanager
def as_somebody_else():
    """Root may read everything; anybody else has no rights already."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folders(tmp_path):
    """Anybody may pass through the folders above."""
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == os.getuid() and folder.name.startswith(("pytest-", "popen-", "test_")):
            folder.chmod(0o755)


def model_check():
    return Client().get("/api/v1/health/ready").json()["checks"]["model"]


def older_one_serves(shop, older, newer, caplog, *, once):
    answer = recommend_for(shop.gardeners[0], now=NOW)
    assert answer.model_version == older.pk
    told = model_check()
    assert (told["status"], told["version"]) == ("down", older.pk)
    assert "an older one serves" in told["detail"]
    assert ("is tried again" in told["detail"]) is (once != REFUSED)
    assert caplog.text.count(f"model version {newer.pk} {once}") == 1
    assert registry.live_version() == newer, "who repairs it has it live again"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_previous_version_serves_and_health_says_so(fault, shop, tmp_path, caplog):
    older, newer = publish_model("popularity"), publish_model("item_knn", seed=7)
    fault(tmp_path / "models" / newer.folder, tmp_path / "models" / older.folder)
    with pytest.raises(ArtefactError):
        registry.load(newer)
    once = UNREAD if fault in (lose_arrays, lose_manifest, lose_folder) else REFUSED
    older_one_serves(shop, older, newer, caplog, once=once)


@pytest.mark.usefixtures("open_folders")
@pytest.mark.parametrize("name", [".", ARRAYS, MANIFEST])
def test_files_that_may_not_be_read_are_as_good_as_none(name, shop, tmp_path, caplog):
    older, newer = publish_model("popularity"), publish_model("item_knn")
    path = tmp_path / "models" / newer.folder / name
    path.chmod(0)
    with as_somebody_else():
        with pytest.raises(ArtefactError, match="Permission denied"):
            registry.load(newer)
        older_one_serves(shop, older, newer, caplog, once=UNREAD)
    path.chmod(0o755)


def test_with_no_whole_version_lists_are_without_a_model_and_health_says_so(shop, tmp_path):
    for version in (publish_model(), publish_model()):
        lose_arrays(tmp_path / "models" / version.folder, None)
    assert recommend_for(shop.gardeners[0], now=NOW).model_version is None
    told = model_check()
    assert told["status"] == "down" and "shoppers get what is trending" in told["detail"]


def test_a_training_mends_it(shop, tmp_path):
    publish_model("popularity")
    damaged = publish_model()
    lose_folder(tmp_path / "models" / damaged.folder, None)
    mended = publish_model()
    index.forget()
    assert model_check()["version"] == mended.pk
    assert recommend_for(shop.gardeners[0], now=NOW).model_version == mended.pk


@pytest.mark.parametrize("fault", [truncate, lose_folder], ids=["truncated", "lost"])
def test_rolling_back_from_and_over_damaged_versions_finds_the_whole_one(fault, shop, tmp_path):
    whole, damaged, live = publish_model("popularity"), publish_model(), publish_model()
    for version in (damaged, live):
        fault(tmp_path / "models" / version.folder, tmp_path)
    assert registry.roll_back(now=NOW) == whole
    assert model_check()["status"] == "ok"
