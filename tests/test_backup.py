"""manage.py backup and restore: a whole copy and the way back, or nothing at all."""

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.shop import manage
from tests.flows.postgres import programs, running_postgres

COUNTS = """
from catalog.models import Product
from feedback.models import Event, Rating
from recommendations.registry import live_version, load
print("counts", Product.objects.count(), Rating.objects.count(), Event.objects.count(), live_version().pk)
load(live_version())
"""
CHANGE = """
from feedback.models import Rating
from catalog.models import Product
from recommendations.models import ModelVersion
Rating.objects.all().delete()
Product.objects.update(title="overwritten")
ModelVersion.objects.all().delete()
"""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shop(request, tmp_path_factory):
    """(folder, environment) of a small shop with a model, on either database."""
    folder = tmp_path_factory.mktemp("shop")
    if request.param == "sqlite":
        _fill(folder, {})
        yield folder, {}
        return
    if (bin_dir := programs()) is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    with running_postgres(bin_dir) as url:
        environment = {"DATABASE_URL": url}
        _fill(folder, environment)
        yield folder, environment


def _fill(folder: Path, environment: dict[str, str]) -> None:
    manage(folder, "migrate", "-v0", **environment)
    manage(folder, "seed_demo", "--shoppers", "30", "--ratings", "400", **environment)
    manage(folder, "train_model", "--algorithm", "popularity", **environment)
    (folder / "media").mkdir(exist_ok=True)
    (folder / "media" / "lamp.png").write_bytes(b"a picture")


def _shell(shop, code):
    folder, environment = shop
    return manage(folder, "shell", "-v0", "-c", code, **environment)


def _refusal(shop, *arguments):
    folder, environment = shop
    with pytest.raises(subprocess.CalledProcessError) as refused:
        manage(folder, *map(str, arguments), **environment)
    assert "Traceback" not in refused.value.stderr
    return refused.value.stderr


def test_what_was_backed_up_comes_back_whole(shop, tmp_path):
    folder, environment = shop
    before = _shell(shop, COUNTS)
    manage(folder, "backup", str(tmp_path / "copy"), **environment)
    _shell(shop, CHANGE)
    (folder / "media" / "lamp.png").unlink()
    (folder / "media" / "newer.png").write_bytes(b"came later")
    manage(folder, "restore", "--yes", str(tmp_path / "copy"), **environment)
    assert _shell(shop, COUNTS) == before
    assert [path.name for path in (folder / "media").iterdir()] == ["lamp.png"]


def test_a_backup_never_overwrites_another(shop, tmp_path):
    (tmp_path / "copy").mkdir()
    assert "is there already" in _refusal(shop, "backup", tmp_path / "copy")


def test_a_damaged_backup_is_refused_before_anything_is_touched(shop, tmp_path):
    folder, environment = shop
    before = _shell(shop, COUNTS)
    manage(folder, "backup", str(tmp_path / "copy"), **environment)
    database = tmp_path / "copy" / "database"
    database.write_bytes(database.read_bytes()[:-100])
    assert "database is missing or altered" in _refusal(shop, "restore", "--yes", tmp_path / "copy")
    assert _shell(shop, COUNTS) == before


def test_a_backup_of_another_database_is_refused(shop, tmp_path):
    folder, environment = shop
    manage(folder, "backup", str(tmp_path / "copy"), **environment)
    manifest = tmp_path / "copy" / "backup.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(told | {"database": "oracle"}))
    assert "is of oracle" in _refusal(shop, "restore", "--yes", tmp_path / "copy")


def test_a_folder_that_is_no_backup_is_refused(shop, tmp_path):
    assert "not a whole backup" in _refusal(shop, "restore", "--yes", tmp_path)


def test_nothing_is_replaced_without_a_yes(shop, tmp_path):
    folder, environment = shop
    manage(folder, "backup", str(tmp_path / "copy"), **environment)
    assert "Nothing was changed" in _refusal(shop, "restore", tmp_path / "copy")


def test_a_disk_that_cannot_be_written_to_leaves_nothing_behind(shop, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert "cannot be written" in _refusal(shop, "backup", tmp_path / "file" / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
