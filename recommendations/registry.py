"""The model versions on disk and in the database: publish, make live, roll back, load."""

from __future__ import annotations

from datetime import datetime

from recommendations.models import ModelVersion


def live_version() -> ModelVersion | None:
    """The live model version, if there is one."""
    return ModelVersion.objects.filter(is_live=True).first()


def make_live(version: ModelVersion, *, now: datetime) -> None:
    """Make an earlier or newer version the live one. Raises ArtefactError when its files are not whole."""
    raise NotImplementedError


def roll_back(*, now: datetime) -> ModelVersion | None:
    """Make the version that was live before the current one live again; None when there is none."""
    raise NotImplementedError
