"""The live model in this process, swapped for a newer version as soon as the database names one."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db import connections

from recommendations import registry
from recommendations.engine.finding import top_of
from recommendations.engine.types import Floats, History
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
    # Which of the models that this process has loaded.
    load: int = 0

    @cached_property
    def popularity(self) -> Floats:
        """(products,) what everybody likes."""
        scores: Floats = self.bundle.popularity.model.score([History.empty()])[0]
        return scores

    @cached_property
    def popularity_width(self) -> float:
        """The spread of `popularity`, which a list that leans on it is brought to."""
        return float(self.popularity.std())

    @property
    def has_taste(self) -> bool:
        """Whether lists are personal; a shop whose live model is popularity itself has none, and says so."""
        return self.bundle.ranker.algorithm != self.bundle.popularity.algorithm


_lock = threading.Lock()
_lock_of_loading = threading.Lock()
# By number and checksum: two versions learned from the same feedback have the same checksum, yet the files of
# one may be damaged, and an answer must name the one that is live.
Key = tuple[int, str]
_loaded: dict[Key, LiveModel] = {}
_refused: set[Key] = set()
# Whole as far as anybody knows, yet loading them ended in an error, such as too little memory.
_failed: set[Key] = set()
_loads = 0
# In a process that serves: a newer model is loaded beside the requests, which go on with the one they have.
_beside_requests = False
_loading: threading.Thread | None = None
_wanted: ModelVersion | None = None


def live_model() -> LiveModel | None:
    """The model to serve from: the live version, or the newest whole one when its files are refused.

    One query a call; the files are read only when the version has changed. None when no version can serve.
    """
    version = registry.live_version()
    if version is None:
        return None
    found = _loaded.get(_key(version))
    if found is None and _beside_requests and (present := next(iter(_loaded.values()), None)) is not None:
        if _key(version) not in _refused:
            _load_beside(version)
        return present
    return found or _load(version)


def comes(version: ModelVersion) -> bool:
    """Whether a version that this process does not serve yet is on its way: nothing is known against it."""
    key = _key(version)
    return _beside_requests and key not in _refused and key not in _failed


def loads() -> int:
    """How many models this process has loaded so far: whoever keeps one looks here for a newer one."""
    return _loads


def _load_beside(version: ModelVersion) -> None:
    """Load a version in a thread of its own: the one that is loading takes it up after what it is at."""
    global _wanted, _loading
    with _lock_of_loading:
        _wanted = version
        if _loading is None:
            _loading = threading.Thread(target=_load_what_is_wanted, name="load-model", daemon=True)
            _loading.start()


def _load_what_is_wanted() -> None:
    while (version := _taken_up()) is not None:
        try:
            _load(version)
        except Exception:
            # The next change in the shop asks for it again.
            _failed.add(_key(version))
            logger.exception("model version %d could not be loaded", version.pk)
        finally:
            connections.close_all()


def _taken_up() -> ModelVersion | None:
    """The version that is wanted by now. None for none: then, and under the same lock, the thread is over."""
    global _wanted, _loading
    with _lock_of_loading:
        version, _wanted = _wanted, None
        if version is None:
            _loading = None
        return version


def _load(live: ModelVersion) -> LiveModel | None:
    global _loads
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
            model = LiveModel(version.pk, version.algorithm, version.created_at, bundle, _loads + 1)
            _prepare(model)
            earlier = list(_loaded)
            _loaded[key] = model
            for each in earlier:
                del _loaded[each]
            _failed.discard(key)
            _loads += 1
            return model
    return None


def _prepare(model: LiveModel) -> None:
    """Have everything computed that a first list would wait for."""
    if len(model.bundle.products):
        top_of(model.bundle.ranker.model, History.empty(), 1)
        _ = model.popularity_width


def load_beside_requests() -> None:
    """From now on a newer model is loaded in a thread, and no request waits for it."""
    global _beside_requests
    _beside_requests = True


def _key(version: ModelVersion) -> Key:
    # A version that is signed later is another try.
    return version.pk, version.sha256 + version.signature


def forget() -> None:
    """Drop what is loaded and what was refused, as after a repair."""
    global _beside_requests
    with _lock:
        _loaded.clear()
        _refused.clear()
        _failed.clear()
        _beside_requests = False
