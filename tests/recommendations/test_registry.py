"""recommendations.registry: publish, make live, roll back and sweep; files first, the row last."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from recommendations import registry
from recommendations.engine import artefact
from recommendations.models import ModelVersion
from recommendations.registry import ArtefactError
from tests.factories import NOW
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_shop()
    return tmp_path / "models"


def folders(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()} if root.exists() else set()


def alter(version: ModelVersion, root: Path) -> None:
    """One bit of the arrays is not what was published."""
    path = root / version.folder / artefact.ARRAYS
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def grow_old(path: Path, *, seconds: float) -> None:
    when = NOW.timestamp() - seconds
    os.utime(path, (when, when))


class TestPublishing:
    def test_a_published_version_is_live_and_whole(self, root):
        version = publish_model()
        assert registry.live_version() == version
        assert version.folder.startswith("20260601-120000-item_knn-")
        assert folders(root) == {version.folder}
        assert registry.load(version).algorithm == "item_knn"

    def test_there_is_one_live_version_only(self, root):
        publish_model()
        second = publish_model()
        assert list(ModelVersion.objects.filter(is_live=True)) == [second]
        with pytest.raises(IntegrityError), transaction.atomic():
            ModelVersion.objects.update(is_live=True)

    @pytest.mark.parametrize("error", [IntegrityError, MemoryError, KeyboardInterrupt])
    def test_dying_between_the_files_and_the_row_leaves_the_live_model_and_no_folder(
        self, root, monkeypatch, error
    ):
        live = publish_model()

        def fail(**_):
            raise error

        with monkeypatch.context() as patched, pytest.raises(error):
            patched.setattr(ModelVersion.objects, "create", fail)
            publish_model()
        assert registry.live_version() == live
        assert folders(root) == {live.folder}
        registry.load(live)

    def test_a_save_that_fails_leaves_nothing(self, root, monkeypatch):
        def full(*_args, **_kwargs):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("recommendations.engine.artefact._write", full)
        with pytest.raises(OSError, match="No space left"):
            publish_model()
        assert not ModelVersion.objects.exists()
        assert folders(root) == set()

    def test_two_versions_of_one_second_have_folders_of_their_own(self, root):
        assert publish_model(now=NOW).folder != publish_model(now=NOW).folder


class TestMakingLive:
    def test_an_earlier_version_can_be_live_again(self, root):
        first, second = publish_model(), publish_model("ease")
        registry.make_live(first, now=NOW + HOUR)
        assert (first.is_live, first.published_at) == (True, NOW + HOUR)
        assert list(ModelVersion.objects.filter(is_live=True)) == [first]
        second.refresh_from_db()
        assert not second.is_live and second.published_at == NOW

    def test_an_altered_artefact_is_refused_and_the_live_one_stays(self, root):
        first, second = publish_model(), publish_model()
        alter(first, root)
        with pytest.raises(ArtefactError, match="altered"):
            registry.make_live(first, now=NOW)
        assert registry.live_version() == second

    def test_a_missing_artefact_is_refused(self, root):
        first, second = publish_model(), publish_model()
        (root / first.folder / artefact.ARRAYS).unlink()
        with pytest.raises(ArtefactError, match="missing"):
            registry.make_live(first, now=NOW)
        assert registry.live_version() == second

    def test_a_row_with_another_checksum_is_refused(self, root):
        version = publish_model()
        version.sha256 = "0" * 64
        with pytest.raises(ArtefactError, match="altered"):
            registry.load(version)

    @pytest.mark.parametrize("folder", ["", ".", "..", "../elsewhere", "/etc", "inside/deeper"])
    def test_a_folder_outside_the_root_is_never_read(self, root, folder):
        version = publish_model()
        version.folder = folder
        with pytest.raises(ArtefactError, match="outside the registry"):
            registry.load(version)

    def test_a_link_that_leads_out_of_the_root_is_not_followed(self, root, tmp_path):
        version = publish_model()
        (root / version.folder).rename(tmp_path / "elsewhere")
        (root / version.folder).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ArtefactError, match="outside the registry"):
            registry.load(version)


class TestRollingBack:
    def test_the_newest_older_version_is_live_again(self, root):
        _first, second, _third = publish_model(), publish_model(), publish_model()
        assert registry.roll_back(now=NOW) == second
        assert registry.live_version() == second

    def test_rolling_back_twice_goes_back_twice(self, root):
        first, *_ = publish_model(), publish_model(), publish_model()
        registry.roll_back(now=NOW)
        assert registry.roll_back(now=NOW) == first == registry.live_version()

    def test_damaged_versions_are_skipped(self, root, caplog):
        first, second, _third = publish_model(), publish_model(), publish_model()
        alter(second, root)
        assert registry.roll_back(now=NOW) == first
        assert f"cannot roll back to item_knn v{second.pk}" in caplog.text

    def test_with_nothing_whole_to_go_back_to_the_live_one_stays(self, root):
        first, second = publish_model(), publish_model()
        alter(first, root)
        assert registry.roll_back(now=NOW) is None
        assert registry.live_version() == second

    def test_the_only_version_and_an_empty_registry_stay_as_they_are(self, root):
        assert registry.roll_back(now=NOW) is None
        only = publish_model()
        assert registry.roll_back(now=NOW) is None
        assert registry.live_version() == only


class TestSweeping:
    def keep(self, settings, versions: int) -> None:
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "keep_versions": versions}

    def test_the_newest_versions_are_kept_and_the_others_forgotten(self, root, settings):
        self.keep(settings, 3)
        made = [publish_model() for _ in range(5)]
        assert list(ModelVersion.objects.order_by("pk")) == made[2:]

    def test_the_live_version_is_kept_however_old_it_is(self, root, settings):
        oldest, *_ = [publish_model() for _ in range(3)]
        registry.make_live(oldest, now=NOW)
        self.keep(settings, 2)
        publish_model()
        assert ModelVersion.objects.count() == 2
        registry.roll_back(now=NOW)
        newest = publish_model()
        assert registry.live_version() == newest
        assert ModelVersion.objects.count() == 2

    def test_files_of_forgotten_versions_go_once_they_are_old(self, root, settings):
        self.keep(settings, 1)
        first = publish_model()
        grow_old(root / first.folder, seconds=3599)
        second = publish_model()
        assert folders(root) == {first.folder, second.folder}
        grow_old(root / first.folder, seconds=3601)
        third = publish_model()
        assert folders(root) == {second.folder, third.folder}

    def test_old_files_of_a_version_that_is_kept_stay(self, root):
        first = publish_model()
        grow_old(root / first.folder, seconds=99_999)
        publish_model()
        assert registry.load(first).algorithm == "item_knn"

    @pytest.mark.parametrize(
        "leftover", ["20260101-000000-svd-abc123", ".20260101-000000-item_knn-abc123.0123456789abcdef"]
    )
    def test_what_a_dead_process_left_is_swept_only_when_it_is_old(self, root, leftover):
        publish_model()
        (root / leftover).mkdir()
        grow_old(root / leftover, seconds=60)
        publish_model()
        assert leftover in folders(root)
        grow_old(root / leftover, seconds=7200)
        publish_model()
        assert leftover not in folders(root)

    def test_what_is_not_the_registrys_own_is_never_touched(self, root):
        """The root may be a folder that holds other things, such as a home folder."""
        root.mkdir()
        for name in ("Documents", "2026-holidays", ".ssh"):
            (root / name).mkdir()
            (root / name / "file").write_text("precious")
            grow_old(root / name, seconds=99_999)
        (root / "notes.txt").write_text("precious")
        publish_model()
        assert {"Documents", "2026-holidays", ".ssh", "notes.txt"} < folders(root)
        assert (root / ".ssh" / "file").read_text() == "precious"

    def test_a_folder_that_vanishes_while_sweeping_does_not_fail_the_publication(self, root, monkeypatch):
        root.mkdir()
        gone = root / "20260101-000000-svd-abc123"
        listed = Path.iterdir

        def with_a_ghost(path):
            yield from listed(path)
            if path == root:
                yield gone

        monkeypatch.setattr(Path, "iterdir", with_a_ghost)
        assert publish_model().is_live
