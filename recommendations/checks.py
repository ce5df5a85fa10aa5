"""What `manage.py check --deploy` says of the models' folder."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from recommendations.conf import conf


@register(Tags.security, deploy=True)
def models_folder_is_the_shops_own(**_: Any) -> list[CheckMessage]:
    """Nobody else writes to it, and no web server hands it out."""
    root = conf().artefact_root.resolve()
    found: list[CheckMessage] = []
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        served = getattr(settings, name, None)
        if served and root.is_relative_to(Path(served).resolve()):
            found.append(
                Error(
                    f"MODEL_DIR lies inside {name}, which is served to everybody.",
                    hint="Set MODEL_DIR to a folder of its own.",
                    id="recommendations.E001",
                )
            )
    if root.is_dir() and root.stat().st_mode & stat.S_IWOTH:
        found.append(
            Warning(
                f"Every user of this machine may write to {root}, from which models are loaded.",
                hint=f"chmod o-w {root}",
                id="recommendations.W001",
            )
        )
    return found
