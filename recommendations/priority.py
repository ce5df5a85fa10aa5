"""Shoppers come first: a training runs at a lower priority than what answers them."""

from __future__ import annotations

import os


def give_way(niceness: int) -> int:
    """Lower this process to the niceness, 0 (nothing) to 19, for good; the niceness it now has.

    One that is lower already stays so: raising it takes rights that a worker should not have.
    """
    now = os.getpriority(os.PRIO_PROCESS, 0)
    if now < niceness:
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
        now = niceness
    return now
