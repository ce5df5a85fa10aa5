"""A fitted bundle <-> a folder of arrays and a manifest. Nothing in it says who a shopper is or did what."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from io import BufferedReader
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from recommendations.engine import array_file
from recommendations.engine.algorithms.catalogue import algorithm_named, config_from, rating_algorithm_named
from recommendations.engine.protocols import RatingPredictor, Recommender
from recommendations.engine.sealing import (
    RETRAIN,
    ArtefactError,
    Seal,
    UnreadableError,
    UnsignedError,
    check_signature,
    opened,
    same,
    sealed,
    signed_by_any,
)
from recommendations.engine.types import Arrays, Vocabulary

__all__ = [
    "ARRAYS", "MANIFEST", "ArtefactError", "Bundle", "Part", "Seal", "UnreadableError", "UnsignedError",
    "is_signed", "load", "save", "sign",
]  # fmt: skip

FORMAT = 1
MANIFEST, ARRAYS = "manifest.json", "arrays.joblib"
LIBRARIES = ("joblib", "numpy", "scikit-surprise", "scipy")

Model = TypeVar("Model", bound=Recommender | RatingPredictor)


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


def save(bundle: Bundle, folder: Path, *, key: bytes) -> Seal:
    """Writes the bundle to a new folder; the seal to load it by.

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
        manifest = _write(bundle, draft)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _sync(folder.parent)
    return sealed(manifest, key)


def _write(bundle: Bundle, draft: Path) -> bytes:
    """Writes both files; the manifest as it was meant, whatever the disk makes of it."""
    arrays = _arrays(bundle)
    array_file.write(arrays, draft / ARRAYS)
    manifest = {
        "format": FORMAT,
        "algorithm": bundle.algorithm,
        "parts": {
            name: {"algorithm": part.algorithm, "config": dataclasses.asdict(part.config)}
            for name, part in bundle.parts().items()
        },
        "libraries": {name: version(name) for name in LIBRARIES},
        "arrays": _described(arrays),
        "arrays_sha256": _sha256(draft / ARRAYS),
        "metadata": bundle.metadata,
    }
    text = json.dumps(manifest, sort_keys=True, indent=2, allow_nan=False).encode() + b"\n"
    (draft / MANIFEST).write_bytes(text)
    for path in (draft / ARRAYS, draft / MANIFEST, draft):
        _sync(path)
    return text


def _arrays(bundle: Bundle) -> Arrays:
    """Every array by part and name: contiguous, and without objects, which only pickling could store."""
    ids = bundle.products.ids
    arrays: Arrays = {"products": ids.astype(np.str_) if ids.dtype == object else ids}
    for name, part in bundle.parts().items():
        arrays |= {f"{name}.{key}": np.ascontiguousarray(array) for key, array in part.model.arrays().items()}
    return arrays


def load(folder: Path, *, seal: Seal, keys: Sequence[bytes]) -> Bundle:
    """The bundle saved at `folder`, its arrays memory-mapped read-only.

    seal: what `save` returned. keys: those whose signatures are believed. Manifest and arrays are opened
    once: what was verified is what is mapped, whatever the names in the folder mean by then. Raises
    ArtefactError for an altered, unsigned or incompatible artefact, before any of the arrays is read;
    UnreadableError for one that is missing or cannot be read now; MemoryError.
    """
    with opened(folder, MANIFEST, ARRAYS) as (manifest_file, arrays_file):
        text = _verified(folder, manifest_file, seal.sha256)
        check_signature(folder, text, seal, keys)
        manifest = _understood(folder, text)
        _verify_arrays(folder, arrays_file, manifest)
        arrays = _mapped(folder, arrays_file, manifest)
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


def sign(folder: Path, *, sha256: str, key: bytes) -> Seal:
    """The seal, by this key, of a folder whose files are those of the checksum. Nothing in them is unpickled.

    Raises ArtefactError when they are not, or when this code could not load them anyway.
    """
    with opened(folder, MANIFEST, ARRAYS) as (manifest_file, arrays_file):
        text = _verified(folder, manifest_file, sha256)
        _verify_arrays(folder, arrays_file, _understood(folder, text))
    return sealed(text, key)


def is_signed(folder: Path, *, seal: Seal, keys: Sequence[bytes]) -> bool:
    """Whether one of the keys has signed the folder's manifest. Raises ArtefactError when it was altered."""
    with opened(folder, MANIFEST, ARRAYS) as (manifest_file, _):
        text = _verified(folder, manifest_file, seal.sha256)
    return signed_by_any(text, seal, keys)


def _verified(folder: Path, file: BufferedReader, sha256: str) -> bytes:
    text = file.read()
    if not same(hashlib.sha256(text).hexdigest(), sha256):
        raise ArtefactError(
            f"{folder / MANIFEST} is not the one that was published: it was altered. {RETRAIN}"
        )
    return text


def _understood(folder: Path, text: bytes) -> dict[str, Any]:
    """What the manifest says, where this code and these libraries can serve it."""
    manifest: dict[str, Any] = json.loads(text)
    if manifest["format"] != FORMAT:
        raise ArtefactError(f"{folder} has format {manifest['format']}; this code reads {FORMAT}. {RETRAIN}")
    for name, saved in manifest["libraries"].items():
        if saved.split(".")[0] != version(name).split(".")[0]:
            raise ArtefactError(
                f"{folder} was saved with {name} {saved}; {version(name)} is installed. {RETRAIN}"
            )
    return manifest


def _verify_arrays(folder: Path, file: BufferedReader, manifest: dict[str, Any]) -> None:
    if hashlib.file_digest(file, "sha256").hexdigest() != manifest["arrays_sha256"]:
        raise ArtefactError(f"{folder / ARRAYS} is not the one that was published: it was altered. {RETRAIN}")


def _mapped(folder: Path, file: BufferedReader, manifest: dict[str, Any]) -> Arrays:
    try:
        arrays = array_file.mapped(file)
    except array_file.UnsafeFileError as error:
        raise ArtefactError(f"{folder / ARRAYS} is refused: {error}. {RETRAIN}") from error
    if _described(arrays) != manifest["arrays"]:
        raise ArtefactError(f"{folder / ARRAYS} does not hold what its manifest says. {RETRAIN}")
    return arrays


def _described(arrays: Arrays) -> dict[str, list[Any]]:
    """name -> type and shape."""
    return {name: [str(array.dtype), *array.shape] for name, array in arrays.items()}


def _restored(name: str, described: dict[str, Any], products: Vocabulary, arrays: Arrays) -> Part[Any]:
    find = rating_algorithm_named if name == "ratings" else algorithm_named
    own = {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}
    try:
        algorithm = find(described["algorithm"])
        config = config_from(algorithm.config_class, described["config"])
        return Part(algorithm.name, config, algorithm.restore(config, products, own))
    except ValueError as error:
        raise ArtefactError(f"The artefact was made by other code: {error} {RETRAIN}") from error


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
