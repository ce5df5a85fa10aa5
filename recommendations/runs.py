"""The life of a training run: queued -> running -> published, rejected or failed.

Every step is one conditional UPDATE whose row count says who won; no two processes can take the same step.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from recommendations.models import ModelVersion, TrainingRun

logger = logging.getLogger(__name__)
Status = TrainingRun.Status
Clock = Callable[[], datetime]
BEAT_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 2.5 * BEAT_SECONDS


class RunLostError(Exception):
    """The run was ended from outside (reaped as abandoned); whoever works on it must stop."""


def open_run(
    *, trigger: TrainingRun.Trigger, now: datetime, algorithm: str = "", requested_by: Any = None
) -> TrainingRun | None:
    """A new queued run; None when one is active, which a partial unique index decides."""
    try:
        with transaction.atomic():
            return TrainingRun.objects.create(
                trigger=trigger, algorithm=algorithm, requested_by=requested_by, created_at=now
            )
    except IntegrityError:
        return None


def claim(run_id: int, *, now: datetime) -> bool:
    """Queued -> running; False when someone else has it or it is over."""
    claimed = TrainingRun.objects.filter(pk=run_id, status=Status.QUEUED).update(
        status=Status.RUNNING, stage="starting", started_at=now, heartbeat_at=now
    )
    return bool(claimed)


def advance(run_id: int, *, stage: str, percent: int, now: datetime) -> None:
    """Say how far the run is. Raises RunLostError when it is no longer running."""
    _update_running(run_id, stage=stage, percent=percent, heartbeat_at=now)


def note_watermark(run_id: int, change_watermark: int) -> None:
    """Remember which rating changes the run has looked at. Raises RunLostError."""
    _update_running(run_id, change_watermark=change_watermark)


def note_search(run_id: int, told: dict[str, Any]) -> None:
    """Remember what a search looked at and found. Raises RunLostError."""
    _update_running(run_id, search=told)


def finish(
    run_id: int, *, status: Status, outcome: str, now: datetime, version: ModelVersion | None = None,
    alarm: bool = False,
) -> None:  # fmt: skip
    """End the run. Raises RunLostError when it was ended already."""
    stage = "done" if status == Status.PUBLISHED else status.label
    _update_running(
        run_id, status=status, stage=stage, percent=100, outcome=outcome, finished_at=now, version=version,
        alarm=alarm,
    )  # fmt: skip


def fail(run_id: int, *, outcome: str, now: datetime, stage: str = "failed") -> None:
    """End an active run as failed; nothing when it is over already. The percent shows how far it had come."""
    TrainingRun.objects.filter(pk=run_id, status__in=TrainingRun.ACTIVE).update(
        status=Status.FAILED, stage=stage, outcome=outcome, finished_at=now
    )


def reap(*, now: datetime, abandoned_after: timedelta, pause: Callable[[float], None] = time.sleep) -> int:
    """Mark running runs whose heart has stopped as failed; how many there were.

    A heartbeat of long ago, or of the future, may also be a clock that was changed or another machine's. So
    such a run is looked at again after a pause in which a living one beats: no clock is asked for that.
    """
    seen = Coalesce("heartbeat_at", "started_at", "created_at")
    silent = TrainingRun.objects.annotate(seen=seen).filter(
        Q(seen__lt=now - abandoned_after) | Q(seen__gt=now + abandoned_after), status=Status.RUNNING
    )
    last_beats = dict(silent.values_list("pk", "heartbeat_at"))
    if not last_beats:
        return 0
    pause(LOOK_AGAIN_SECONDS)
    reaped = 0
    for run_id, last_beat in last_beats.items():
        unmoved = Q(heartbeat_at__isnull=True) if last_beat is None else Q(heartbeat_at=last_beat)
        reaped += TrainingRun.objects.filter(unmoved, pk=run_id, status=Status.RUNNING).update(
            status=Status.FAILED, stage="abandoned", finished_at=now,
            outcome="Abandoned: the process that was training is gone. It is tried again by itself.",
        )  # fmt: skip
    if reaped:
        logger.warning("marked %d abandoned training run(s) as failed", reaped)
    return reaped


@contextmanager
def beating(run_id: int, *, clock: Clock, every: float = BEAT_SECONDS) -> Iterator[None]:
    """Keep the run's heartbeat fresh from a thread of its own, however long one step of the fit takes."""
    done = threading.Event()

    def beat() -> None:
        try:
            while not done.wait(every):
                _beat(run_id, now=clock())
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _beat(run_id: int, *, now: datetime) -> None:
    """One beat; a database that is busy or away for a moment costs that beat only, not all later ones."""
    try:
        TrainingRun.objects.filter(pk=run_id, status=Status.RUNNING).update(heartbeat_at=now)
    except DatabaseError as error:
        logger.warning("training run %d missed a heartbeat: %s", run_id, error)
        connection.close()


def _update_running(run_id: int, **columns: Any) -> None:
    if not TrainingRun.objects.filter(pk=run_id, status=Status.RUNNING).update(**columns):
        raise RunLostError(f"Training run {run_id} was ended by someone else.")
