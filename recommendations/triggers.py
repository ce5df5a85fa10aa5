"""When a retraining is due, and who may start it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from recommendations.models import TrainingRun


def request_training(
    *, trigger: TrainingRun.Trigger, now: datetime, algorithm: str = "", requested_by: Any = None
) -> TrainingRun | None:
    """Queue a training for the worker; None when one is queued or running already.

    The run is a row first and a message second: with the broker down the row stays and is picked up later.
    """
    raise NotImplementedError
