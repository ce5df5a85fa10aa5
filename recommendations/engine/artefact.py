"""A fitted bundle <-> a folder of arrays and a manifest. Nothing in it says who a shopper is or did what."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, TypeVar

import joblib
import numpy as np
from numpy.typing import NDArray

from recommendations.engine.algorithms.catalogue import algorithm_named, config_from, rating_algorithm_named
from recommendations.engine.protocols import RatingPredictor, Recommender
from recommendations.engine.types import Arrays, Vocabulary

FORMAT = 1
MANIFEST, ARRAYS = "manifest.json", "arrays.joblib"
LIBRARIES = ("joblib", "numpy", "scikit-surprise", "scipy")
RETRAIN = "Train and publish a new version, or go back to one that loads."

Model = TypeVar("Model", bound=Recommender | RatingPredictor)


class ArtefactError(Exception):
    """The folder cannot be served from; the message says why and what to do."""


@dataclass(frozen=True, eq=False)
class Part(Generic[Model]):
    """A fitted model with the name and configuration it was fitted by."""

    algorithm: str
    config: Any
    model: Model


@dataclass(frozen=True, eq=False)
class Bundle:
    """What is published and served together; every part scores the same products.

    ratings: None where the shop has too few explicit ratings to predict any. content: by which a product
    that was created since is reached; None where nothing was said of any product. metadata: JSON values.
    """

    products: Vocabulary
    ranker: Part[Recommender]
    popularity: Part[Recommender]
    ratings: Part[RatingPredictor] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    content: Part[Recommender] | None = None

    @property
    def algorithm(self) -> str:
        """The name of the ranker's algorithm."""
        return self.ranker.algorithm

    def parts(self) -> dict[str, Part[Any]]:
        """The parts there are, by the name they have in the manifest."""
        named = {
            "ranker": self.ranker,
            "popularity": self.popularity,
            "ratings": self.ratings,
            "content": self.content,
        }
        return {name: part for name, part in named.items() if part is not None}


def save(bundle: Bundle, folder: Path) -> str:
    """Writes the bundle to a new folder; the sha256 (hex) of its manifest, which in turn covers the arrays.

    The folder appears whole or not at all: it is written beside its place, synced and renamed.
    Raises ArtefactError if there is something at `folder` already.
    """
    if folder.exists():
        raise ArtefactError(
            f"{folder} exists already: artefacts are never overwritten. Save to another folder."
        )
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    # Not tempfile.mkdtemp, whose folders only their maker can read: web and worker may be different users.
    draft.mkdir(parents=True)
    try:
        checksum = _write(bundle, draft)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _sync(folder.parent)
    return checksum


def _write(bundle: Bundle, draft: Path) -> str:
    arrays = _arrays(bundle)
    # Uncompressed, so that processes that load the same version share its pages through the memory map.
    joblib.dump(arrays, draft / ARRAYS, compress=0)
    manifest = {
        "format": FORMAT,
        "algorithm": bundle.algorithm,
        "parts": {
            name: {"algorithm": part.algorithm, "config": dataclasses.asdict(part.config)}
            for name, part in bundle.parts().items()
        },
        "libraries": {name: version(name) for name in LIBRARIES},
        "arrays": {name: [str(array.dtype), *array.shape] for name, array in arrays.items()},
        "arrays_sha256": _sha256(draft / ARRAYS),
        "metadata": bundle.metadata,
    }
    text = json.dumps(manifest, sort_keys=True, indent=2, allow_nan=False)
    (draft / MANIFEST).write_text(text + "\n", encoding="utf-8")
    for path in (draft / ARRAYS, draft / MANIFEST, draft):
        _sync(path)
    return _sha256(draft / MANIFEST)


def _arrays(bundle: Bundle) -> Arrays:
    """Every array by part and name: contiguous, and without objects, which only pickling could store."""
    ids = bundle.products.ids
    arrays: Arrays = {"products": ids.astype(np.str_) if ids.dtype == object else ids}
    for name, part in bundle.parts().items():
        arrays |= {f"{name}.{key}": np.ascontiguousarray(array) for key, array in part.model.arrays().items()}
    return arrays


def load(folder: Path, *, sha256: str) -> Bundle:
    """The bundle saved at `folder`, its arrays memory-mapped read-only.

    sha256: what `save` returned, kept somewhere else than the folder. Manifest, versions and arrays are
    verified before any of the arrays is read. Raises ArtefactError for a missing, altered or incompatible
    artefact.
    """
    try:
        manifest = _verified_manifest(folder, sha256)
        arrays: dict[str, NDArray[Any]] = joblib.load(folder / ARRAYS, mmap_mode="r")
    except OSError as error:
        raise ArtefactError(f"{folder} cannot be read: {error}. Mend that, or: {RETRAIN}") from error
    products = Vocabulary(np.asarray(arrays["products"]))
    parts = {
        name: _restored(name, described, products, arrays) for name, described in manifest["parts"].items()
    }
    return Bundle(
        products,
        parts["ranker"],
        parts["popularity"],
        parts.get("ratings"),
        manifest["metadata"],
        parts.get("content"),
    )


def _restored(name: str, described: dict[str, Any], products: Vocabulary, arrays: Arrays) -> Part[Any]:
    find = rating_algorithm_named if name == "ratings" else algorithm_named
    own = {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}
    try:
        algorithm = find(described["algorithm"])
        config = config_from(algorithm.config_class, described["config"])
        return Part(algorithm.name, config, algorithm.restore(config, products, own))
    except ValueError as error:
        raise ArtefactError(f"The artefact was made by other code: {error} {RETRAIN}") from error


def _verified_manifest(folder: Path, sha256: str) -> dict[str, Any]:
    for path in (folder / MANIFEST, folder / ARRAYS):
        if not path.is_file():
            raise ArtefactError(f"{path} is missing. Restore it from a backup. Otherwise: {RETRAIN}")
    text = (folder / MANIFEST).read_bytes()
    if hashlib.sha256(text).hexdigest() != sha256:
        raise ArtefactError(
            f"{folder / MANIFEST} is not the one that was published: it was altered. {RETRAIN}"
        )
    manifest: dict[str, Any] = json.loads(text)
    if manifest["format"] != FORMAT:
        raise ArtefactError(f"{folder} has format {manifest['format']}; this code reads {FORMAT}. {RETRAIN}")
    for name, saved in manifest["libraries"].items():
        if saved.split(".")[0] != version(name).split(".")[0]:
            raise ArtefactError(
                f"{folder} was saved with {name} {saved}; {version(name)} is installed. {RETRAIN}"
            )
    if _sha256(folder / ARRAYS) != manifest["arrays_sha256"]:
        raise ArtefactError(f"{folder / ARRAYS} is not the one that was published: it was altered. {RETRAIN}")
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Has the file, or the folder's list of names, on disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
