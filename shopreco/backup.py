"""A whole copy of the shop in one folder, and the way back.

A model's files are there before its row is, and none is swept away meanwhile: every version that the copied
database names is copied, too.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection

from catalog.changes.models import ShopState
from catalog.changes.reading import new_epoch
from recommendations import folder_lock
from recommendations.conf import conf
from recommendations.models import ModelVersion
from recommendations.registry import OWN_FOLDER
from shopreco import backup_database
from shopreco.backup_database import BackupError

__all__ = ["BackupError", "back_up", "restore", "verified"]

MANIFEST, DATABASE, MODELS, MEDIA = "backup.json", "database", "models", "media"
FORMAT = 1
BLOCK = 1 << 20


def back_up(folder: Path, *, now: datetime) -> dict[str, Any]:
    """Copy database, models and uploads into a new folder; what its manifest says.

    The shop may go on selling meanwhile. The folder appears whole or not at all.
    Raises BackupError.
    """
    if folder.exists():
        raise BackupError(f"{folder} is there already; name a folder that is not.")
    _check_place(folder)
    root = conf().artefact_root
    unfinished = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        backup_database.check()
        unfinished.mkdir(parents=True)
        with folder_lock.publishing(root):
            # A row may come or go at any moment, and then its files stay for the while.
            before = _versions()
            backup_database.dump(unfinished / DATABASE)
            after = _versions()
            for name in before | after:
                if _is_own(root / name):
                    shutil.copytree(root / name, unfinished / MODELS / name)
        _copy(Path(settings.MEDIA_ROOT), unfinished / MEDIA)
        files = _files(unfinished)
        live = [name for versions in (before, after) for name, is_live in versions.items() if is_live]
        if lost := _lost(live, files):
            raise BackupError(
                f"The live model's files {lost} are not in {root}: give this command the MODEL_DIR "
                "of the shop, or make another version live."
            )
        manifest = {
            "format": FORMAT, "made_at": now.isoformat(), "database": connection.vendor,
            "live": sorted(set(live)), "files": {name: _checksum(unfinished / name) for name in files},
        }  # fmt: skip
        (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1))
        unfinished.rename(folder)
    except OSError as error:
        raise BackupError(f"The backup cannot be written: {error}") from error
    except DatabaseError as error:
        raise BackupError(f"The database cannot be copied: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return manifest


def restore(folder: Path) -> dict[str, Any]:
    """Put the backup in the place of everything the shop has; what its manifest says.

    Everything else must be stopped. The backup is verified before anything is touched. Raises BackupError.
    """
    manifest = verified(folder)
    root = conf().artefact_root
    try:
        with folder_lock.publishing(root):
            backup_database.load(folder / DATABASE)
            _replace_models(folder / MODELS, root)
        _replace(folder / MEDIA, Path(settings.MEDIA_ROOT))
    except OSError as error:
        raise BackupError(f"Not all was put back; restore again when this is mended: {error}") from error
    if ShopState._meta.db_table in connection.introspection.table_names():
        # Versions count on from where the backup was; what is kept under them is of another past.
        new_epoch(secrets.token_hex(16))
    cache.clear()
    return manifest


def verified(folder: Path) -> dict[str, Any]:
    """The manifest of a backup that is whole and can be put back here. Raises BackupError."""
    _check_place(folder)
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise BackupError(f"{folder} is not a whole backup: {MANIFEST} cannot be read.") from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{folder} was made by another version of ShopReco.")
    if manifest["database"] != connection.vendor:
        raise BackupError(
            f"This backup is of {manifest['database']}, and DATABASE_URL names {connection.vendor}."
        )
    there = _files(folder) - {MANIFEST}
    altered = [
        name
        for name, known in manifest["files"].items()
        if name not in there or _checksum(folder / name) != known
    ]
    if altered:
        raise BackupError(f"{folder} is damaged: {altered[0]} is missing or altered.")
    if lost := _lost(manifest.get("live", []), there):
        raise BackupError(f"{folder} lacks the files of the live model {lost}.")
    backup_database.check_dump(folder / DATABASE)
    return manifest


def _check_place(folder: Path) -> None:
    """A backup inside of what is replaced would be copied into itself, and go before it is put back."""
    place = folder.resolve()
    for target in (conf().artefact_root.resolve(), Path(settings.MEDIA_ROOT).resolve()):
        if place.is_relative_to(target) or target.is_relative_to(place):
            raise BackupError(
                f"{folder} and {target}, which the shop uses, lie in each other; move the backup."
            )


def _versions() -> dict[str, bool]:
    """Whether it is the live one, by the name of each version's folder."""
    return dict(ModelVersion.objects.values_list("folder", "is_live"))


def _lost(live: list[str], files: set[str]) -> str | None:
    """The first live version without files, if there is one."""
    return next(
        (each for each in live if not any(name.startswith(f"{MODELS}/{each}/") for name in files)), None
    )


def _is_own(folder: Path) -> bool:
    """Whether the registry made it; in its root somebody else may keep things, too."""
    return bool(OWN_FOLDER.fullmatch(folder.name)) and folder.is_dir()


def _copy(source: Path, target: Path) -> None:
    if not source.is_dir():
        return
    try:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*"), ignore_dangling_symlinks=True)
    except shutil.Error as error:
        # What was removed while it was to be copied has no place in the copy.
        if any(Path(original).exists() for original, *_ in error.args[0]):
            raise


def _replace_models(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for old in filter(_is_own, list(target.iterdir())):
        _remove(old)
    for new in filter(_is_own, source.iterdir() if source.is_dir() else ()):
        shutil.copytree(new, target / new.name)


def _replace(source: Path, target: Path) -> None:
    """Put the folder in the other's place, file by file inside, since the place itself may be a mount."""
    target.mkdir(parents=True, exist_ok=True)
    for old in list(target.iterdir()):
        _remove(old)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
