"""Processes that die, race or run out of room while a model is published, on both databases."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows import publishing
from tests.flows.empty_shop import EmptyShop

pytestmark = pytest.mark.slow
WHOLE = {"live": 1, "newest_is_live": True, "lost": [], "orphans": 0, "active_runs": 0}
Play = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def play(empty_shop: EmptyShop) -> Play:
    """Plays a scene in a shop of its own kind of database; what came of it."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "shopreco.settings.dev", "LOG_LEVEL": "ERROR",
        "RECOMMENDATION_ALGORITHM": "item_knn", "RETRAIN_MIN_INTERVAL": "0",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip

    def scene(name: str, *before: str, **more: str) -> dict[str, Any]:
        told = empty_shop.play("publishing.py", name, before=before, environment=environment | more)
        found: dict[str, Any] = json.loads(told)
        return found

    empty_shop.play("publishing.py", "prepare", environment=environment)
    return scene


def holds(found: dict[str, Any], **other: Any) -> bool:
    return {name: found[name] for name in WHOLE} == WHOLE | other


def test_a_trainer_killed_anywhere_leaves_the_live_model_and_in_the_end_nothing_else(play: Play) -> None:
    found = play("killed")
    assert list(found) == [*publishing.STAGES, *publishing.PLACES]
    for place, each in found.items():
        dead = each["after_death"]
        assert each["in_the_end"]["lost"] == dead["lost"] == [], place
        assert holds(each["in_the_end"]), (place, each)
        if place == "after the commit":
            # The model and the run's end are one transaction: what is live is finished.
            assert (dead["status"], dead["kept"], each["again"]) == ("published", False, None)
            continue
        assert (dead["status"], dead["kept"], dead["live"]) == ("running", True, 1), place
        assert dead["orphans"] <= 1
        assert (each["stage"], each["again"]) == ("abandoned", ["retry", "published"]), place
    left = {place for place, each in found.items() if each["after_death"]["orphans"]}
    assert left == set(publishing.PLACES) - {"after the commit"}, "they died where they should"


def test_publishers_and_somebody_rolling_back_at_once_leave_one_live_model_and_no_folder_too_many(
    play: Play,
) -> None:
    found = play("two_publishers")
    assert found["told"][:3] == [str(publishing.EACH)] * 3, "every publication went through"
    assert (found["during"]["live"], found["during"]["lost"]) == (1, [])
    assert holds(found["in_the_end"])
    assert found["in_the_end"]["versions"] == 10


def test_triggers_and_beats_at_once_are_one_training(play: Play) -> None:
    found = play("two_triggers")
    assert (found["opened"], found["runs"], found["status"]) == (1, 1, "published")
    assert (found["live"], found["versions"]) == (1, 1)


def test_two_beats_that_find_an_abandoned_run_try_it_again_once(play: Play) -> None:
    assert play("two_reapers")["runs"] == [["ratings", "failed", "abandoned"], ["retry", "queued", "queued"]]


def small_disk(folder: Path) -> list[str] | None:
    """The command that runs another with a small disk at the folder; None where mounting is forbidden."""
    mount = 'mount -t tmpfs -o size=512k none "$MODEL_DIR" && exec "$@"'
    # Who is not root is so within a name space of their own.
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = ["unshare", *rights, "--mount", "sh", "-c", mount, "sh"]
    if shutil.which("unshare") is None:
        return None
    tried = subprocess.run(
        [*command, "true"], env=os.environ | {"MODEL_DIR": str(folder)}, capture_output=True
    )
    return command if tried.returncode == 0 else None


@pytest.mark.parametrize("disk", ["small", "limited"])
def test_a_full_disk_fails_the_training_in_words_and_touches_nothing(
    disk: str, play: Play, tmp_path: Path
) -> None:
    command = small_disk(tmp_path) if disk == "small" else None
    small = "1" if command else "0"
    found = play("disk_full", *(command or []), MODEL_DIR=str(tmp_path), SMALL_DISK=small)
    during = found["during"]
    assert (during["status"], during["live"], during["whole"]) == ("failed", True, "item_knn")
    assert during["folders"] == found["before"]["versions"], "the draft is gone"
    assert ("No space left on device" if command else "File too large") in during["words"]
    assert found["after"] == "published"
    assert holds(found["in_the_end"])
