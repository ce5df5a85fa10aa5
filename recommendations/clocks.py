"""How long ago something was, by clocks that may be put back and that differ from machine to machine."""

from __future__ import annotations

from datetime import datetime, timedelta

AHEAD = timedelta(hours=1)
"""Machines' clocks differ by less; what is further in the future was written before a clock was put back."""


def ago(then: datetime, *, now: datetime) -> timedelta:
    """How long ago that was: negative within `AHEAD`, and for ever ago when further in the future.

    A moment that will not come for a day must not hold anything back until then. Whoever acts on "for ever"
    has to write down the new `now`, so that it acts once.
    """
    return timedelta.max if then - now > AHEAD else now - then
