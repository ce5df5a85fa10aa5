"""The model versions on disk and in the database: publish, make live, roll back, load.

Files come first and the row last: whenever the process dies, the database names only whole artefacts, and
the live model stays what it was. What a dead process left behind is swept up at the next publication.
"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from recommendations.conf import conf
from recommendations.engine import artefact
from recommendations.engine.artefact import ArtefactError, Bundle
from recommendations.models import ModelVersion

__all__ = ["ArtefactError", "Bundle", "Facts", "live_version", "load", "make_live", "publish", "roll_back"]

logger = logging.getLogger(__name__)
LEFTOVERS_AFTER = timedelta(hours=1)
# What `publish` calls its folders, and what a save that was cut short leaves. Nothing else is ever swept up:
# the root may be a folder that somebody else keeps things in, too.
OWN_FOLDER = re.compile(r"\.?\d{8}-\d{6}-[a-z_]+-[0-9a-f]{6}(\.[0-9a-f]+)?")


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


def publish(bundle: Bundle, facts: Facts, *, now: datetime) -> ModelVersion:
    """Save a bundle and make it live, both or neither."""
    root = conf().artefact_root
    name = f"{now:%Y%m%d-%H%M%S}-{bundle.algorithm}-{secrets.token_hex(3)}"
    checksum = artefact.save(bundle, root / name)
    try:
        with transaction.atomic():
            ModelVersion.objects.filter(is_live=True).update(is_live=False)
            version = ModelVersion.objects.create(
                algorithm=bundle.algorithm,
                config=asdict(bundle.ranker.config),
                is_live=True,
                created_at=now,
                published_at=now,
                folder=name,
                size_bytes=_size(root / name),
                sha256=checksum,
                **vars(facts),
            )
    except BaseException:
        shutil.rmtree(root / name, ignore_errors=True)
        raise
    _sweep(root, now=now)
    return version


def load(version: ModelVersion) -> Bundle:
    """The version's bundle, verified. Raises ArtefactError when its files are missing or altered."""
    return artefact.load(_folder(version), sha256=version.sha256)


def make_live(version: ModelVersion, *, now: datetime) -> None:
    """Make an earlier or newer version the live one. Raises ArtefactError when its files are not whole."""
    load(version)
    with transaction.atomic():
        ModelVersion.objects.filter(is_live=True).update(is_live=False)
        ModelVersion.objects.filter(pk=version.pk).update(is_live=True, published_at=now)
    version.is_live, version.published_at = True, now


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


def _folder(version: ModelVersion) -> Path:
    """The version's folder, which must lie directly inside the registry's root whatever the row says."""
    root = conf().artefact_root.resolve()
    folder = (root / version.folder).resolve()
    if folder.parent != root:
        raise ArtefactError(f"{version}: its folder lies outside the registry. Train a new version.")
    return folder


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _sweep(root: Path, *, now: datetime) -> None:
    """Forget versions beyond the newest `keep_versions`, and folders that no version names."""
    surplus = ModelVersion.objects.filter(is_live=False).order_by("-pk")[conf().keep_versions - 1 :]
    ModelVersion.objects.filter(pk__in=[version.pk for version in surplus]).delete()
    named = set(ModelVersion.objects.values_list("folder", flat=True))
    for folder in root.iterdir():
        if folder.name in named or not OWN_FOLDER.fullmatch(folder.name):
            continue
        # Another process may rename or remove it at this very moment.
        with contextlib.suppress(FileNotFoundError):
            # A folder of another process that is publishing right now has no row yet either; it is young.
            if now.timestamp() - folder.stat().st_mtime > LEFTOVERS_AFTER.total_seconds():
                shutil.rmtree(folder, ignore_errors=True)
