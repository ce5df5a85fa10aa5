"""The live model in this process, swapped for a newer version as soon as the database names one."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connections

from recommendations import registry
from recommendations.models import ModelVersion
from recommendations.registry import ArtefactError, Bundle

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LiveModel:
    """A loaded model version; immutable, so a request that began with it ends with it."""

    version: int
    algorithm: str
    created_at: datetime
    bundle: Bundle


_lock = threading.Lock()
# By number and checksum: two versions learned from the same feedback have the same checksum, yet the files of
# one may be damaged, and an answer must name the one that is live.
Key = tuple[int, str]
_loaded: dict[Key, LiveModel] = {}
_refused: set[Key] = set()


def live_model() -> LiveModel | None:
    """The model to serve from: the live version, or the newest whole one when its files are refused.

    One query a call; the files are read only when the version has changed. None when no version can serve.
    """
    version = registry.live_version()
    if version is None:
        return None
    return _loaded.get(_key(version)) or _load(version)


def _load(live: ModelVersion) -> LiveModel | None:
    with _lock:
        if (model := _loaded.get(_key(live))) is not None:
            return model
        for version in (live, *ModelVersion.objects.filter(is_live=False)):
            key = _key(version)
            if key in _loaded:
                return _loaded[key]
            if key in _refused:
                continue
            try:
                bundle = registry.load(version)
            except ArtefactError:
                # Remembered, so that a damaged artefact is read and complained about once, not per request.
                _refused.add(key)
                logger.exception("model version %d is refused; serving from an older one", version.pk)
                continue
            model = LiveModel(version.pk, version.algorithm, version.created_at, bundle)
            _loaded.clear()
            _loaded[key] = model
            return model
    return None


def warm_up() -> None:
    """Load the live model before a request waits for it; a database that is not there yet can wait, too."""
    try:
        live_model()
    except DatabaseError as error:
        logger.warning("no model is loaded yet: %s", error)
    finally:
        # Whoever starts processes from this one must not hand them its connections.
        connections.close_all()


def _key(version: ModelVersion) -> Key:
    return version.pk, version.sha256


def forget() -> None:
    """Drop what is loaded and what was refused, as after a repair."""
    with _lock:
        _loaded.clear()
        _refused.clear()
