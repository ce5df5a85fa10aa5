"""The live model in this process, swapped for a newer version as soon as the database names one."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from math import inf

from django.db import connections

from recommendations import registry
from recommendations.engine.finding import top_of
from recommendations.engine.types import Floats, History
from recommendations.models import ModelVersion
from recommendations.registry import ArtefactError, Bundle, UnreadableError

logger = logging.getLogger(__name__)
# How long what could not be loaded is left alone.
RETRY_SECONDS = 30.0


@dataclass(frozen=True, eq=False)
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
# Not what was published: no later try would end otherwise.
_refused: set[Key] = set()
# Whole as far as anybody knows, yet loading them ended in an error, such as a mount that is not there or too
# little memory. By the moment from which on they are tried again.
_failed: dict[Key, float] = {}
# The first such moment of what would serve instead of what does; None while there is nothing to try.
_retry_at: float | None = None
_loads = 0
# In a process that serves: a newer model is loaded beside the requests, which go on with the one they have.
_beside_requests = False
_loading: threading.Thread | None = None
_wanted: ModelVersion | None = None


def live_model() -> LiveModel | None:
    """The model to serve from: the live version, or the newest whole one when that cannot be loaded.

    One query a call; files are read only when the version has changed, or when one that could not be
    loaded is tried again. None when no version can serve.
    """
    global _retry_at
    version = registry.live_version()
    found = _loaded.get(_key(version)) if version else None
    if version is None or found is not None:
        _retry_at = None
        return found
    # Only the first of all is waited for: a file system that does not answer must not keep requests.
    if not _beside_requests or not (_loaded or _refused or _failed):
        return _load(version)
    if not _loaded or retry_is_due() or _may_be_tried(_key(version)):
        _load_beside(version)
    return next(iter(_loaded.values()), None)


def retry_is_due() -> bool:
    """Whether a version that could not be loaded is to be tried again: `live_model` does so."""
    # Looked at once: another thread may be just taking it up.
    moment = _retry_at
    return moment is not None and time.monotonic() >= moment


def comes(version: ModelVersion) -> bool:
    """Whether a version that this process does not serve yet is on its way: nothing is known against it."""
    key = _key(version)
    return _beside_requests and key not in _refused and key not in _failed


def is_refused(version: ModelVersion) -> bool:
    """Whether the version's files were found damaged or unsigned, so that they are not tried again."""
    return _key(version) in _refused


def loads() -> int:
    """How many models this process has loaded so far: whoever keeps one looks here for a newer one."""
    return _loads


def _load_beside(version: ModelVersion) -> None:
    """Load a version in a thread of its own: the one that is loading takes it up after what it is at."""
    global _wanted, _loading, _retry_at
    with _lock_of_loading:
        _wanted = version
        # No other request need ask for it; how it ends says whether there is another try.
        _retry_at = None
        if _loading is None:
            thread = threading.Thread(target=_load_what_is_wanted, name="load-model", daemon=True)
            try:
                thread.start()
            except (RuntimeError, MemoryError):
                _retry_at = time.monotonic() + RETRY_SECONDS
                logger.exception("no thread to load model version %d in; tried again later", version.pk)
            else:
                _loading = thread


def _load_what_is_wanted() -> None:
    global _retry_at
    while (version := _taken_up()) is not None:
        try:
            _load(version)
        except Exception:
            # Not even the versions could be looked through, such as without a database.
            _note_failure(version)
            _retry_at = time.monotonic() + RETRY_SECONDS
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
    global _retry_at
    with _lock:
        model, passed_over = None, []
        # The others are asked for only when there is need of them.
        for version in chain([live], ModelVersion.objects.filter(is_live=False)):
            key = _key(version)
            model = _loaded.get(key) or (_tried(version) if _may_be_tried(key) else None)
            if model is not None:
                break
            passed_over.append(key)
        _retry_at = min((_failed[key] for key in passed_over if key in _failed), default=None)
        return model


def _may_be_tried(key: Key) -> bool:
    return key not in _refused and time.monotonic() >= _failed.get(key, -inf)


def _tried(version: ModelVersion) -> LiveModel | None:
    """The version, loaded in the place of what was; None, and a note of why, when it cannot be."""
    global _loads
    key = _key(version)
    try:
        bundle = registry.load(version)
        model = LiveModel(version.pk, version.algorithm, version.created_at, bundle, _loads + 1)
        _prepare(model)
    except Exception as error:
        if isinstance(error, ArtefactError) and not isinstance(error, UnreadableError):
            # Remembered, so that a damaged artefact is read and complained about once, not per request.
            _refused.add(key)
            _failed.pop(key, None)
            logger.exception("model version %d is refused; serving from an older one", version.pk)
        else:
            _note_failure(version)
        return None
    earlier = list(_loaded)
    _loaded[key] = model
    for each in earlier:
        del _loaded[each]
    if _failed.pop(key, None) is not None:
        logger.info("model version %d could be loaded after all", version.pk)
    _loads += 1
    return model


def _note_failure(version: ModelVersion) -> None:
    """Leave the version alone for a while. Called where an error is handled: the first one is logged."""
    key = _key(version)
    if key not in _failed:
        logger.exception(
            "model version %d could not be loaded; it is tried again every %d seconds",
            version.pk,
            RETRY_SECONDS,
        )
    _failed[key] = time.monotonic() + RETRY_SECONDS


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
    global _beside_requests, _retry_at
    with _lock:
        _loaded.clear()
        _refused.clear()
        _failed.clear()
        _retry_at = None
        _beside_requests = False
