"""Run as a program of its own on a fresh database: models are published while processes die. Prints JSON.

`publishing.py SCENE` plays a scene; it starts the processes that die, or that do the same at the same time,
as `publishing.py as ROLE ...`. All is the real thing: own connections, real kills, a really full disk.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import starter  # noqa: E402
from recommendations import dataset, registry, runs, tasks, training, triggers  # noqa: E402
from recommendations.conf import conf  # noqa: E402
from recommendations.engine import array_file  # noqa: E402
from recommendations.engine.fit import fit_bundle  # noqa: E402
from recommendations.models import ModelVersion, TrainingRun  # noqa: E402
from tests.shops import make_shop  # noqa: E402

Status, Trigger = TrainingRun.Status, TrainingRun.Trigger
_roles = ThreadPoolExecutor(8)
STAGES = ("reading feedback", "evaluating", "fitting", "publishing")
PLACES = ("half-written", "before the rename", "before the row", "before the commit", "after the commit")
EACH = 8


def root() -> Path:
    return conf().artefact_root


def state() -> dict[str, Any]:
    """What must always hold, and how many versions and runs there are."""
    live = list(ModelVersion.objects.filter(is_live=True))
    for version in ModelVersion.objects.all():
        registry.load(version)
    named = set(ModelVersion.objects.values_list("folder", flat=True))
    there = {path.name for path in root().iterdir() if path.name != ".lock"}
    return {
        "live": len(live),
        "newest_is_live": bool(live) and live[0] == ModelVersion.objects.first(),
        "lost": sorted(named - there),
        "orphans": len(there - named),
        "versions": len(named),
        "active_runs": TrainingRun.objects.filter(status__in=TrainingRun.ACTIVE).count(),
    }


def train(trigger: TrainingRun.Trigger = Trigger.COMMAND) -> TrainingRun:
    run = runs.open_run(trigger=trigger, now=timezone.now())
    assert run is not None
    done = training.work_on(run.pk, clock=timezone.now)
    assert done is not None
    return done


def start(*words: object) -> Future[CompletedProcess[str]]:
    """A role, played in a process of its own; what that said when it ended."""
    return _roles.submit(starter.python, [__file__, "as", *map(str, words)], dict(os.environ))


def together(*roles: tuple[object, ...]) -> list[str]:
    """Start all roles, have them begin in the same moment; what each printed."""
    folder = Path(os.environ["SHOPRECO_VAR_DIR"]) / f"together-{timezone.now():%H%M%S%f}"
    folder.mkdir()
    played = [start(*role, folder / str(number)) for number, role in enumerate(roles)]
    deadline = time.monotonic() + 300
    while len(list(folder.iterdir())) < len(roles):
        assert time.monotonic() < deadline and not any(each.done() for each in played), [
            each.result().stderr[-2000:] for each in played if each.done()
        ]
        time.sleep(0.02)
    (folder / "go").touch()
    told = [each.result(timeout=600) for each in played]
    assert not any(each.returncode for each in told), told
    return [each.stdout.strip() for each in told]


def ready(mark: str) -> None:
    """Say so, and wait for the others."""
    connection.ensure_connection()
    Path(mark).touch()
    while not Path(mark).with_name("go").exists():
        time.sleep(0.001)


def start_anew() -> None:
    """No run and no model; the folders of those there were are swept by the next publication."""
    TrainingRun.objects.all().delete()
    ModelVersion.objects.all().delete()


# -- roles ------------------------------------------------------------------------------------------------


def kill_me(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def die(place: str) -> None:
    """Train, and be killed at that place."""

    def watch(stage: str, _percent: int) -> None:
        if stage == place:
            kill_me()

    if place == "half-written":
        write = array_file.write

        def half(arrays: Any, path: Path) -> None:
            write(arrays, path)
            os.truncate(path, path.stat().st_size // 2)
            kill_me()

        array_file.write = half
    elif place == "before the rename":
        Path.rename = kill_me  # type: ignore[assignment]
    elif place == "before the row":
        registry._take_turns = kill_me  # type: ignore[assignment]
    elif place == "before the commit":
        finish = runs.finish

        def finished(*arguments: Any, **named: Any) -> None:
            finish(*arguments, **named)
            kill_me()

        runs.finish = finished
    elif place == "after the commit":
        registry._sweep = kill_me
    run = runs.open_run(trigger=Trigger.COMMAND, now=timezone.now())
    assert run is not None
    training.work_on(run.pk, clock=timezone.now, watch=watch)


def publish_many(mark: str) -> None:
    """Publish again and again: more versions than are kept, so that both sweep, too."""
    now = timezone.now()
    data = dataset.load(conf(), now=now)
    rows = data.interactions()
    bundle = fit_bundle(rows, "popularity", seed=0)
    facts = registry.Facts(
        0, now, data.change_watermark, {}, len(data.shoppers), len(data.products), len(rows)
    )
    ready(mark)
    for _ in range(EACH):
        registry.publish(bundle, facts, now=timezone.now())
    sys.stdout.write(str(EACH))


def go_back_and_forth(mark: str) -> None:
    """Somebody in the admin, meanwhile."""
    ready(mark)
    done = 0
    for _ in range(EACH):
        done += registry.roll_back(now=timezone.now()) is not None
    sys.stdout.write(str(done))


def come_round(mark: str) -> None:
    """The beat's round."""
    ready(mark)
    triggers.catch_up(now=timezone.now())


def ask(mark: str) -> None:
    """A rating that reached the threshold."""
    ready(mark)
    run = triggers.request_training(trigger=Trigger.RATINGS, now=timezone.now())
    sys.stdout.write(str(run.pk) if run else "none")


def take(number: str, mark: str) -> None:
    """A worker that got the message."""
    ready(mark)
    tasks.train(int(number))


# -- scenes -----------------------------------------------------------------------------------------------


def killed() -> dict[str, Any]:
    runs.LOOK_AGAIN_SECONDS = 0.1
    start_anew()
    train()
    found = {}
    for place in (*STAGES, *PLACES):
        before = registry.live_version()
        dead = start("die", place).result(timeout=600)
        assert dead.returncode == -signal.SIGKILL, (place, dead.returncode, dead.stderr[-2000:])
        left = TrainingRun.objects.latest("pk")
        after_death = {"status": left.status, "kept": registry.live_version() == before, **state()}
        triggers.catch_up(now=timezone.now() + timedelta(minutes=1))
        left.refresh_from_db()
        again = TrainingRun.objects.latest("pk")
        if again != left:
            training.work_on(again.pk, clock=timezone.now)
            again.refresh_from_db()
        found[place] = {
            "after_death": after_death, "stage": left.stage,
            "again": [again.trigger, again.status] if again != left else None,
            "in_the_end": state(),
        }  # fmt: skip
    return found


def two_publishers() -> dict[str, Any]:
    start_anew()
    train()
    told = together(*[("publish_many",)] * 3, ("go_back_and_forth",))
    during = state()
    train()
    return {"told": told, "during": during, "in_the_end": state()}


def two_triggers() -> dict[str, Any]:
    """Two ratings, two beats and an admin at once; then two workers with the same message."""
    start_anew()
    told = together(("ask",), ("ask",), ("come_round",), ("come_round",))
    opened = TrainingRun.objects.count()
    run = TrainingRun.objects.get()
    together(("take", run.pk), ("take", run.pk))
    run.refresh_from_db()
    return {
        "told": told,
        "opened": opened,
        "status": run.status,
        "runs": TrainingRun.objects.count(),
        **state(),
    }


def two_reapers() -> dict[str, Any]:
    """An abandoned run that two beats find: one ends it, and it is tried again once."""
    runs.LOOK_AGAIN_SECONDS = 0.1
    start_anew()
    run = runs.open_run(trigger=Trigger.RATINGS, now=timezone.now() - timedelta(hours=1))
    assert run is not None and runs.claim(run.pk, now=timezone.now() - timedelta(hours=1))
    together(("come_round",), ("come_round",))
    return {"runs": list(TrainingRun.objects.order_by("pk").values_list("trigger", "status", "stage"))}


@contextmanager
def full_disk():
    """No room for the arrays: the disk is filled where it is a small one, else the file may not grow."""
    if os.environ.get("SMALL_DISK") == "1":
        filler = root() / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b"\0" * 512):
                pass
        yield
        filler.unlink()
        return
    write = array_file.write

    def limited(arrays: Any, path: Path) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, resource.RLIM_INFINITY))
        try:
            write(arrays, path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    array_file.write = limited
    yield
    array_file.write = write


def disk_full() -> dict[str, Any]:
    start_anew()
    train()
    before = state()
    live = registry.live_version()
    with full_disk():
        failed = train()
        there = {path.name for path in root().iterdir()} - {".lock", "filler"}
        during = {
            "status": failed.status, "words": failed.outcome, "live": registry.live_version() == live,
            "whole": live is not None and registry.load(live).algorithm, "folders": len(there),
        }  # fmt: skip
    after = train()
    return {"before": before, "during": during, "after": after.status, "in_the_end": state()}


ROLES: list[Callable[..., None]] = [die, publish_many, go_back_and_forth, come_round, ask, take]
SCENES: list[Callable[[], dict[str, Any]]] = [killed, two_publishers, two_triggers, two_reapers, disk_full]

if __name__ == "__main__":
    if sys.argv[1] == "as":
        {role.__name__: role for role in ROLES}[sys.argv[2]](*sys.argv[3:])
    elif sys.argv[1] == "prepare":
        call_command("migrate", verbosity=0)
        make_shop()
    else:
        json.dump({scene.__name__: scene for scene in SCENES}[sys.argv[1]](), sys.stdout)
