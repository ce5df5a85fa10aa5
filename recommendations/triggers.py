"""When a retraining is due, and the message that starts one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import Q
from kombu.exceptions import OperationalError

from feedback.selectors import has_feedback, rating_changes_after
from recommendations import patience, runs
from recommendations.clocks import ago
from recommendations.conf import AUTO, Conf, conf
from recommendations.models import ModelVersion, TrainingRun
from recommendations.schedule import search_is_due

logger = logging.getLogger(__name__)
Status, Trigger = TrainingRun.Status, TrainingRun.Trigger
TASK = "recommendations.train"
# A message nobody took by then is dropped: the row is what counts, and it is sent again, well before, in case
# the first never arrived. A run is claimed once however many messages name it.
MESSAGE_SECONDS = 60
RESEND_AFTER = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a training should start now (trigger), or for how long no rating has to ask again.

    missing: how many more rating changes make one due; None when no number does within the pause.
    """

    trigger: TrainingRun.Trigger | None = None
    missing: int | None = None
    pause: timedelta = patience.LOOK_AGAIN


def request_training(
    *, trigger: TrainingRun.Trigger, now: datetime, algorithm: str = "", requested_by: Any = None
) -> TrainingRun | None:
    """Queue a training for the worker; None when one is queued or running already.

    The run is a row first and a message second: with the broker down the row stays and is picked up later.
    """
    run = runs.open_run(trigger=trigger, now=now, algorithm=algorithm, requested_by=requested_by)
    if run is not None:
        transaction.on_commit(lambda: send(run.pk), robust=True)
    return run


def request_after_ratings(*, last_change: int, now: datetime) -> TrainingRun | None:
    """`request_if_due` for who has just rated: no query while it is known that none can be due.

    last_change: the number of the newest rating change that was written.
    """
    settings = conf()
    if patience.holds(settings, last_change=last_change, now=now):
        return None
    found = look(settings, now=now)
    if found.trigger is not None:
        return _request(found.trigger, now=now)
    patience.begin(settings, last_change=last_change, missing=found.missing, pause=found.pause, now=now)
    return None


def request_if_due(*, now: datetime) -> TrainingRun | None:
    """Queue a training if one is due by the settings; whichever process asks."""
    trigger = due(conf(), now=now)
    return None if trigger is None else _request(trigger, now=now)


def _request(trigger: TrainingRun.Trigger, *, now: datetime) -> TrainingRun | None:
    # What is tried again is what had been asked for.
    abandoned = TrainingRun.objects.first() if trigger == Trigger.RETRY else None
    asked = AUTO if trigger == Trigger.SEARCH else ""
    return request_training(
        trigger=trigger, now=now,
        algorithm=abandoned.algorithm if abandoned else asked,
        requested_by=abandoned.requested_by if abandoned else None,
    )  # fmt: skip


def catch_up(*, now: datetime) -> None:
    """What the beat does: end abandoned runs, send forgotten ones again, start a due one."""
    runs.reap(now=now, abandoned_after=conf().abandoned_after)
    # One of the future was queued before a clock was put back; a message too many does no harm.
    forgotten = TrainingRun.objects.filter(
        Q(created_at__lt=now - RESEND_AFTER) | Q(created_at__gt=now + RESEND_AFTER), status=Status.QUEUED
    )
    for run_id in forgotten.values_list("pk", flat=True):
        send(run_id)
    request_if_due(now=now)


def due(settings: Conf, *, now: datetime) -> TrainingRun.Trigger | None:
    """Why a training should start now, or None."""
    return look(settings, now=now).trigger


def look(settings: Conf, *, now: datetime) -> Finding:
    """Whether a training is due, by what the database says."""
    latest = TrainingRun.objects.first()
    if latest is not None:
        if latest.is_active:
            return Finding(pause=patience.LOOK_SOON)
        if latest.stage == "abandoned" and not _abandoned_before(latest):
            return Finding(Trigger.RETRY)
        passed, pause = ago(latest.started_at or latest.created_at, now=now), _pause(settings)
        if passed < pause:
            return Finding(pause=pause - passed)
    return _why(settings, latest, now=now)


def _why(settings: Conf, latest: TrainingRun | None, *, now: datetime) -> Finding:
    live = ModelVersion.objects.filter(is_live=True).first()
    if live is None:
        return Finding(Trigger.FIRST) if has_feedback() else Finding(missing=1)
    judged, needed = last_judged(), settings.retrain_after_ratings
    seen = judged.change_watermark if judged else live.change_watermark
    missing = needed - rating_changes_after(seen, most=needed)
    # Ratings come first, and a search in between, lest a busy shop never gets to search.
    if missing <= 0 and (latest is None or latest.trigger != Trigger.RATINGS):
        return Finding(Trigger.RATINGS)
    if search_is_due(settings, now=now):
        return Finding(Trigger.SEARCH)
    if missing <= 0:
        return Finding(Trigger.RATINGS)
    return Finding(Trigger.AGE if _is_old(live, judged, settings, now=now) else None, missing)


def _is_old(live: ModelVersion, judged: TrainingRun | None, settings: Conf, *, now: datetime) -> bool:
    looked = ago(live.created_at, now=now)
    if judged:
        looked = min(looked, ago(judged.started_at or judged.created_at, now=now))
    if looked < settings.retrain_max_age:
        return False
    is_of_the_future = ago(live.data_watermark, now=now) == timedelta.max
    return has_feedback(since=None if is_of_the_future else live.data_watermark)


def last_judged() -> TrainingRun | None:
    """The last run that came to an end: what it has looked at is not waited for again.

    One that kept the live model has looked at the feedback too, and after a roll-back the live model is old
    by itself.
    """
    return TrainingRun.objects.filter(status__in=[Status.PUBLISHED, Status.REJECTED]).first()


def _abandoned_before(run: TrainingRun) -> bool:
    """Whether the run was itself the retry of an abandoned one: then the ordinary pause holds."""
    return run.trigger == Trigger.RETRY


def _pause(settings: Conf) -> timedelta:
    """The least time between two runs: the setting, doubled for every failure in a row, to an hour."""
    failures = 0
    for status in TrainingRun.objects.values_list("status", flat=True)[:10]:
        if status != Status.FAILED:
            break
        failures += 1
    doubled: timedelta = settings.retrain_min_interval * 2**failures
    return min(doubled, max(LONGEST_PAUSE, settings.retrain_min_interval))


def send(run_id: int) -> None:
    """Tell a worker about the run. A broker that is down is logged: the beat sends it again later."""
    # Connecting is tried once: somebody's rating waits for this, and the beat comes round anyway.
    options = {**(current_app.conf.broker_transport_options or {}), "max_retries": 0}
    try:
        with current_app.connection_for_write(transport_options=options) as connection:
            # By name: the web process need not import what only the worker runs (pandas, for one).
            current_app.send_task(
                TASK, args=(run_id,), expires=MESSAGE_SECONDS, retry=False, connection=connection
            )
    except (OperationalError, OSError) as error:
        logger.warning("training run %d waits for the broker: %s", run_id, error)
