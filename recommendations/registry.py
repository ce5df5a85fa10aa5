"""The model versions on disk and in the database: publish, make live, roll back, load.

Files come first and the row last: whenever the process dies, the database names only whole artefacts, and
the live model stays what it was. What a dead process left behind is swept up at the next publication.
No clock decides here: versions are ordered by their numbers, and folders in the making are known by a lock.
"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from django.db import DatabaseError, IntegrityError, transaction

from recommendations import folder_lock, signing
from recommendations.conf import conf
from recommendations.engine import artefact
from recommendations.engine.artefact import ArtefactError, Bundle, Seal, UnreadableError, UnsignedError
from recommendations.models import ModelVersion

__all__ = [
    "ArtefactError", "Bundle", "Facts", "UnreadableError", "live_version", "load", "make_live", "publish",
    "roll_back", "sign",
]  # fmt: skip

logger = logging.getLogger(__name__)
TURNS = 5
# What `publish` calls its folders, and what a save that was cut short leaves. Nothing else is ever swept up:
# the root may be a folder that somebody else keeps things in, too.
OWN_FOLDER = re.compile(r"\.?\d{8}-\d{6}-[a-z_]+-[0-9a-f]{6}(\.[0-9a-f]+)?")
T = TypeVar("T")


@dataclass(frozen=True)
class Facts:
    """What the database says about a version besides its files."""

    seed: int
    data_watermark: datetime
    change_watermark: int
    metrics: dict[str, Any]
    shopper_count: int
    product_count: int
    interaction_count: int


def live_version() -> ModelVersion | None:
    """The live model version, if there is one."""
    return ModelVersion.objects.filter(is_live=True).first()


def age(created_at: datetime, *, now: datetime) -> int:
    """Whole seconds since a model was made."""
    return max(0, int((now - created_at).total_seconds()))


def publish(
    bundle: Bundle, facts: Facts, *, now: datetime, finish: Callable[[ModelVersion], None] | None = None
) -> ModelVersion:
    """Save a bundle and make it live, both or neither.

    finish: what has to be true together with the new row, in its transaction; what it raises undoes all.
    """
    root = conf().artefact_root
    name = f"{now:%Y%m%d-%H%M%S}-{bundle.algorithm}-{secrets.token_hex(3)}"

    def make_row() -> ModelVersion:
        ModelVersion.objects.filter(is_live=True).update(is_live=False)
        version = ModelVersion.objects.create(
            algorithm=bundle.algorithm,
            config=asdict(bundle.ranker.config),
            is_live=True,
            created_at=now,
            published_at=now,
            folder=name,
            size_bytes=_size(root / name),
            sha256=seal.sha256,
            signature=seal.signature,
            **vars(facts),
        )
        if finish is not None:
            finish(version)
        return version

    with folder_lock.publishing(root):
        seal = artefact.save(bundle, root / name, key=signing.keys()[0])
        try:
            version = _take_turns(make_row)
        except BaseException:
            _remove_unnamed(root / name)
            raise
    try:
        _sweep(root)
    except (OSError, DatabaseError):
        # The model is live; what is left lying about is swept the next time.
        logger.exception("the registry could not be swept")
    return version


def load(version: ModelVersion) -> Bundle:
    """The version's bundle. Raises ArtefactError when its files are altered or unsigned.

    UnreadableError when they are missing or cannot be read now, with too little memory as well.
    """
    seal = Seal(version.sha256, version.signature)
    try:
        return artefact.load(_folder(version), seal=seal, keys=signing.keys())
    except UnsignedError as error:
        raise ArtefactError(f"{error} {signing.ADVICE}") from error
    except MemoryError as error:
        raise UnreadableError(f"{version}: there is too little memory to load it.") from error


def make_live(version: ModelVersion, *, now: datetime) -> None:
    """Make an earlier or newer version the live one. Raises ArtefactError when its files are not whole."""
    load(version)

    def turn() -> None:
        ModelVersion.objects.filter(is_live=True).update(is_live=False)
        if not ModelVersion.objects.filter(pk=version.pk).update(is_live=True, published_at=now):
            raise ArtefactError(f"{version} is not kept any more. Choose a newer version.")

    _take_turns(turn)
    version.is_live, version.published_at = True, now


def sign(version: ModelVersion, *, trust_checksum: bool) -> bool:
    """Sign the version with the present key; False when it was signed by that already.

    trust_checksum: also what no known key has signed, if its files are those of the checksum in the database.
    Raises ArtefactError when that is not so.
    """
    folder, seal, (present, *_) = _folder(version), Seal(version.sha256, version.signature), signing.keys()
    if artefact.is_signed(folder, seal=seal, keys=[present]):
        return False
    if not trust_checksum and not artefact.is_signed(folder, seal=seal, keys=signing.keys()):
        raise ArtefactError(f"{version}: no key known here has signed {folder}.")
    seal = artefact.sign(folder, sha256=version.sha256, key=present)
    type(version)._default_manager.filter(pk=version.pk).update(signature=seal.signature)
    return True


def roll_back(*, now: datetime) -> ModelVersion | None:
    """Make the newest version older than the live one live again; None when there is none that is whole."""
    live = live_version()
    if live is None:
        return None
    for version in ModelVersion.objects.filter(pk__lt=live.pk).order_by("-pk"):
        try:
            make_live(version, now=now)
        except ArtefactError as error:
            logger.warning("cannot roll back to %s: %s", version, error)
        else:
            return version
    return None


def _take_turns(change: Callable[[], T]) -> T:
    """Do it in a transaction of its own; again, when another process made a version live in that moment."""
    for _ in range(TURNS):
        with contextlib.suppress(IntegrityError), transaction.atomic():
            return change()
    with transaction.atomic():
        return change()


def _folder(version: ModelVersion) -> Path:
    """The version's folder, which must lie directly inside the registry's root whatever the row says."""
    try:
        # Strict: of a root that is not there nobody knows where its links lead, and what lies outside of it.
        root = conf().artefact_root.resolve(strict=True)
    except OSError as error:
        raise UnreadableError(f"The registry's root cannot be read: {error}. Mount or restore it.") from error
    folder = (root / version.folder).resolve()
    if folder.parent != root:
        raise ArtefactError(f"{version}: its folder lies outside the registry. Train a new version.")
    return folder


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _remove_unnamed(folder: Path) -> None:
    """Remove the folder, unless its row is there after all: a commit may fail in the answer alone."""
    try:
        named = ModelVersion.objects.filter(folder=folder.name).exists()
    except DatabaseError:
        # Nobody knows. It stays; should there be no row, the next sweep takes it.
        return
    if not named:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(root: Path) -> None:
    """Forget versions beyond the newest `keep_versions`, and folders that no version names."""
    with transaction.atomic():
        surplus = ModelVersion.objects.filter(is_live=False).order_by("-pk")[conf().keep_versions - 1 :]
        # Locked, and looked at again: one of them may just have been made live.
        doomed = ModelVersion.objects.select_for_update().filter(
            is_live=False, pk__in=[version.pk for version in surplus]
        )
        ModelVersion.objects.filter(pk__in=[version.pk for version in doomed]).delete()
    with folder_lock.sweeping(root) as alone:
        if not alone:
            return
        # Nobody is between a folder and its row now, so that a folder without one is nobody's.
        named = set(ModelVersion.objects.values_list("folder", flat=True))
        for folder in root.iterdir():
            if folder.name not in named and OWN_FOLDER.fullmatch(folder.name):
                shutil.rmtree(folder, ignore_errors=True)
