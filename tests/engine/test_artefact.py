from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pytest

from recommendations.engine import artefact
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.artefact import ARRAYS, MANIFEST, ArtefactError, Bundle, load, save
from recommendations.engine.fit import fit_bundle
from recommendations.engine.protocols import TakesNewProducts
from recommendations.engine.types import History, Interactions, Vocabulary
from tests.engine.builders import checkerboard, described, history, purchases, tastes


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return fit_bundle(tastes(), "item_knn", seed=0, metadata={"shop": "Hats & Co"})


@pytest.fixture
def saved(bundle: Bundle, tmp_path: Path) -> tuple[Path, str]:
    return tmp_path / "v1", save(bundle, tmp_path / "v1")


def edit_manifest(folder: Path, **changes: object) -> str:
    """Changes the manifest as its author would, and gives its new checksum."""
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, **changes}))
    return artefact._sha256(folder / MANIFEST)


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_a_saved_bundle_answers_the_same(name: str, tmp_path: Path) -> None:
    bundle = fit_bundle(tastes(), name, seed=0)
    loaded = load(tmp_path / "v1", sha256=save(bundle, tmp_path / "v1"))
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
    loaded = load(tmp_path / "v1", sha256=save(fit_bundle(world, "ease", seed=0), tmp_path / "v1"))
    assert loaded.products.ids.tolist() == ["cap", "hüt", "tie"]
    assert loaded.products.positions(["tie", "hüt", "wig"]).tolist() == [2, 1, -1]
    assert loaded.ratings is None


def test_arrays_are_mapped_from_the_file_and_read_only(saved: tuple[Path, str]) -> None:
    arrays = joblib.load(saved[0] / ARRAYS, mmap_mode="r")
    assert all(isinstance(array, np.memmap) for array in arrays.values())
    similarities = load(saved[0], sha256=saved[1]).ranker.model.arrays()["data"]
    with pytest.raises(ValueError, match="read-only"):
        similarities[0] = 9


def test_the_checksum_covers_the_manifest_and_the_manifest_the_arrays(saved: tuple[Path, str]) -> None:
    folder, checksum = saved
    assert checksum == artefact._sha256(folder / MANIFEST)
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
        save(fit_bundle(secret, name, seed=0, minimum_ratings=1), folder)
        arrays = joblib.load(folder / ARRAYS)
        for array in arrays.values():
            assert not np.isin(array, secret.shoppers.ids).any()
        assert "7654" not in (folder / MANIFEST).read_text()
        assert sorted(path.name for path in folder.iterdir()) == [ARRAYS, MANIFEST]


def test_two_savings_of_one_bundle_are_the_same_files(bundle: Bundle, tmp_path: Path) -> None:
    assert save(bundle, tmp_path / "one") == save(bundle, tmp_path / "two")


def test_an_artefact_is_never_overwritten(bundle: Bundle, saved: tuple[Path, str]) -> None:
    with pytest.raises(ArtefactError, match="exists already"):
        save(bundle, saved[0])


def test_a_failed_save_leaves_nothing_behind(bundle: Bundle, tmp_path: Path) -> None:
    broken = Bundle(bundle.products, bundle.ranker, bundle.popularity, None, {"rate": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        save(broken, tmp_path / "v1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS])
def test_a_missing_file_is_said_so(name: str, saved: tuple[Path, str]) -> None:
    (saved[0] / name).unlink()
    with pytest.raises(ArtefactError, match=f"{name} is missing"):
        load(saved[0], sha256=saved[1])


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS])
def test_an_altered_file_is_refused_before_any_array_is_read(
    name: str, saved: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_args, **_kwargs):
        raise AssertionError("an unverified file was read")

    monkeypatch.setattr(joblib, "load", never)
    content = bytearray((saved[0] / name).read_bytes())
    content[len(content) // 2] ^= 1
    (saved[0] / name).write_bytes(content)
    with pytest.raises(ArtefactError, match=f"{name} is not the one that was published"):
        load(saved[0], sha256=saved[1])


def test_a_file_that_cannot_be_read_is_said_so(
    saved: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(joblib, "load", locked)
    with pytest.raises(ArtefactError, match=r"cannot be read: .*Permission denied"):
        load(saved[0], sha256=saved[1])


def test_web_and_worker_may_be_different_users(saved: tuple[Path, str]) -> None:
    plain = saved[0].parent / "plain"
    plain.mkdir()
    assert saved[0].stat().st_mode == plain.stat().st_mode


def test_another_format_is_refused(saved: tuple[Path, str]) -> None:
    with pytest.raises(ArtefactError, match="has format 99; this code reads 1"):
        load(saved[0], sha256=edit_manifest(saved[0], format=99))


def test_another_major_version_of_a_library_is_refused_and_a_minor_one_is_not(
    saved: tuple[Path, str],
) -> None:
    folder, _ = saved
    libraries = json.loads((folder / MANIFEST).read_text())["libraries"]
    minor = libraries["numpy"].split(".")[0] + ".0.0"
    load(folder, sha256=edit_manifest(folder, libraries={**libraries, "numpy": minor}))
    with pytest.raises(ArtefactError, match=r"saved with numpy 1\.26\.4.*Train and publish a new version"):
        load(folder, sha256=edit_manifest(folder, libraries={**libraries, "numpy": "1.26.4"}))


@pytest.mark.parametrize(
    "described", [{"algorithm": "oracle", "config": {}}, {"algorithm": "item_knn", "config": {"magic": 1}}]
)
def test_an_algorithm_this_code_does_not_know_is_refused(
    described: dict[str, object], saved: tuple[Path, str]
) -> None:
    parts = json.loads((saved[0] / MANIFEST).read_text())["parts"]
    checksum = edit_manifest(saved[0], parts={**parts, "ranker": described})
    with pytest.raises(ArtefactError, match="made by other code"):
        load(saved[0], sha256=checksum)


def test_new_products_are_reached_by_a_loaded_bundle_as_by_the_fitted_one(tmp_path: Path) -> None:
    bundle = fit_bundle(checkerboard(4), "item_knn", seed=0)
    loaded = load(tmp_path / "v1", sha256=save(bundle, tmp_path / "v1"))
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
    assert load(tmp_path / "v1", sha256=save(bundle, tmp_path / "v1")).content is None
