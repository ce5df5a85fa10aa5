"""Shoppers come first: a training runs at a lower priority than what answers them."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")


def give_way(niceness: int) -> int:
    """Lower this process to the niceness, 0 (nothing) to 19, for good; the niceness it now has.

    One that is lower already stays so: raising it takes rights that a worker should not have.
    """
    now = os.getpriority(os.PRIO_PROCESS, 0)
    if now < niceness:
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
        now = niceness
    _give_way_as_session(now)
    return now


def _give_way_as_session(niceness: int) -> None:
    """Lower the session, too, if this process leads it.

    Where Linux shares the processor among sessions first (autogroup, sched(7)), a niceness counts only among
    those of one. A session led by another is left alone: web processes may be in it.
    """
    if not hasattr(os, "getsid") or os.getsid(0) != os.getpid():
        return
    # Not there, or not to be written to: another system, a container.
    with contextlib.suppress(OSError):
        known = re.search(r"nice (-?\d+)", AUTOGROUP.read_text())
        if known is not None and int(known[1]) < niceness:
            AUTOGROUP.write_text(str(niceness))
