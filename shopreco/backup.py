"""A whole copy of the shop in one folder, and the way back.

The database comes first and the files after it: a model's files are there before its row is, so that every
version the copied database names has been copied, too.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from catalog.changes.reading import new_epoch
from recommendations.conf import conf

MANIFEST, DATABASE, MODELS, MEDIA = "backup.json", "database", "models", "media"
FORMAT = 1
BLOCK = 1 << 20


class BackupError(Exception):
    """Why nothing was copied or put back, in words that say what to do."""


def back_up(folder: Path, *, now: datetime) -> dict[str, Any]:
    """Copy database, models and uploads into a new folder; what its manifest says.

    The shop may go on selling meanwhile. The folder appears whole or not at all.
    Raises BackupError.
    """
    if folder.exists():
        raise BackupError(f"{folder} is there already; name a folder that is not.")
    unfinished = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        unfinished.mkdir(parents=True)
        _dump(unfinished / DATABASE)
        _copy(conf().artefact_root, unfinished / MODELS)
        _copy(Path(settings.MEDIA_ROOT), unfinished / MEDIA)
        manifest = {
            "format": FORMAT, "made_at": now.isoformat(), "database": connection.vendor,
            "files": {name: _checksum(unfinished / name) for name in _files(unfinished)},
        }  # fmt: skip
        (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1))
        unfinished.rename(folder)
    except OSError as error:
        raise BackupError(f"The backup cannot be written: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return manifest


def restore(folder: Path) -> dict[str, Any]:
    """Put the backup in the place of everything the shop has; what its manifest says.

    Everything else must be stopped. The backup is verified before anything is touched. Raises BackupError.
    """
    manifest = verified(folder)
    if manifest["database"] != connection.vendor:
        raise BackupError(
            f"This backup is of {manifest['database']}, and DATABASE_URL names {connection.vendor}."
        )
    _load(folder / DATABASE)
    _replace(folder / MODELS, conf().artefact_root)
    _replace(folder / MEDIA, Path(settings.MEDIA_ROOT))
    # Versions count on from where the backup was; what is kept under them is of another past.
    new_epoch(secrets.token_hex(16))
    cache.clear()
    return manifest


def verified(folder: Path) -> dict[str, Any]:
    """The manifest of a backup that is whole. Raises BackupError."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise BackupError(f"{folder} is not a whole backup: {MANIFEST} cannot be read.") from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{folder} was made by another version of ShopReco.")
    there = _files(folder) - {MANIFEST}
    altered = [
        name
        for name, known in manifest["files"].items()
        if name not in there or _checksum(folder / name) != known
    ]
    if altered:
        raise BackupError(f"{folder} is damaged: {altered[0]} is missing or altered.")
    return manifest


def _dump(path: Path) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # A transaction's view of the whole database, while others write.
            cursor.execute("VACUUM INTO %s", [str(path)])
        return
    _postgres("pg_dump", ["--format=custom", f"--file={path}"])


def _load(path: Path) -> None:
    if connection.vendor == "sqlite":
        place = Path(connection.settings_dict["NAME"])
        connection.close()
        new = place.with_name(f".{place.name}.new")
        shutil.copyfile(path, new)
        for leftover in ("-wal", "-shm"):
            place.with_name(place.name + leftover).unlink(missing_ok=True)
        new.replace(place)
        return
    name = connection.settings_dict["NAME"]
    connection.close()
    _postgres(
        "pg_restore",
        ["--clean", "--if-exists", "--no-owner", "--single-transaction", f"--dbname={name}", str(path)],
        names_database=False,
    )


def _postgres(program: str, arguments: list[str], *, names_database: bool = True) -> None:
    """Run PostgreSQL's own program on the shop's database. Raises BackupError."""
    client: Any = connection.client
    described, variables = client.settings_to_cmd_args_env(connection.settings_dict, [])
    where = described[1:] if names_database else described[1:-1]
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours and the settings'
            [program, *where, *arguments], env=os.environ | (variables or {}), capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise BackupError(f"{program} is not here; install PostgreSQL's client programs.") from error
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()}")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        # Half-written artefacts are hidden folders; a version that is pruned at this moment may vanish.
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*"), ignore_dangling_symlinks=True)


def _replace(source: Path, target: Path) -> None:
    """Put the folder in the other's place, file by file inside, since the place itself may be a mount."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
