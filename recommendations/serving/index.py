"""The live model in this process, swapped for a newer version as soon as the database names one."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime

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
_loaded: dict[str, LiveModel] = {}
_refused: set[str] = set()


def live_model() -> LiveModel | None:
    """The model to serve from: the live version, or the newest whole one when its files are refused.

    One query a call; the files are read only when the version has changed. None when no version can serve.
    """
    version = registry.live_version()
    if version is None:
        return None
    return _loaded.get(version.sha256) or _load(version)


def _load(live: ModelVersion) -> LiveModel | None:
    with _lock:
        if (model := _loaded.get(live.sha256)) is not None:
            return model
        for version in (live, *ModelVersion.objects.filter(is_live=False)):
            if version.sha256 in _loaded:
                return _loaded[version.sha256]
            if version.sha256 in _refused:
                continue
            try:
                bundle = registry.load(version)
            except ArtefactError:
                # Remembered, so that a damaged artefact is read and complained about once, not per request.
                _refused.add(version.sha256)
                logger.exception("model version %d is refused; serving from an older one", version.pk)
                continue
            model = LiveModel(version.pk, version.algorithm, version.created_at, bundle)
            _loaded.clear()
            _loaded[version.sha256] = model
            return model
    return None


def forget() -> None:
    """Drop what is loaded and what was refused, as after a repair."""
    with _lock:
        _loaded.clear()
        _refused.clear()
