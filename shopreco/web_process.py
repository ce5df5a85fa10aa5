"""What a process does before it answers its first request, whichever gateway it speaks."""

from __future__ import annotations

import gc
import logging

from recommendations.engine.compiling import read_all
from recommendations.serving.snapshot import warm_up
from shopreco.databases import wait_as_web


def prepare() -> None:
    """Have compiled functions, the live model and the shop read; the database's patience is a request's."""
    wait_as_web()
    # No line of the log names these, and finding them out takes as long as writing it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    read_all()
    warm_up()
    # What is there now stays. Looked through for garbage, it would keep a request waiting for 0.1 s.
    gc.collect()
    gc.freeze()
