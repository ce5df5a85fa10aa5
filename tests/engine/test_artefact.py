from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

import joblib
import numpy as np
import pytest

from recommendations.engine import array_file, artefact
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.artefact import (
    ARRAYS,
    MANIFEST,
    ArtefactError,
    Bundle,
    Seal,
    UnreadableError,
    UnsignedError,
    is_signed,
    load,
    save,
    sign,
)
from recommendations.engine.fit import fit_bundle
from recommendations.engine.protocols import TakesNewProducts
from recommendations.engine.sealing import sealed
from recommendations.engine.types import Arrays, History, Interactions, Vocabulary
from tests.engine.builders import checkerboard, described, history, purchases, tastes

KEY, OTHER_KEY = b"the shop's own", b"somebody else's"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return fit_bundle(tastes(), "item_knn", seed=0, metadata={"shop": "Hats & Co"})


@pytest.fixture
def saved(bundle: Bundle, tmp_path: Path) -> tuple[Path, Seal]:
    return tmp_path / "v1", save(bundle, tmp_path / "v1", key=KEY)


def through_a_file(bundle: Bundle, folder: Path) -> Bundle:
    return load(folder, seal=save(bundle, folder, key=KEY), keys=[KEY])


def edit_manifest(folder: Path, **changes: object) -> Seal:
    """Changes the manifest as its author would, and gives its new seal."""
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, **changes}))
    return sealed((folder / MANIFEST).read_bytes(), KEY)


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_a_saved_bundle_answers_the_same(name: str, tmp_path: Path) -> None:
    bundle = fit_bundle(tastes(), name, seed=0)
    loaded = through_a_file(bundle, tmp_path / "v1")
    histories = [*tastes().histories(), History.empty()]
    assert loaded.algorithm == name
    assert loaded.ranker.config == bundle.ranker.config
    assert loaded.metadata == bundle.metadata
    np.testing.assert_array_equal(loaded.products.ids, bundle.products.ids)
    np.testing.assert_array_equal(loaded.ranker.model.score(histories), bundle.ranker.model.score(histories))
    popular = bundle.popularity.model.score(histories)
    np.testing.assert_array_equal(loaded.popularity.model.score(histories), popular)
    assert loaded.ratings is not None
    assert bundle.ratings is not None
    predicted = bundle.ratings.model.predict(histories)
    np.testing.assert_array_equal(loaded.ratings.model.predict(histories), predicted)


@pytest.mark.parametrize("as_objects", [False, True])
def test_text_ids_survive(as_objects: bool, tmp_path: Path) -> None:
    world = purchases({"ann": ["hüt", "cap"], "bob": ["cap", "tie"]})
    if as_objects:
        shoppers, products = (each.ids.astype(object) for each in (world.shoppers, world.products))
        world = Interactions.from_columns(
            shoppers[world.shopper], products[world.product],
            ratings=world.ratings, weights=world.weights, times=world.times,
        )  # fmt: skip
    loaded = through_a_file(fit_bundle(world, "ease", seed=0), tmp_path / "v1")
    assert loaded.products.ids.tolist() == ["cap", "hüt", "tie"]
    assert loaded.products.positions(["tie", "hüt", "wig"]).tolist() == [2, 1, -1]
    assert loaded.ratings is None


def test_arrays_are_mapped_from_the_file_and_read_only(saved: tuple[Path, Seal]) -> None:
    arrays = joblib.load(saved[0] / ARRAYS, mmap_mode="r")
    assert all(isinstance(array, np.memmap) for array in arrays.values())
    similarities = load(saved[0], seal=saved[1], keys=[KEY]).ranker.model.arrays()["data"]
    with pytest.raises(ValueError, match="read-only"):
        similarities[0] = 9


def test_the_checksum_covers_the_manifest_and_the_manifest_the_arrays(saved: tuple[Path, Seal]) -> None:
    folder, seal = saved
    assert seal.sha256 == artefact._sha256(folder / MANIFEST)
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["arrays_sha256"] == artefact._sha256(folder / ARRAYS)
    assert list(manifest) == sorted(manifest)
    assert manifest["metadata"]["shop"] == "Hats & Co"
    assert manifest["parts"]["ranker"] == {
        "algorithm": "item_knn",
        "config": {"neighbours": 200, "recency": 1.0, "shrinkage": 20.0},
    }


def test_the_files_hold_no_shopper_and_no_history(tmp_path: Path) -> None:
    world = checkerboard(6)
    secret = Interactions.from_columns(
        world.shopper + 7_654_321, world.products.ids[world.product],
        ratings=np.full(len(world), 4, np.float32), weights=world.weights, times=world.times,
    )  # fmt: skip
    for name in ALGORITHMS:
        folder = tmp_path / name
        save(fit_bundle(secret, name, seed=0, minimum_ratings=1), folder, key=KEY)
        arrays = joblib.load(folder / ARRAYS)
        for array in arrays.values():
            assert not np.isin(array, secret.shoppers.ids).any()
        assert "7654" not in (folder / MANIFEST).read_text()
        assert sorted(path.name for path in folder.iterdir()) == [ARRAYS, MANIFEST]


def test_two_savings_of_one_bundle_are_the_same_files(bundle: Bundle, tmp_path: Path) -> None:
    assert save(bundle, tmp_path / "one", key=KEY) == save(bundle, tmp_path / "two", key=KEY)


def test_an_artefact_is_never_overwritten(bundle: Bundle, saved: tuple[Path, Seal]) -> None:
    with pytest.raises(ArtefactError, match="exists already"):
        save(bundle, saved[0], key=KEY)


def test_a_failed_save_leaves_nothing_behind(bundle: Bundle, tmp_path: Path) -> None:
    broken = Bundle(bundle.products, bundle.ranker, bundle.popularity, None, {"rate": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        save(broken, tmp_path / "v1", key=KEY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS])
def test_a_missing_file_is_said_so(name: str, saved: tuple[Path, Seal]) -> None:
    (saved[0] / name).unlink()
    with pytest.raises(UnreadableError, match=f"{name} is missing"):
        load(saved[0], seal=saved[1], keys=[KEY])


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS])
def test_an_altered_file_is_refused_before_any_array_is_read(
    name: str, saved: tuple[Path, Seal], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_args, **_kwargs):
        raise AssertionError("an unverified file was read")

    monkeypatch.setattr(array_file, "mapped", never)
    content = bytearray((saved[0] / name).read_bytes())
    content[len(content) // 2] ^= 1
    (saved[0] / name).write_bytes(content)
    with pytest.raises(ArtefactError, match=f"{name} is not the one that was published"):
        load(saved[0], seal=saved[1], keys=[KEY])


def test_a_file_that_cannot_be_read_is_said_so(
    saved: tuple[Path, Seal], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(array_file, "mapped", locked)
    with pytest.raises(UnreadableError, match=r"cannot be read: .*Permission denied"):
        load(saved[0], seal=saved[1], keys=[KEY])


def test_web_and_worker_may_be_different_users(saved: tuple[Path, Seal]) -> None:
    plain = saved[0].parent / "plain"
    plain.mkdir()
    assert saved[0].stat().st_mode == plain.stat().st_mode


def test_another_format_is_refused(saved: tuple[Path, Seal]) -> None:
    with pytest.raises(ArtefactError, match="has format 99; this code reads 1"):
        load(saved[0], seal=edit_manifest(saved[0], format=99), keys=[KEY])


def test_another_major_version_of_a_library_is_refused_and_a_minor_one_is_not(
    saved: tuple[Path, Seal],
) -> None:
    folder, _ = saved
    libraries = json.loads((folder / MANIFEST).read_text())["libraries"]
    minor = libraries["numpy"].split(".")[0] + ".0.0"
    load(folder, seal=edit_manifest(folder, libraries={**libraries, "numpy": minor}), keys=[KEY])
    with pytest.raises(ArtefactError, match=r"saved with numpy 1\.26\.4.*Train and publish a new version"):
        load(folder, seal=edit_manifest(folder, libraries={**libraries, "numpy": "1.26.4"}), keys=[KEY])


@pytest.mark.parametrize(
    "described", [{"algorithm": "oracle", "config": {}}, {"algorithm": "item_knn", "config": {"magic": 1}}]
)
def test_an_algorithm_this_code_does_not_know_is_refused(
    described: dict[str, object], saved: tuple[Path, Seal]
) -> None:
    parts = json.loads((saved[0] / MANIFEST).read_text())["parts"]
    seal = edit_manifest(saved[0], parts={**parts, "ranker": described})
    with pytest.raises(ArtefactError, match="made by other code"):
        load(saved[0], seal=seal, keys=[KEY])


def test_new_products_are_reached_by_a_loaded_bundle_as_by_the_fitted_one(tmp_path: Path) -> None:
    bundle = fit_bundle(checkerboard(4), "item_knn", seed=0)
    loaded = through_a_file(bundle, tmp_path / "v1")
    news = described({"900": "even", "901": "odd"})
    news = replace(news, products=Vocabulary(np.array([900, 901])))
    answers = []
    for each in (bundle, loaded):
        assert each.content is not None
        model: object = each.content.model
        assert isinstance(model, TakesNewProducts)
        answers.append(model.extended(news).score([history([100])]))
    np.testing.assert_array_equal(answers[0], answers[1])
    assert answers[0][0][-2] > answers[0][0][-1] == 0


def test_a_bundle_from_before_there_was_a_content_part_still_loads(tmp_path: Path) -> None:
    bundle = replace(fit_bundle(checkerboard(4), "item_knn", seed=0), content=None)
    assert through_a_file(bundle, tmp_path / "v1").content is None


class Attack:
    """Unpickled, it leaves a folder behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


class TestSignatures:
    def test_the_signature_is_the_manifests_hmac(self, saved: tuple[Path, Seal]) -> None:
        manifest = (saved[0] / MANIFEST).read_bytes()
        assert saved[1].signature == hmac.new(KEY, manifest, hashlib.sha256).hexdigest()

    def test_any_of_the_known_keys_will_do(self, saved: tuple[Path, Seal]) -> None:
        load(saved[0], seal=saved[1], keys=[OTHER_KEY, KEY])

    @pytest.mark.parametrize("keys", [[], [OTHER_KEY]])
    def test_another_key_is_refused(self, keys: list[bytes], saved: tuple[Path, Seal]) -> None:
        with pytest.raises(UnsignedError, match="signed with a key that is not known"):
            load(saved[0], seal=saved[1], keys=keys)

    @pytest.mark.parametrize("signature", ["", "0" * 64, "ü", "0"])
    def test_no_signature_or_a_wrong_one_is_refused(
        self, signature: str, saved: tuple[Path, Seal], never_mapped: None
    ) -> None:
        with pytest.raises(UnsignedError, match="has not been signed" if not signature else "not known"):
            load(saved[0], seal=replace(saved[1], signature=signature), keys=[KEY])

    def test_who_writes_the_folder_and_the_checksum_but_has_no_key_runs_nothing(
        self, saved: tuple[Path, Seal], never_mapped: None
    ) -> None:
        folder, seal = saved
        mark = folder.parent / "it-ran"
        joblib.dump({"products": Attack(mark)}, folder / ARRAYS)
        forged = edit_manifest(folder, arrays_sha256=artefact._sha256(folder / ARRAYS))
        for signature in (seal.signature, "", sealed((folder / MANIFEST).read_bytes(), OTHER_KEY).signature):
            with pytest.raises(UnsignedError):
                load(folder, seal=Seal(forged.sha256, signature), keys=[KEY])
        assert not mark.exists()

    def test_even_one_who_has_the_key_runs_nothing(self, saved: tuple[Path, Seal]) -> None:
        folder, _ = saved
        mark = folder.parent / "it-ran"
        joblib.dump({"products": Attack(mark)}, folder / ARRAYS)
        forged = edit_manifest(folder, arrays_sha256=artefact._sha256(folder / ARRAYS))
        with pytest.raises(ArtefactError, match=r"is refused: it names posix\.mkdir"):
            load(folder, seal=forged, keys=[KEY])
        assert not mark.exists()

    def test_arrays_that_are_not_those_of_the_manifest_are_refused(self, saved: tuple[Path, Seal]) -> None:
        folder, _ = saved
        array_file.write({"products": np.arange(3)}, folder / ARRAYS)
        forged = edit_manifest(folder, arrays_sha256=artefact._sha256(folder / ARRAYS))
        with pytest.raises(ArtefactError, match="does not hold what its manifest says"):
            load(folder, seal=forged, keys=[KEY])

    def test_signing_takes_whole_files(self, saved: tuple[Path, Seal], never_mapped: None) -> None:
        folder, seal = saved
        assert not is_signed(folder, seal=seal, keys=[OTHER_KEY])
        other = sign(folder, sha256=seal.sha256, key=OTHER_KEY)
        assert (other.sha256, other.signature != seal.signature) == (seal.sha256, True)
        assert is_signed(folder, seal=other, keys=[OTHER_KEY])
        (folder / ARRAYS).write_bytes((folder / ARRAYS).read_bytes() + b"!")
        with pytest.raises(ArtefactError, match="was altered"):
            sign(folder, sha256=seal.sha256, key=OTHER_KEY)
        edit_manifest(folder, metadata={})
        for look in (sign, is_signed):
            arguments = {"sha256": seal.sha256, "key": KEY} if look is sign else {"seal": seal, "keys": [KEY]}
            with pytest.raises(ArtefactError, match="was altered"):
                look(folder, **arguments)


@pytest.fixture
def never_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_args: object) -> None:
        raise AssertionError("an unverified file was read")

    monkeypatch.setattr(array_file, "mapped", never)


class TestBetweenVerifyingAndReading:
    """What is mapped is what was verified, whatever happens to the names meanwhile."""

    def meanwhile(self, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
        mapped = array_file.mapped

        def after_that(file: BufferedReader) -> Arrays:
            happens()
            return mapped(file)

        monkeypatch.setattr(array_file, "mapped", after_that)

    def test_a_file_that_is_swapped_is_not_read(
        self, bundle: Bundle, saved: tuple[Path, Seal], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder, seal = saved
        mark, bad = folder.parent / "it-ran", folder / "bad"
        joblib.dump({"products": Attack(mark)}, bad)
        self.meanwhile(monkeypatch, lambda: bad.rename(folder / ARRAYS))
        loaded = load(folder, seal=seal, keys=[KEY])
        np.testing.assert_array_equal(loaded.products.ids, bundle.products.ids)
        assert not mark.exists() and not bad.exists()

    def test_a_folder_that_is_swapped_or_removed_is_not_read(
        self, bundle: Bundle, saved: tuple[Path, Seal], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder, seal = saved
        self.meanwhile(monkeypatch, lambda: shutil.rmtree(folder))
        loaded = load(folder, seal=seal, keys=[KEY])
        asked = [history([0])]
        np.testing.assert_array_equal(loaded.ranker.model.score(asked), bundle.ranker.model.score(asked))

    def test_a_file_that_is_written_over_in_its_place_still_runs_nothing(
        self, saved: tuple[Path, Seal], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder, seal = saved
        mark = folder.parent / "it-ran"
        self.meanwhile(monkeypatch, lambda: joblib.dump({"products": Attack(mark)}, folder / ARRAYS))
        with pytest.raises(ArtefactError, match=r"names posix\.mkdir"):
            load(folder, seal=seal, keys=[KEY])
        assert not mark.exists()


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS])
class TestOnlyPlainFiles:
    def test_a_link_is_not_followed(self, name: str, saved: tuple[Path, Seal]) -> None:
        (saved[0] / name).rename(saved[0].parent / "elsewhere")
        (saved[0] / name).symlink_to(saved[0].parent / "elsewhere")
        with pytest.raises(ArtefactError, match="cannot be read"):
            load(saved[0], seal=saved[1], keys=[KEY])

    def test_a_pipe_or_a_folder_is_not_waited_for(self, name: str, saved: tuple[Path, Seal]) -> None:
        (saved[0] / name).unlink()
        os.mkfifo(saved[0] / name)
        with pytest.raises(ArtefactError, match="is not a file"):
            load(saved[0], seal=saved[1], keys=[KEY])
        (saved[0] / name).unlink()
        (saved[0] / name).mkdir()
        with pytest.raises(ArtefactError, match="is not a file"):
            load(saved[0], seal=saved[1], keys=[KEY])


def test_a_folder_that_is_a_link_or_gone_is_refused(saved: tuple[Path, Seal]) -> None:
    link = saved[0].parent / "link"
    link.symlink_to(saved[0])
    with pytest.raises(ArtefactError, match="cannot be read") as found:
        load(link, seal=saved[1], keys=[KEY])
    assert not isinstance(found.value, UnreadableError), "it will not be another one later"
    with pytest.raises(UnreadableError, match=r"nowhere is missing\. Restore it from a backup"):
        load(saved[0].parent / "nowhere", seal=saved[1], keys=[KEY])


def test_no_file_stays_open(saved: tuple[Path, Seal]) -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    before = open_files()
    with pytest.raises(UnsignedError):
        load(saved[0], seal=saved[1], keys=[])
    loaded = load(saved[0], seal=saved[1], keys=[KEY])
    assert loaded.algorithm == "item_knn"
    assert open_files() == before + 1, "the mapping, and nothing else"
    del loaded
    assert open_files() == before
