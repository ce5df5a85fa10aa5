"""recommendations.registry: publish, make live, roll back and sweep; files first, the row last."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.db.models import QuerySet

from recommendations import folder_lock, registry, runs
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
    return {path.name for path in root.iterdir() if path.name != ".lock"} if root.exists() else set()


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

    def test_a_commit_whose_answer_was_lost_keeps_its_files(self, root, monkeypatch):
        """The row is there, and the server died before it could say so."""
        create = ModelVersion.objects.create

        def committed_and_gone(**fields):
            with transaction.atomic():
                create(**fields)
            raise KeyboardInterrupt

        monkeypatch.setattr(registry, "_take_turns", lambda change: change())
        monkeypatch.setattr(ModelVersion.objects, "create", committed_and_gone)
        with pytest.raises(KeyboardInterrupt):
            publish_model()
        live = registry.live_version()
        assert live is not None
        assert registry.load(live).algorithm == "item_knn"

    def test_a_database_that_cannot_be_asked_keeps_the_files_for_the_next_sweep(self, root, monkeypatch):
        def lost(**_):
            raise OperationalError("server closed the connection unexpectedly")

        with monkeypatch.context() as patched:
            patched.setattr(ModelVersion.objects, "create", lost)
            patched.setattr(ModelVersion.objects, "filter", lost)
            with pytest.raises(OperationalError):
                publish_model()
        (left,) = folders(root)
        publish_model()
        assert left not in folders(root)

    def test_what_has_to_be_true_together_is_or_nothing_is(self, root):
        live = publish_model()

        def lost(_version):
            raise runs.RunLostError("ended by someone else")

        with pytest.raises(runs.RunLostError):
            publish_model(finish=lost)
        assert registry.live_version() == live
        assert folders(root) == {live.folder}

    def test_one_that_loses_a_turn_takes_the_next(self, root, monkeypatch):
        publish_model()
        create, lost = ModelVersion.objects.create, iter([IntegrityError("one_live_model")] * 3)

        def contested(**fields):
            for error in lost:
                raise error
            return create(**fields)

        monkeypatch.setattr(ModelVersion.objects, "create", contested)
        version = publish_model()
        assert list(ModelVersion.objects.filter(is_live=True)) == [version]

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

    def test_a_version_that_was_forgotten_meanwhile_leaves_the_live_one(self, root):
        first, second = publish_model(), publish_model()
        ModelVersion.objects.filter(pk=first.pk).delete()
        with pytest.raises(ArtefactError, match="not kept any more"):
            registry.make_live(first, now=NOW)
        assert registry.live_version() == second

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

    def test_files_of_forgotten_versions_go_with_them(self, root, settings):
        self.keep(settings, 1)
        first, second = publish_model(), publish_model()
        assert first.folder != second.folder
        assert folders(root) == {second.folder}

    def test_old_files_of_a_version_that_is_kept_stay(self, root):
        first = publish_model()
        grow_old(root / first.folder, seconds=99_999)
        publish_model()
        assert registry.load(first).algorithm == "item_knn"

    @pytest.mark.parametrize(
        "leftover", ["20260101-000000-svd-abc123", ".20260101-000000-item_knn-abc123.0123456789abcdef"]
    )
    @pytest.mark.parametrize("age", [-86_400, 0, 86_400], ids=["of tomorrow", "now", "of yesterday"])
    def test_what_a_dead_process_left_is_swept_whatever_the_clock_says(self, root, leftover, age):
        publish_model()
        (root / leftover).mkdir()
        grow_old(root / leftover, seconds=age)
        publish_model()
        assert leftover not in folders(root)

    @pytest.mark.parametrize("age", [0, 99_999])
    def test_nothing_is_swept_while_somebody_else_publishes(self, root, age):
        name = "20260101-000000-svd-abc123"
        with folder_lock.publishing(root):
            (root / name).mkdir()
            grow_old(root / name, seconds=age)
            publish_model()
            assert name in folders(root)
        publish_model()
        assert name not in folders(root)

    @pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), DatabaseError("gone")])
    def test_a_sweep_that_fails_takes_nothing_back(self, root, monkeypatch, caplog, error):
        def fail(_root):
            raise error

        monkeypatch.setattr(registry, "_sweep", fail)
        version = publish_model()
        assert registry.live_version() == version
        assert "the registry could not be swept" in caplog.text

    def test_a_version_that_was_just_made_live_is_not_forgotten(self, root, settings, monkeypatch):
        """Somebody makes an old version live between the choosing of what goes and its going."""
        old, _second = publish_model(), publish_model()
        self.keep(settings, 1)
        locked = QuerySet.select_for_update

        def meanwhile(queryset):
            registry.make_live(old, now=NOW)
            return locked(queryset)

        monkeypatch.setattr(QuerySet, "select_for_update", meanwhile)
        publish_model()
        assert registry.live_version() == old
        assert old.folder in folders(root)

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
