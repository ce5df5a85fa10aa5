"""Whether what works behind the pages is there: the beat, and workers that take what is queued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min

from feedback.models import BeatRound, OutboxEntry
from recommendations import clocks
from recommendations.models import TrainingRun

NOBODY_CAME = "The beat has not come round yet; is it running, and a worker?"
NO_BEAT = "Neither beat nor worker has been heard of for {}; nothing is retrained. Are they running?"
NO_TRAINER = "A training has been waiting for {}; is a worker of the queue 'training' running?"
STUCK = "Something that has to follow a change has failed for {}, such as forgetting lists; the log says why."


@dataclass(frozen=True)
class Background:
    """trouble: what is wrong and what to look at, in a sentence; empty when all is well.

    is_new: nobody has come round in this shop's life, as in its first minute. seen_at: when beat and worker
    were last heard of.
    """

    trouble: str
    is_new: bool = False
    seen_at: datetime | None = None


def look(*, gone_after: timedelta, now: datetime) -> Background:
    """Three small queries. A sign of life is a round of the beat or, while the only worker is busy with a
    training, the training's heartbeat."""
    active = TrainingRun.objects.filter(status__in=TrainingRun.ACTIVE).first()
    seen_at = BeatRound.objects.aggregate(last=Max("came_at"))["last"]
    heard_at = None if active is None else active.heartbeat_at
    if active is not None and heard_at is not None and not _others_come_round(seen_at, active, now):
        # Not simply the later one, which may be of a clock that has been put back since.
        seen_at = min((seen_at or heard_at, heard_at), key=lambda sign: clocks.ago(sign, now=now))
    if active is not None and active.status == TrainingRun.Status.QUEUED:
        waited = now - active.created_at
        if waited > gone_after:
            return Background(NO_TRAINER.format(_words(waited)), seen_at=seen_at)
    if seen_at is None:
        return Background(NOBODY_CAME, is_new=True)
    silent = clocks.ago(seen_at, now=now)
    if silent > gone_after:
        return Background(NO_BEAT.format(_words(silent)), seen_at=seen_at)
    oldest = OutboxEntry.objects.aggregate(oldest=Min("created_at"))["oldest"]
    if oldest is not None and now - oldest > gone_after:
        return Background(STUCK.format(_words(now - oldest)), seen_at=seen_at)
    return Background("", seen_at=seen_at)


def _others_come_round(last: datetime | None, active: TrainingRun, now: datetime) -> bool:
    """Whether another worker than the one that trains does the rounds: one was done during the training."""
    if last is None or active.started_at is None:
        return False
    return active.started_at < last <= now + clocks.AHEAD


def _words(span: timedelta) -> str:
    if span == timedelta.max:
        return "an unknown time, since a clock was put back"
    seconds = span.total_seconds()
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
