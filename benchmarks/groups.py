"""A control group for what takes only the time that others leave, as `CPUWeight=idle` of systemd."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

# The processor's controller by itself (version 1), else with all others (version 2).
ROOTS = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
EMPTY_SECONDS = 5.0


@contextlib.contextmanager
def idle_group(roots: tuple[Path, ...] = ROOTS) -> Iterator[Path | None]:
    """The file that a process id is written to, to put it into the group; None where none can be made.

    Whoever is in it must have ended when it is left.
    """
    group = _made(roots)
    try:
        yield None if group is None else group / "cgroup.procs"
    finally:
        if group is not None:
            _remove(group)


def _made(roots: tuple[Path, ...]) -> Path | None:
    for root in roots:
        group = root / f"shopreco-bench-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            with (group / "cpu.idle").open("r+") as told:
                told.write("1")
        except OSError:
            _remove(group)
            continue
        return group
    return None


def _remove(group: Path) -> None:
    """A group goes once the last of its processes is gone, some milliseconds after it was waited for."""
    ends = time.monotonic() + EMPTY_SECONDS
    while time.monotonic() < ends:
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.05)
