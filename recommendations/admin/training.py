"""The "train now" box, wherever it is offered, and the panel that follows a run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest

from recommendations.conf import AUTO, conf
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.models import ModelVersion, TrainingRun
from recommendations.triggers import last_judged

# So long a worker that is there takes no run to be picked up.
WORKER_AWAY_AFTER = timedelta(seconds=60)
TRAIN = "recommendations.add_trainingrun"
LISTS = (("trainingrun", "the training runs"), ("modelversion", "the model versions"))


class TrainForm(forms.Form):
    """back: the list the button was on."""

    algorithm = forms.ChoiceField(required=False)
    back = forms.ChoiceField(choices=LISTS, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(AUTO, "auto: search for the best"), *((name, name) for name in ALGORITHMS)]
        field = self.fields["algorithm"]
        field.choices = [("", f"the shop's setting ({conf().algorithm})"), *names]  # type: ignore[attr-defined]
        field.error_messages["invalid_choice"] = "There is no algorithm “%(value)s”. Choose one of the list."


def active_run() -> TrainingRun | None:
    """The run that is queued or running; there is never more than one."""
    return TrainingRun.objects.filter(status__in=TrainingRun.ACTIVE).first()


def train_context(request: HttpRequest, *, back: str, now: datetime) -> dict[str, Any]:
    """What the "Train now" box of a list needs."""
    run = active_run()
    return {
        "may_train": request.user.has_perm(TRAIN),
        "train_form": TrainForm(initial={"back": back}),
        **progress_context(run, now=now),
    }


def progress_context(run: TrainingRun | None, *, now: datetime) -> dict[str, Any]:
    """What the progress panel shows of a run."""
    if run is None:
        return {"run": None}
    waiting = run.status == TrainingRun.Status.QUEUED and now - run.created_at > WORKER_AWAY_AFTER
    return {"run": run, "worker_away": waiting, "duration": duration(run, now=now)}


def duration(run: TrainingRun, *, now: datetime) -> str:
    """How long the run took, or has taken until now; a dash before it starts."""
    if run.started_at is None:
        return "–"
    return in_words((run.finished_at or now) - run.started_at)


def in_words(span: timedelta) -> str:
    """A length of time as one reads it: 8 s, 3 min 20 s, 2 h 5 min."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    return f"{minutes // 60} h {minutes % 60} min"


def last_seen_change(live: ModelVersion | None) -> int:
    """Up to which rating change a training has looked: the same count the automatic retraining goes by."""
    if live is None:
        return 0
    judged = last_judged()
    return live.change_watermark if judged is None else judged.change_watermark
