"""Who publishes into the registry's root and who sweeps it, kept apart by the operating system.

A lock of the kernel's ends with the process that holds it, however that ends, and asks no clock.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)
NAME = ".lock"


@contextmanager
def publishing(root: Path) -> Iterator[None]:
    """Nothing of the folder is swept meanwhile. Any number may publish at once."""
    root.mkdir(parents=True, exist_ok=True)
    # Reading is enough for a shared lock: the file may be another user's.
    handle = os.open(root / NAME, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


@contextmanager
def sweeping(root: Path) -> Iterator[bool]:
    """Whether the folder is this process's alone for now: not while anybody publishes."""
    try:
        # Over a network an exclusive lock takes a file that may be written to.
        handle = os.open(root / NAME, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        logger.info("not sweeping %s: %s", root, error)
        yield False
        return
    try:
        yield _taken(handle)
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
